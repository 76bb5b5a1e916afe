import * as fs from "fs";
import * as path from "path";
import { siteInterface, siteInterfaceId, siteNames } from "../../../gateway/site/names";
import { sitePart, siteSecretPart } from "../../../gateway/site/parts";
import { siteProfiles } from "../../../gateway/site/profiles";
import { viewFrom, type Side, type SiteConnectionSpec } from "../../../gateway/site/spec";
import { nftChain } from "../nftChain";
import { exampleBgpSite, exampleDeviceBgpSite, exampleEnd, examplePairEnd, exampleSite, exampleSiteCertificates, exampleSiteSecrets, exampleSpace } from "./specs";

const golden = path.join(__dirname, "golden");
const device = exampleEnd({ name: "branch", kind: "device", endpoint: "198.51.100.70", identity: "198.51.100.70", networks: ["10.40.0.0/24"], pools: [] });
const toDevice = exampleSite({ name: "office-to-branch", left: exampleEnd({ identity: "192.0.2.11", networks: ["10.20.0.0/24"] }), right: device });

const ikev1 = { ike: [...siteProfiles["libreswan-ikev1"].ike], esp: [...siteProfiles["libreswan-ikev1"].esp] };

const cases: Record<string, [SiteConnectionSpec, Side, (1 | 2)?]> = {
  left: [exampleSite(), "left"],
  right: [exampleSite(), "right"],
  policy: [exampleSite({ mode: "policy" }), "left"],
  certificate: [exampleSite({ authentication: "certificate" }), "left"],
  "changing-address": [exampleSite({ right: { ...exampleSite().right, endpoint: undefined } }), "left"],
  "named-address": [exampleSite({ right: { ...exampleSite().right, endpoint: "cloud.example.com" } }), "left"],
  "ipv6-outside": [exampleSite({ left: exampleEnd({ endpoint: "2001:db8:1::11" }), right: { ...exampleSite().right, endpoint: "2001:db8:12::11" } }), "left"],
  device: [toDevice, "left"],
  bgp: [exampleBgpSite(), "right"],
  "pair-second": [exampleSite({ left: examplePairEnd }), "left", 2],
  "pair-other-end": [exampleSite({ left: { ...examplePairEnd, endpoint: undefined } }), "right"],
  "device-ikev1": [{ ...toDevice, version: 1, left: { ...toDevice.left, proposals: ikev1 }, right: { ...toDevice.right, proposals: ikev1 } }, "left"],
  "device-certificate": [{ ...toDevice, authentication: "certificate", deviceProof: { room: true, ownAuthority: false, list: true, revoked: false, revokedSerials: ["0A:0B"] } }, "left"],
  "bgp-device": [exampleDeviceBgpSite(), "left"],
  "bgp-transit": [exampleBgpSite({ transit: exampleSpace }), "left"],
};

