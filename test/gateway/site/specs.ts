import { resolveBgp } from "../../../components/siteBgpSpec";
import { deviceKinds, type DeviceKind } from "../../../gateway/site/devices";
import { siteProfiles, type SiteProfile } from "../../../gateway/site/profiles";
import type { SiteBgpSpec, SiteConnectionSpec, SiteEndSpec, SiteSecrets } from "../../../gateway/site/spec";

const proposals = { ike: [...siteProfiles.modern.ike], esp: [...siteProfiles.modern.esp] };

export function exampleEnd(changes: Partial<SiteEndSpec> = {}): SiteEndSpec {
  return {
    name: "office",
    kind: "gateway",
    endpoint: "192.0.2.11",
    identity: "left.office-to-cloud",
    networks: ["10.20.0.0/24", "fd20::/64"],
    pools: ["10.77.2.0/24"],
    outsideMtu: 1500,
    proposals,
    ...changes,
  };
}

/** Two gateways with everything between them; what a test says otherwise replaces the whole field. */
export function exampleSite(changes: Partial<SiteConnectionSpec> = {}): SiteConnectionSpec {
  return {
    name: "office-to-cloud",
    left: exampleEnd(),
    right: exampleEnd({ name: "cloud", endpoint: "198.51.100.20", identity: "right.office-to-cloud", networks: ["10.30.0.0/24", "fd30::/64"], pools: [] }),
    authentication: "psk",
    mode: "route",
    version: 2,
    encapsulate: false,
    anySelectors: false,
    ikeLifetime: 14_400,
    childLifetime: 3600,
    ...changes,
  };
}

/** The same where the left end is a pair: on AWS each of its machines speaks from an address of its own. */
export const examplePairEnd = exampleEnd({ networks: ["10.20.0.0/24"], machines: "pair", localAddresses: ["10.76.0.11", "10.76.0.139"] });

export const exampleSiteSecrets: SiteSecrets = { preSharedKey: "canaryOfTheSiteKey84318431" };
export const exampleSiteCertificates: SiteSecrets = {
  certificate: "-----BEGIN CERTIFICATE-----\nexample\n-----END CERTIFICATE-----\n",
  authority: "-----BEGIN CERTIFICATE-----\nauthority\n-----END CERTIFICATE-----\n",
  privateKey: "-----BEGIN PRIVATE KEY-----\ncanaryprivatekey8431\n-----END PRIVATE KEY-----\n",
  revocationList: "-----BEGIN X509 CRL-----\nlist\n-----END X509 CRL-----\n",
};

/** What the sites of a mesh may have. */
export const exampleSpace = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/** The office's gateway and a branch's device that tell each other their networks, both ends set to the kind's profile. */
export function exampleDeviceBgpSite(kind: keyof typeof deviceKinds = "libreswan", bgp: Partial<SiteBgpSpec> = {}, changes: Partial<SiteConnectionSpec> = {}): SiteConnectionSpec {
  const { profile: name, bgp: its } = deviceKinds[kind] as DeviceKind;
  const profile = siteProfiles[name] as SiteProfile;
  const both = { ike: [...profile.ike], esp: [...profile.esp] };
  const inputs = { left: { name: "office", endpoint: "192.0.2.11", bgp: true }, device: { as: 65_010 } };
  return exampleSite({
    name: "office-to-branch",
    left: exampleEnd({ identity: "192.0.2.11", networks: ["10.20.0.0/24"], proposals: both }),
    right: exampleEnd({ name: "branch", kind: "device", endpoint: "198.51.100.70", identity: "198.51.100.70", networks: ["10.40.0.0/24"], pools: [], proposals: both }),
    anySelectors: profile.anySelectors ?? false,
    ikeLifetime: profile.ikeLifetime,
    childLifetime: profile.childLifetime,
    routing: "bgp",
    bgp: { ...resolveBgp("office-to-branch", inputs, "none" in its ? undefined : its), ...bgp },
    ...changes,
  });
}

/** The same two gateways, which tell each other their networks. */
export function exampleBgpSite(bgp: Partial<SiteBgpSpec> = {}, changes: Partial<SiteConnectionSpec> = {}): SiteConnectionSpec {
  return exampleSite({
    routing: "bgp",
    bgp: {
      left: { room: true, as: 4_200_000_001, routerId: "192.0.2.11", preference: 100 },
      right: { room: true, as: 4_200_000_002, routerId: "198.51.100.20", preference: 200 },
      link: "169.254.64.6/31",
      bfdInterval: 300,
      transit: [],
      mostPrefixes: 100,
      ...bgp,
    },
    ...changes,
  });
}
