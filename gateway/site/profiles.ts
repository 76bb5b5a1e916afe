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
  aws: {
    title: "AWS Site-to-Site VPN (virtual private gateway or transit gateway)",
    version: 2,
    ike: ["aes256gcm16-prfsha384-ecp384", "aes256-sha384-ecp384"],
    esp: ["aes256gcm16-ecp384", "aes256-sha384-ecp384"],
    // Its own: 28,800 and 3,600 s, with a margin of 270 s before them in which it begins.
    ikeLifetime: 7 * hour,
    childLifetime: 3000,
    anySelectors: true,
    source: "EC2 API Reference, VpnTunnelOptionsSpecification: AES256-GCM-16, SHA2-384, group 20, ikev2; lifetimes 900–28,800 and 900–3,600 s, RekeyMarginTimeSeconds 270",
  },
  azure: {
    title: "Azure VPN Gateway with a custom IPsec policy: its default policy holds group 2",
    version: 2,
    ike: ["aes256-sha384-ecp384"],
    esp: ["aes256gcm16-ecp384"],
    // Main mode: 28,800 s, not to be changed; quick mode: 27,000 s unless the policy says otherwise.
    ikeLifetime: 7 * hour,
    childLifetime: 7 * hour - 1800,
    anySelectors: true,
    source: "azure-mgmt-network, IpsecPolicy: IkeEncryption AES256, IkeIntegrity SHA384, DhGroup ECP384, IpsecEncryption GCMAES256, PfsGroup ECP384",
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
} as const satisfies Record<string, SiteProfile>;

export type SiteProfileName = keyof typeof siteProfiles;

/** A profile by its name; undefined for one that the library does not know. */
export function siteProfile(name: string): SiteProfile | undefined {
  const all: Record<string, SiteProfile> = siteProfiles;
  return Object.hasOwn(all, name) ? all[name] : undefined;
}
