import { spawnSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { deviceKinds, deviceText, type DeviceKind, type DeviceOptions } from "../../../gateway/site/devices";
import { deviceProblems } from "../../../gateway/site/devices/validate";
import { siteProfile, siteProfiles } from "../../../gateway/site/profiles";
import { commonSuite } from "../../../gateway/site/proposals";
import { viewFrom, type SiteConnectionSpec, type SiteEndSpec, type SiteSecrets } from "../../../gateway/site/spec";
import { validateSite } from "../../../gateway/site/validate";
import { exampleDeviceBgpSite, exampleEnd, exampleSite, exampleSiteSecrets } from "./specs";

type Kind = keyof typeof deviceKinds;
const kinds = Object.keys(deviceKinds) as Kind[];
const golden = path.join(__dirname, "golden-devices");

/** The office's gateway and a branch's device, both ends set to the kind's profile. */
function toDevice(kind: Kind, changes: { left?: Partial<SiteEndSpec>; right?: Partial<SiteEndSpec>; spec?: Partial<SiteConnectionSpec> } = {}): SiteConnectionSpec {
  const profile = siteProfile(deviceKinds[kind].profile)!;
  const proposals = { ike: [...profile.ike], esp: [...profile.esp] };
  return exampleSite({
    name: "office-to-branch",
    left: exampleEnd({ identity: "192.0.2.11", networks: ["10.20.0.0/24"], proposals, ...changes.left }),
    right: exampleEnd({ name: "branch", kind: "device", endpoint: "198.51.100.70", identity: "198.51.100.70", networks: ["10.40.0.0/24"], pools: [], proposals, ...changes.right }),
    version: profile.version,
    anySelectors: profile.anySelectors ?? false,
    ikeLifetime: profile.ikeLifetime,
    childLifetime: profile.childLifetime,
    ...changes.spec,
  });
}

const rendered = (kind: Kind, spec = toDevice(kind), secrets: SiteSecrets = exampleSiteSecrets, options: DeviceOptions = {}) =>
  deviceText(deviceKinds[kind].render(viewFrom(spec, "right"), secrets, options));
const problems = (kind: Kind, spec: SiteConnectionSpec, options?: DeviceOptions, secrets?: SiteSecrets) =>
  deviceProblems(kind, spec, options, secrets).map(({ path: where, message }) => `${where}: ${message}`);

// UPDATE_GOLDEN=1 writes them anew; the review reads the difference.
describe.each(kinds)("%s", (kind) => {
  const file = path.join(golden, `${kind}.txt`);
  test("the text is what the connection renders to", () => {
    if (process.env.UPDATE_GOLDEN) {
      fs.mkdirSync(golden, { recursive: true });
      fs.writeFileSync(file, rendered(kind));
    }
    expect(rendered(kind)).toBe(fs.readFileSync(file, "utf8"));
  });
  test("its profile is one that the device knows, both ends agree on it, and nothing is wrong", () => {
    const spec = toDevice(kind);
    expect(problems(kind, spec)).toEqual([]);
    expect(validateSite(spec).filter(({ severity }) => severity === "error")).toEqual([]);
    for (const phase of ["ike", "esp"] as const) expect(commonSuite(spec.left.proposals[phase], spec.right.proposals[phase], phase)).toBeDefined();
  });
  test("says that it was not run, but for the one that was", () => {
    expect(rendered(kind).includes("not run against the device")).toBe(kind !== "libreswan");
  });
  test("names the gateway and its network, and holds the key", () => {
    expect(rendered(kind)).toContain("192.0.2.11");
    expect(rendered(kind)).toMatch(/10\.20\.0\.0(\/24| 255\.255\.255\.0)/);
    expect(rendered(kind)).toContain(exampleSiteSecrets.preSharedKey);
  });
  test("no key that somebody may have chosen breaks out of its line", () => {
    // Printable ASCII without quote and backslash is what validateSite lets through.
    const all = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("").replace(/["\\]/g, "");
    const keys = [all, "; reboot; ", "$(reboot) `reboot` $key", "a' + (Stop-Computer) + 'b-and-more", "key\twith-a-tab-and-more", "? ! # key-of-some-length"];
    const lines = rendered(kind).split("\n").length;
    for (const key of keys) {
      const refused = problems(kind, toDevice(kind), {}, { preSharedKey: key }).length > 0;
      if (refused) continue;
      const text = rendered(kind, toDevice(kind), { preSharedKey: key });
      expect([key, text.split("\n").length]).toEqual([key, lines]);
    }
  });
  test("a line break in a key is refused by the language itself", () => {
    if (kind.startsWith("aws") || kind === "gcp") return; // JSON carries it, escaped.
    expect(() => rendered(kind, toDevice(kind), { preSharedKey: "first\nsecond" })).toThrow();
  });
  test("proposals that it has no words for are refused by name", () => {
    const proposals = { ike: ["aes256gcm16-prfsha384-ecp384-ke1_mlkem1024"], esp: ["aes256gcm16-ecp384-ke1_mlkem1024"] };
    expect(problems(kind, toDevice(kind, { right: { proposals } })).filter((text) => /ke1_mlkem1024, which .* does not know/.test(text))).toHaveLength(2);
  });
});

describe("what each text must hold", () => {
  test.each<[Kind, (string | RegExp)[]]>([
    ["libreswan", ["ike=aes_gcm256-sha2_512+sha2_256-dh19+dh20+dh15+dh14", "leftid=198.51.100.70", "right=192.0.2.11", "rightsubnet=10.20.0.0/24"]],
    ["cisco-ios", [" encryption aes-gcm-256\n prf sha384\n group 20", "esp-gcm 256", " set pfs group20", "  pre-shared-key canaryOfTheSiteKey", " identity local address 198.51.100.70", " match identity remote address 192.0.2.11 255.255.255.255", / ip tcp adjust-mss 1\d{3}\n/, /ip route 10\.20\.0\.0 255\.255\.255\.0 Tunnel\d+\nip route 10\.20\.0\.0 255\.255\.255\.0 Null0 254/]],
    ["cisco-asa", [" encryption aes-gcm-256\n integrity null\n group 20\n prf sha384\n", " protocol esp encryption aes-gcm-256\n protocol esp integrity null", "tunnel-group 192.0.2.11 type ipsec-l2l", " set pfs group20", "route Null0 10.20.0.0 255.255.255.0 254"]],
    ["fortigate", ["set proposal aes256gcm-prfsha384\n        set dhgrp 20", "set proposal aes256gcm\n", 'set localid "198.51.100.70"', "set blackhole enable\n        set distance 254", 'edit "st-offic-5906cd"']],
    ["mikrotik", ["hash-algorithm=sha384 enc-algorithm=aes-256 dh-group=ecp384", 'auth-algorithms="" enc-algorithms=aes-256-gcm pfs-group=ecp384', "exchange-mode=ike2", "my-id=address:198.51.100.70", "src-address=10.40.0.0/24 dst-address=10.20.0.0/24 action=encrypt"]],
    ["windows-rras", ["$EncryptionMethod = 'AES256'", "$IntegrityCheckMethod = 'SHA384'", "$DhGroup = 'ECP384'", "$Cipher = 'GCMAES256'", "$Authentication = 'GCMAES256'", "$PfsGroup = 'ECP384'", "$Subnets = @('10.20.0.0/24:100')"]],
    ["aws", ['"Value": "AES256-GCM-16"', '"Value": 20', '"Value": "SHA2-384"', '"Phase1LifetimeSeconds": 28800', '"Phase2LifetimeSeconds": 3600', "networks=10.20.0.0/24"]],
    ["aws-transit-gateway", ['"Value": "AES256-GCM-16"', '"StaticRoutesOnly": true', '--transit-gateway-id "$TRANSIT_GATEWAY_ID"', "networks=10.20.0.0/24"]],
    ["azure", ["$IkeEncryption = 'AES256'", "$IkeIntegrity = 'SHA384'", "$DhGroup = 'ECP384'", "$IpsecEncryption = 'GCMAES256'", "$IpsecIntegrity = 'GCMAES256'", "$PfsGroup = 'ECP384'", "$Networks = @('10.20.0.0/24')"]],
    ["gcp", ['"AES-GCM-16-256"', '"PRF-HMAC-SHA2-384"', '"Group-20"', "--remote-traffic-selector 0.0.0.0/0"]],
  ])("%s", (kind, parts) => {
    for (const part of parts) {
      if (typeof part === "string") expect(rendered(kind)).toContain(part);
      else expect(rendered(kind)).toMatch(part);
    }
  });
  test.each(["aws", "aws-transit-gateway", "gcp"] as const)("%s: the key is in the private file and not in the script", (kind) => {
    const [file, script] = deviceKinds[kind].render(viewFrom(toDevice(kind), "right"), exampleSiteSecrets, {});
    expect(file.title).toContain("0600");
    expect(file.text).toContain(exampleSiteSecrets.preSharedKey);
    expect(script.text).not.toContain(exampleSiteSecrets.preSharedKey);
  });
  test.each(["aws", "aws-transit-gateway", "gcp"] as const)("%s: the script is one that a shell can read", (kind) => {
    const [, script] = deviceKinds[kind].render(viewFrom(toDevice(kind), "right"), exampleSiteSecrets, {});
    expect(spawnSync("sh", ["-n"], { input: script.text }).status).toBe(0);
    expect(spawnSync("sh", ["-n"], { input: script.text + "done\n" }).status).not.toBe(0);
  });
  describe("at a transit gateway, the script run against a command that writes down what it is asked", () => {
    const asked = (spec: SiteConnectionSpec, environment: Record<string, string>) => {
      const [, script] = deviceKinds["aws-transit-gateway"].render(viewFrom(spec, "right"), exampleSiteSecrets, {});
      // Answers by what is queried; an unknown question has no answer.
      const fake = `aws() { printf '%s\\n' "$*" >&2; case "$*" in *AmazonSideAsn*) echo "$ASN";; *PropagationDefaultRouteTableId*) echo "$DEFAULT";; *CustomerGatewayId*) echo cgw-1;; *TransitGatewayAttachmentId*) echo tgw-attach-1;; *VpnConnectionId*) echo vpn-1;; *OutsideIpAddress*) echo 203.0.113.9;; esac; }\n`;
      const done = spawnSync("sh", [], { input: fake + script.text, encoding: "utf8", env: { PATH: process.env.PATH, DEFAULT: "tgw-rtb-0", ASN: "65010", ...environment } });
      return { status: done.status, said: done.stdout.trim(), asked: done.stderr.split("\n").map((line) => line.replace(/^ec2 /, "")) };
    };
    const at = { TRANSIT_GATEWAY_ID: "tgw-1" };
    const routes = (lines: string[]) => lines.filter((line) => /^(create-transit-gateway-route|create-route|enable-)/.test(line));

    test("static: its default table leads to the other site, or those that are named; VPCs' tables where they are named", () => {
      const plain = asked(toDevice("aws-transit-gateway"), at);
      expect([plain.status, plain.said]).toEqual([0, "203.0.113.9"]);
      expect(plain.asked.find((line) => line.startsWith("create-vpn-connection "))).toMatch(/--customer-gateway-id cgw-1 --transit-gateway-id tgw-1 /);
      expect(plain.asked.join()).not.toMatch(/vpn-gateway-id|create-vpn-connection-route/);
      expect(routes(plain.asked)).toEqual(["create-transit-gateway-route --transit-gateway-route-table-id tgw-rtb-0 --transit-gateway-attachment-id tgw-attach-1 --destination-cidr-block 10.20.0.0/24"]);
      const named = asked(toDevice("aws-transit-gateway", { left: { networks: ["10.20.0.0/24", "10.21.0.0/24"] } }), { ...at, TRANSIT_GATEWAY_ROUTE_TABLE_IDS: "tgw-rtb-7", ROUTE_TABLE_IDS: "rtb-1" });
      expect(routes(named.asked).map((line) => line.replace(/--transit-gateway-attachment-id \S+ /, ""))).toEqual([
        "create-transit-gateway-route --transit-gateway-route-table-id tgw-rtb-7 --destination-cidr-block 10.20.0.0/24",
        "create-transit-gateway-route --transit-gateway-route-table-id tgw-rtb-7 --destination-cidr-block 10.21.0.0/24",
        "create-route --route-table-id rtb-1 --destination-cidr-block 10.20.0.0/24 --transit-gateway-id tgw-1",
        "create-route --route-table-id rtb-1 --destination-cidr-block 10.21.0.0/24 --transit-gateway-id tgw-1",
      ]);
    });
    test("BGP: no static route, its tables learn; with another AS number nothing is made", () => {
      const spec = exampleDeviceBgpSite("aws-transit-gateway");
      const done = asked(spec, { ...at, TRANSIT_GATEWAY_ROUTE_TABLE_IDS: "tgw-rtb-7" });
      expect([done.status, done.said]).toEqual([0, "203.0.113.9"]);
      expect(routes(done.asked)).toEqual(["enable-transit-gateway-route-table-propagation --transit-gateway-route-table-id tgw-rtb-7 --transit-gateway-attachment-id tgw-attach-1"]);
      const other = asked(spec, { ...at, ASN: "64512" });
      expect([other.status, other.asked.join().includes("create-")]).toEqual([1, false]);
      expect(other.asked.join()).toMatch(/the AS number of tgw-1 is 64512, and device\.as says 65010/);
    });
    test("without a transit gateway, or one without a default table where none is named, nothing is made", () => {
      for (const environment of [{}, { ...at, DEFAULT: "None" }] as Record<string, string>[]) {
        const done = asked(toDevice("aws-transit-gateway"), environment);
        expect([done.status === 0, done.asked.join().includes("create-")]).toEqual([false, false]);
      }
    });
  });
  test("the device's identity is a name where its address changes to a device behind another address", () => {
    const spec = toDevice("cisco-ios", { right: { endpoint: undefined, identity: "right.office-to-branch" } });
    expect(problems("cisco-ios", spec)).toEqual([]);
    expect(rendered("cisco-ios", spec)).toContain(" identity local fqdn right.office-to-branch");
  });
});

describe("by IKEv1", () => {
  const profile = siteProfiles["libreswan-ikev1"];
  const proposals = { ike: [...profile.ike], esp: [...profile.esp] };
  const old = (changes: Parameters<typeof toDevice>[1] = {}, kind: Kind = "libreswan") =>
    toDevice(kind, { left: { proposals, ...changes.left }, right: { proposals, ...changes.right }, spec: { version: 1, ...changes.spec } });
  const errors = (spec: SiteConnectionSpec, kind: Kind = "libreswan") =>
    [...validateSite(spec), ...deviceProblems(kind, spec)].filter(({ severity }) => severity === "error").map(({ path: where, message }) => `${where}: ${message}`);

  test("Libreswan's text speaks it, takes it, and is told nothing that is not of it", () => {
    expect(errors(old())).toEqual([]);
    const file = path.join(golden, "libreswan-ikev1.txt");
    if (process.env.UPDATE_GOLDEN) fs.writeFileSync(file, rendered("libreswan", old()));
    expect(rendered("libreswan", old())).toBe(fs.readFileSync(file, "utf8"));
    for (const part of ["    ikev2=no\n", "config setup\n    ikev1-policy=accept\n", "    ike=aes256-sha2_384-dh20,aes256-sha2_256-dh19,aes256-sha2_256-dh14\n", "    esp=aes_gcm256-none-dh15\n", "    authby=secret\n"]) expect(rendered("libreswan", old())).toContain(part);
    expect(rendered("libreswan", old())).not.toMatch(/aggr/);
    expect(rendered("libreswan")).not.toMatch(/ikev1|ikev2=no/);
  });
  test.each<[string, SiteConnectionSpec, Kind, string[]]>([
    ["a kind whose text has none", old({ spec: { anySelectors: true } }, "fortigate"), "fortigate", ["device.ike: is not what the text for FortiGate speaks"]],
    ["a certificate", old({ spec: { authentication: "certificate", deviceProof: { room: true, ownAuthority: false, list: true, revoked: false, revokedSerials: [] } } }), "libreswan", ["authentication: is for IKEv2 with devices, and this connection speaks IKEv1"]],
    ["a device whose address changes", old({ right: { endpoint: undefined } }), "libreswan", ["device.endpoint: is not known, and IKEv1 finds a pre-shared key by the other end's address (main mode; aggressive mode would give the key away)"]],
    ["two networks", old({ left: { networks: ["10.20.0.0/24", "10.21.0.0/24"] } }), "libreswan", ["version: IKEv1 carries one network to one network"]],
    ["BGP", { ...exampleDeviceBgpSite("libreswan", {}, { version: 1 }), left: old().left, right: old().right }, "libreswan", ["routing: is not built over IKEv1"]],
    ["IKEv2's proposals", toDevice("libreswan", { spec: { version: 1 } }), "libreswan", ["left.proposals.ike[0]: holds AES-GCM, which IKEv1 has for ESP and not for itself (RFC 5282 is of IKEv2)", "left.proposals.esp[0]: is a choice of ecp256 and ecp384 and modp3072 and modp2048, and IKEv1 offers one of each kind (RFC 2409, 5): write a proposal for each"]],
    ["a curve for ESP, which Libreswan has by IKEv2 alone", old({ left: { proposals: { ...proposals, esp: ["aes256gcm16-ecp256"] } }, right: { proposals: { ...proposals, esp: ["aes256gcm16-ecp256"] } } }), "libreswan", ["right.proposals.esp[0]: holds ecp256, which Libreswan does not know by IKEv1"]],
    ["another version", old({ spec: { version: 3 as never } }), "libreswan", ["version: is no version of IKE"]],
  ])("refused: %s", (_, spec, kind, expected) => {
    expect(errors(spec, kind)).toEqual(expect.arrayContaining(expected));
  });
  test.each([["aes256-sha1-modp2048", /sha1, and IKEv1 comes with nothing that is weak/], ["3des-sha256-modp2048", /3des, which protects nothing/], ["aes256-sha256-modp1024", /modp1024, which protects nothing/], ["aes256-sha256-prfsha256-modp2048", /negotiates no prf/], ["aes256-sha256-x25519", /x25519, which is of IKEv2 alone/]])("refused: %s", (ike, message) => {
    const weak = { ike: [ike], esp: [...profile.esp] };
    expect(errors(old({ left: { proposals: weak }, right: { proposals: weak } })).filter((text) => message.test(text))).toHaveLength(2);
    expect(errors(old()).filter((text) => message.test(text))).toEqual([]);
  });
});

describe("refused", () => {
  test("a kind that nobody knows", () => {
    expect(deviceProblems("juniper", toDevice("libreswan")).map(({ message, remedy }) => `${message}: ${remedy}`)).toEqual([
      "is no kind of device: Use one of libreswan, cisco-ios, cisco-asa, fortigate, mikrotik, windows-rras, aws, aws-transit-gateway, azure, gcp.",
    ]);
  });
  test.each<[string, Kind, SiteConnectionSpec, DeviceOptions, SiteSecrets, string]>([
    ["a profile of networks for a tunnel interface", "cisco-ios", toDevice("cisco-ios", { spec: { anySelectors: false } }), {}, {}, "profile: agrees on the networks, and Cisco IOS XE on all traffic"],
    ["a profile of all traffic for policies", "mikrotik", toDevice("mikrotik", { spec: { anySelectors: true } }), {}, {}, "profile: agrees on all traffic, and MikroTik RouterOS on the networks"],
    ["a gateway known by name", "aws", toDevice("aws", { left: { endpoint: "office.example.com" } }), {}, {}, "left.endpoint: is a name, and AWS Site-to-Site VPN wants an address"],
    ["a gateway whose address changes", "fortigate", toDevice("fortigate", { left: { endpoint: undefined } }), {}, {}, "leftChanges: leaves FortiGate nothing to dial"],
    ["IPv6 inside", "cisco-asa", toDevice("cisco-asa", { left: { networks: ["fd20::/64"] } }), {}, {}, "left.networks[0]: is IPv6, and the text for Cisco ASA has IPv4 alone"],
    ["several networks", "mikrotik", toDevice("mikrotik", { left: { networks: ["10.20.0.0/24", "10.21.0.0/24"] } }), {}, {}, "left.networks: are several, and the text for MikroTik RouterOS joins one to one"],
    ["a name where the device has an address", "windows-rras", toDevice("windows-rras", { right: { endpoint: undefined, identity: "right.office-to-branch" } }), {}, {}, "right.identity: is no IPv4 address, and Windows Server's Routing and Remote Access calls itself by its address"],
    ["AWS's key that begins with 0", "aws", toDevice("aws"), {}, { preSharedKey: "0123456789abcdefghij" }, "preSharedKey: is not what AWS Site-to-Site VPN takes: 8 to 64 letters, digits, dots and underscores, the first no 0 (EC2 API Reference, PreSharedKey)"],
    ["a space in a Cisco's key", "cisco-ios", toDevice("cisco-ios"), {}, { preSharedKey: "twenty characters and more" }, "preSharedKey: is not what Cisco IOS XE takes: 1 to 127 printable ASCII characters without spaces, quotes and question marks, the first no exclamation mark"],
    ["an interface that would be another line", "cisco-ios", toDevice("cisco-ios"), { outsideInterface: "Gi1\nno ip" }, {}, "device.outsideInterface: is no name of an interface of Cisco IOS XE"],
    ["an interface that nothing names", "aws", toDevice("aws"), { insideInterface: "eth0" }, {}, "device.insideInterface: is nothing that the text for AWS Site-to-Site VPN names"],
    ["a choice for one that is told one suite", "azure", toDevice("azure", { right: { proposals: { ike: ["aes256-sha384-ecp384", "aes256-sha256-ecp256"], esp: ["aes256gcm16-ecp384"] } } }), {}, {}, "right.proposals.ike: is a choice, and Azure VPN Gateway is told one suite"],
    ["a group that the device has not", "cisco-ios", toDevice("cisco-ios", { right: { proposals: { ike: ["aes256gcm16-prfsha384-x25519"], esp: ["aes256gcm16-ecp384"] } } }), {}, {}, "right.proposals.ike[0]: holds x25519, which Cisco IOS XE does not know"],
  ])("%s", (_what, kind, spec, options, secrets, said) => {
    expect(problems(kind, spec, options, secrets)).toEqual([said]);
  });
  test.each(["aws", "aws-transit-gateway", "azure", "gcp"] as const)("%s whose address is not known yet is warned of, no more", (kind) => {
    const found = deviceProblems(kind, toDevice(kind, { right: { endpoint: undefined, identity: "right.office-to-branch" } }));
    expect(found.map(({ path: where, severity }) => [where, severity])).toEqual([["device.endpoint", "warning"]]);
  });
  test("ends that are set to different things: both lists, and the first suite that both could use", () => {
    const spec = toDevice("fortigate", { left: { proposals: { ike: ["aes256gcm16-prfsha384-x25519"], esp: ["aes256gcm16-ecp384"] } } });
    const [problem] = validateSite(spec);
    expect(problem.message).toBe("the two ends have no IKE proposal in common: office has aes256gcm16-prfsha384-x25519; branch has aes256gcm16-prfsha384-ecp384");
    expect(problem.remedy).toBe("Both could use aes256gcm16-prfsha384-ecp384: add it to office's list.");
  });
});

test("every profile but those of two gateways is some device's", () => {
  const used = new Set<string>(kinds.flatMap((kind) => [deviceKinds[kind].profile, (deviceKinds[kind] as DeviceKind).ikev1?.profile ?? []].flat()));
  expect(Object.keys(siteProfiles).filter((name) => !used.has(name))).toEqual(["modern", "cnsa2"]);
});