// UPDATE_GOLDEN=1 writes them anew; the review reads the difference.
describe.each(Object.keys(cases))("golden tree %s", (name) => {
  const [spec, side, machine] = cases[name];
  const view = viewFrom(spec, side, machine);
  const secrets = spec.authentication === "psk" ? exampleSiteSecrets : exampleSiteCertificates;
  const files = Object.fromEntries([...sitePart(view, secrets).files, ...siteSecretPart(view, secrets).files].map((file) => [file.path, file.content]));
  test("is what the connection renders to", () => {
    if (process.env.UPDATE_GOLDEN) {
      fs.rmSync(path.join(golden, name), { recursive: true, force: true });
      for (const [file, content] of Object.entries(files)) {
        fs.mkdirSync(path.dirname(path.join(golden, name, file)), { recursive: true });
        fs.writeFileSync(path.join(golden, name, file), content);
      }
    }
    const found = fs.readdirSync(path.join(golden, name), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(Object.keys(files).sort()).toEqual(found.map((entry) => "/" + path.relative(path.join(golden, name), path.join(entry.parentPath, entry.name))).sort());
    for (const [file, content] of Object.entries(files)) expect([file, content]).toEqual([file, fs.readFileSync(path.join(golden, name, file), "utf8")]);
  });
});

describe("whom a connection dials and lets in", () => {
  const dialled = (changes: Partial<SiteConnectionSpec>) => /remote_addrs = (.*)/.exec(sitePart(viewFrom(exampleSite(changes), "left")).files.map(({ content }) => content).join("\n"))?.[1];
  const { right } = exampleSite();
  test("an address: itself alone", () => expect(dialled({})).toBe("198.51.100.20"));
  test("a name: dialled by it, and let in from wherever it is by then", () => expect(dialled({ right: { ...right, endpoint: "cloud.example.com" } })).toBe("cloud.example.com, 0.0.0.0/0, ::/0"));
  test("a name in IKEv1, whose first messages say nothing of who it is: from the name's address alone", () => {
    expect(dialled({ version: 1, right: { ...right, kind: "device", endpoint: "branch.example.com" } })).toBe("branch.example.com");
  });
  test("neither: from wherever it is", () => expect(dialled({ right: { ...right, endpoint: undefined } })).toBe("%any"));
});

describe("a connection's parts", () => {
  const view = viewFrom(exampleSite(), "left");
  const text = sitePart(view).files.map(({ content }) => content).join("\n");

  test("the readable one holds no secret", () => {
    expect(text).not.toContain(exampleSiteSecrets.preSharedKey);
    expect(text).not.toContain(Buffer.from(exampleSiteSecrets.preSharedKey!).toString("base64"));
    expect(siteSecretPart(view, exampleSiteSecrets).files.map(({ mode }) => mode)).toEqual([0o600]);
  });
  test("certificates go with the connection that names them, so that either is never there without the other; the key apart", () => {
    const proved = viewFrom(exampleSite({ authentication: "certificate" }), "left");
    const [shown, hidden] = [sitePart(proved, exampleSiteCertificates), siteSecretPart(proved, exampleSiteCertificates)];
    const pems = shown.files.filter(({ path: where }) => where.endsWith(".pem"));
    expect(pems.map(({ path: where }) => where)).toEqual(["/etc/swanctl/x509ca/site-office-to-cloud.pem", "/etc/swanctl/x509/site-office-to-cloud.pem"]);
    expect(hidden.files.map(({ path: where, mode }) => [where, mode])).toEqual([["/etc/swanctl/private/site-office-to-cloud.pem", 0o600]]);
    expect(shown.files.map(({ content }) => content).join()).not.toContain("PRIVATE KEY");
    expect(() => sitePart(proved)).toThrow(/needs a certificate/);
  });
  test("what comes out of the tunnel, and what goes into it, is of the networks that are named", () => {
    const firewall = sitePart(view).files[0].content;
    const rules = "site_office_to_cloud";
    const between = (from: string, to: string, verdict: string) => [["ip", 4], ["ip6", 6]].map(([ip, family]) => `${ip} saddr @${rules}_${from}${family} ${ip} daddr @${rules}_${to}${family} ${verdict}`);
    expect(nftChain(firewall, `${rules}_inwards`)).toEqual([...between("far", "near", "return"), "counter drop"]);
    expect(nftChain(firewall, `${rules}_outwards`)).toEqual([...between("near", "far", "accept"), "counter drop"]);
  });
  test("no address is translated", () => {
    expect(text).not.toMatch(/masquerade|snat|dnat/);
  });
  test("both ends have one interface number, one dials first", () => {
    const other = sitePart(viewFrom(exampleSite(), "right")).files.map(({ content }) => content).join("\n");
    for (const one of [text, other]) expect(one).toContain(`if_id_in = ${siteInterfaceId("office-to-cloud")}`);
    expect(text).toContain("trap|start");
    expect(other).not.toContain("trap|start");
  });
});

describe("of a pair", () => {
  const textOf = (machine: 1 | 2, changes: Partial<SiteConnectionSpec> = {}) => sitePart(viewFrom(exampleSite({ left: examplePairEnd, ...changes }), "left", machine)).files.map(({ content }) => content).join("\n");
  test("each machine speaks from its own address, and nothing else of the two differs", () => {
    expect(textOf(1)).toContain("local_addrs = 10.76.0.11\n");
    expect(textOf(2)).toContain("local_addrs = 10.76.0.139\n");
    expect(textOf(2).replace("10.76.0.139", "10.76.0.11")).toBe(textOf(1));
  });
  test("charon does nothing by itself, since it does not know which machine is active", () => {
    for (const mode of ["route", "policy"] as const) expect(textOf(1, { mode })).toMatch(/start_action = none\n[^]*close_action = none\n *dpd_action = clear\n/);
    expect(textOf(1)).toContain('"whileActive": true');
    const other = sitePart(viewFrom(exampleSite({ left: examplePairEnd }), "right")).files.map(({ content }) => content).join("\n");
    expect(other).toMatch(/start_action = trap\n[^]*dpd_action = restart\n/);
    expect(other).not.toContain("whileActive");
  });
  test("neither end tells of further addresses, though one may change", () => {
    for (const side of ["left", "right"] as const) {
      const text = sitePart(viewFrom(exampleSite({ left: examplePairEnd, right: { ...exampleSite().right, endpoint: undefined } }), side)).files.map(({ content }) => content).join("\n");
      expect([side, /mobike = no\n/.test(text)]).toEqual([side, true]);
    }
  });
  test("a machine by itself speaks from its own address whoever is active, and is like any other gateway else", () => {
    const member = exampleEnd({ machines: "member", localAddresses: ["192.0.2.12"] });
    const text = sitePart(viewFrom(exampleBgpSite({}, { left: member }), "left")).files.map(({ content }) => content).join("\n");
    const alone = sitePart(viewFrom(exampleBgpSite({}, { left: exampleEnd() }), "left")).files.map(({ content }) => content).join("\n");
    expect(text.replace("local_addrs = 192.0.2.12", "local_addrs = %any")).toBe(alone);
  });
});

describe("names", () => {
  test("an interface's name fits the kernel, and a short connection's is its own", () => {
    expect(siteInterface("office")).toBe("st-office");
    for (const name of ["office-to-cloud", "a".repeat(40), "a".repeat(12), "a".repeat(11)]) expect(siteInterface(name).length).toBeLessThanOrEqual(15);
    expect(new Set(["a".repeat(11), "a".repeat(12), "a".repeat(13)].map(siteInterface)).size).toBe(3);
  });
  test("no two connections share a file, a part or a table", () => {
    const all = ["a", "key-a", "a-b", "a-b-key"].flatMap((name) => Object.values(siteNames(name)).filter((value) => value !== siteNames(name).connection));
    expect(all.filter((one, index) => all.indexOf(one) < index && !all[index].startsWith("site-"))).toEqual([]);
  });
  test("numbers of ten thousand connections are ten thousand", () => {
    expect(new Set(Array.from({ length: 10_000 }, (_, index) => siteInterfaceId(`site-${index}`))).size).toBe(10_000);
  });
});
