/** What a kind of peer is offered, and how a connection to it is made. */
export interface SiteProfile {
  title: string;
  /** IKE version that the peer speaks. */
  version: 1 | 2;
  /** In swanctl's notation, strongest first. */
  ike: readonly string[];
  esp: readonly string[];
  /** Seconds until new keys: ours come before the peer's own limit, so that we begin. */
  ikeLifetime: number;
  childLifetime: number;
  /** Does the peer, route-based, agree on all traffic only? @default false: on the networks */
  anySelectors?: boolean;
  /** Must ESP be within UDP? @default false: only behind a NAT */
  encapsulate?: boolean;
  /** Where each value is from. */
  source: string;
  /** Why something weaker than the rest is among it. */
  concession?: string;
}

const hour = 3600;
/** For a device whose text, which the library writes, sets 28,800 and 3,600 s. */
const writtenLifetimes = { ikeLifetime: 7 * hour, childLifetime: 3000 };

/** Every profile by its name. */
export const siteProfiles = {
  modern: {
    title: "two gateways of this library, or any peer that follows RFC 8221 and RFC 8247",
    version: 2,
    ike: ["aes256gcm16-prfsha384-x25519-ecp384-ecp256", "aes256-sha384-ecp384-modp3072"],
    esp: ["aes256gcm16-x25519-ecp384-ecp256-esn-noesn"],
    ikeLifetime: 4 * hour,
    childLifetime: hour,
    source: "RFC 8247 (IKEv2: AES-GCM, PRF_HMAC_SHA2, groups 19, 31), RFC 8221 (ESP: AES-GCM); ESN by RFC 8221, 5",
  },
  cnsa2: {
    title: "CNSA 2.0: ML-KEM-1024 beside P-384, where both ends can (RFC 9370)",
    version: 2,
    ike: ["aes256gcm16-prfsha384-ecp384-ke1_mlkem1024"],
    esp: ["aes256gcm16-ecp384-ke1_mlkem1024-esn-noesn"],
    ikeLifetime: 4 * hour,
    childLifetime: hour,
    source:
      "draft-guthrie-cnsa2-ipsec-profile-02 (potaroo.net/ietf/ids): AES-256-GCM, PRF_HMAC_SHA2_384, ML-KEM-1024 as additional key exchange after P-384; RFC 9370",
    concession: "the ends prove themselves by a pre-shared key or P-384 certificates: no strongSwan signs with ML-DSA yet",
  },
  libreswan: {
    title: "Libreswan 4 and 5",
    version: 2,
    ike: ["aes256gcm16-prfsha512-prfsha256-ecp256-ecp384-modp3072-modp2048"],
    esp: ["aes256gcm16-ecp256-ecp384-modp3072-modp2048"],
    ikeLifetime: 4 * hour,
    childLifetime: hour,
    source: "ipsec.conf(5) of Libreswan, ike= and esp=: the defaults' AES_GCM_256 with SHA2_512 or SHA2_256 and DH 19, 20, 15, 14",
  },
  "libreswan-ikev1": {
    title: "Libreswan 4 and 5 by IKEv1, for what has nothing else",
    version: 1,
    // One of each kind in a proposal, and one group for all of ESP.
    ike: ["aes256-sha384-ecp384", "aes256-sha256-ecp256", "aes256-sha256-modp2048"],
    esp: ["aes256gcm16-modp3072"],
    ikeLifetime: 4 * hour,
    childLifetime: hour,
    source: "RFC 2409 with AES (RFC 3602), SHA-2 (RFC 4868), groups 20, 19, 14 (RFC 5903, 3526); ESP AES-GCM (RFC 4106, 8) with group 15, since Libreswan's ESP by IKEv1 has no curves (algparse -v1 of 4.10: \"not supported by IKEv1\"); ipsec.conf(5) of Libreswan, ike=, esp=, ikev1-policy=",
    concession: "IKEv1 itself, which RFC 9395 calls historic: AES-CBC and HMAC-SHA-2 within it, no AES-GCM, no answer to a flood",
  },
  aws: {
    title: "AWS Site-to-Site VPN (virtual private gateway or transit gateway)",
    version: 2,
    ike: ["aes256gcm16-prfsha384-ecp384", "aes256-sha384-ecp384"],
    esp: ["aes256gcm16-ecp384", "aes256-sha384-ecp384"],
    // Its own: 28,800 and 3,600 s, with a margin before them in which it begins.
    ikeLifetime: 7 * hour,
    childLifetime: 3000,
    anySelectors: true,
    source:
      "docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpnTunnelOptionsSpecification.html: AES256-GCM-16 and AES256, SHA2-384, group 20, ikev2; lifetimes 900–28,800 and 900–3,600 s; docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html: rekey margin",
  },
  azure: {
    title: "Azure VPN Gateway with a custom IPsec policy: its default policy holds group 2",
    version: 2,
    // A policy is one suite.
    ike: ["aes256-sha384-ecp384"],
    esp: ["aes256gcm16-ecp384"],
    // Main mode: 28,800 s, not to be changed; quick mode: 27,000 s unless the policy says otherwise.
    ikeLifetime: 7 * hour,
    childLifetime: 7 * hour - 1800,
    anySelectors: true,
    source:
      "learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-compliance-crypto and ipsec-ike-policy-howto (table in MicrosoftDocs/azure-docs, includes/vpn-gateway-ipsec-ike-algorithm-include.md): IKE AES256, SHA384, ECP384; IPsec GCMAES256, PFS ECP384; quick mode 27,000 s",
  },
  gcp: {
    title: "Google Cloud VPN",
    version: 2,
    // Google's advice: one cipher for each role, so that a renewal does not change it.
    ike: ["aes256gcm16-prfsha384-ecp384"],
    esp: ["aes256gcm16-ecp384"],
    // Its own: 36,000 and 10,800 s.
    ikeLifetime: 8 * hour,
    childLifetime: 9000,
    anySelectors: true,
    source:
      "docs.cloud.google.com/network-connectivity/docs/vpn/concepts/supported-ike-ciphers; gcloud's words and the suite AES-GCM-16-256, PRF-HMAC-SHA2-384, Group-20 as in GoogleCloudPlatform/cloud-foundation-fabric (net-vpn-ha); lifetimes as in GoogleCloudPlatform/community (tutorials on VPN interoperability)",
  },
  cisco: {
    title: "Cisco IOS XE and ASA with a tunnel interface",
    version: 2,
    ike: ["aes256gcm16-prfsha384-ecp384"],
    esp: ["aes256gcm16-ecp384"],
    ...writtenLifetimes,
    // A static tunnel interface proposes all of IPv4.
    anySelectors: true,
    source:
      "cisco.com: FlexVPN and IKEv2 configuration guide (crypto ikev2 proposal: encryption aes-gcm-256, prf sha384, group 20; transform-set esp-gcm 256), 214728 (a tunnel interface has one security association of any to any); asa98/asa-98-vpn-config/vpn-vti.html and asa-915-vpn-config/vpn-ike.html (aes-gcm-256, integrity null, prf sha384, group 20)",
  },
  fortigate: {
    title: "FortiGate, FortiOS 6 and 7, with an interface of its own",
    version: 2,
    ike: ["aes256gcm16-prfsha384-ecp384"],
    esp: ["aes256gcm16-ecp384"],
    ...writtenLifetimes,
    anySelectors: true,
    source:
      "docs.fortinet.com/document/fortigate/6.0.0/cli-reference/791036 and 487941 (vpn ipsec phase1-interface, phase2-interface): proposal aes256gcm-prfsha384 and aes256gcm, dhgrp 20; selectors are 0.0.0.0/0 unless set",
  },
  mikrotik: {
    title: "MikroTik RouterOS 7",
    version: 2,
    ike: ["aes256-sha384-ecp384"],
    esp: ["aes256gcm16-ecp384"],
    ...writtenLifetimes,
    source: "help.mikrotik.com/docs/display/ROS/IPsec: profile enc-algorithm=aes-256, hash-algorithm=sha384, dh-group=ecp384; proposal enc-algorithms=aes-256-gcm, pfs-group=ecp384",
    concession: "IKE itself with AES-CBC and HMAC-SHA-384: a RouterOS profile has no AES-GCM",
  },
  "windows-rras": {
    title: "Windows Server 2016 and later, Routing and Remote Access",
    version: 2,
    ike: ["aes256-sha384-ecp384"],
    esp: ["aes256gcm16-ecp384"],
    ...writtenLifetimes,
    anySelectors: true,
    source: "learn.microsoft.com/powershell/module/remoteaccess/add-vpns2sinterface: EncryptionMethod AES256, IntegrityCheckMethod SHA384, DHGroup ECP384, CipherTransformConstants GCMAES256, PfsGroup ECP384",
    concession: "IKE itself with AES-CBC and HMAC-SHA-384: EncryptionMethod has no AES-GCM",
  },
} as const satisfies Record<string, SiteProfile>;

export type SiteProfileName = keyof typeof siteProfiles;

/** A profile by its name; undefined for one that the library does not know. */
export function siteProfile(name: string): SiteProfile | undefined {
  const all: Record<string, SiteProfile> = siteProfiles;
  return Object.hasOwn(all, name) ? all[name] : undefined;
}
