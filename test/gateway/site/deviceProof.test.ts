import { spawnSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { deviceKinds, deviceText, type DeviceKind, type DeviceOptions } from "../../../gateway/site/devices";
import { deviceProblems } from "../../../gateway/site/devices/validate";
import { sitePart } from "../../../gateway/site/parts";
import { viewFrom, type SiteConnectionSpec, type SiteDeviceProof } from "../../../gateway/site/spec";
import { exampleDeviceBgpSite, exampleSiteCertificates, exampleSiteSecrets } from "./specs";

type Kind = keyof typeof deviceKinds;
const golden = path.join(__dirname, "golden-devices");
const authority = fs.readFileSync(path.join(__dirname, "../clients/authority.pem"), "utf8");
const list = exampleSiteCertificates.revocationList!;

function proved(proof: Partial<SiteDeviceProof> = {}, changes: Partial<SiteConnectionSpec> = {}, kind: Kind = "libreswan"): SiteConnectionSpec {
  return exampleDeviceBgpSite(kind, {}, {
    routing: "static", bgp: undefined, authentication: "certificate", deviceProof: { room: true, ownAuthority: false, list: true, revoked: false, revokedSerials: [], ...proof }, ...changes,
  });
}
const steps = (spec: SiteConnectionSpec, secrets = exampleSiteCertificates) => deviceKinds.libreswan.render(viewFrom(spec, "right"), secrets, {});
const connection = (spec: SiteConnectionSpec) => sitePart(viewFrom(spec, "left"), exampleSiteCertificates).files.find(({ path: where }) => where.endsWith(".conf"))!.content;
const problems = (spec: SiteConnectionSpec, options: DeviceOptions = {}, kind: Kind = "libreswan") => deviceProblems(kind, spec, options).map(({ path: where, message }) => `${where}: ${message}`);

describe("Libreswan's text with certificates", () => {
  const file = path.join(golden, "libreswan-certificate.txt");
  test("is what the connection renders to", () => {
    const text = deviceText(steps(proved()));
    if (process.env.UPDATE_GOLDEN) fs.writeFileSync(file, text);
    expect(text).toBe(fs.readFileSync(file, "utf8"));
  });
  test("the key is in one private file, and there is no pre-shared key", () => {
    const all = steps(proved());
    expect(all.filter(({ text }) => text.includes("canaryprivatekey8431")).map(({ title }) => title)).toEqual(["/etc/ipsec.d/office-to-branch.pem (mode 0600)"]);
    expect(deviceText(all)).not.toMatch(/PSK|authby=secret/);
  });
  test("a device with an authority of its own gets no key, and what the gateway's certificate is of", () => {
    const all = steps(proved({ ownAuthority: true, list: false }), { authority: exampleSiteCertificates.authority });
    expect(all.map(({ title }) => title.split(" ")[0])).toEqual(["/etc/ipsec.d/office-to-branch.conf", "/etc/ipsec.d/office-to-branch-authority.pem", "A"]);
    expect(deviceText(all)).not.toMatch(/PRIVATE KEY|pk12util/);
  });
  test.each([false, true])("the shell can read its step", (ownAuthority) => {
    const script = steps(proved({ ownAuthority })).at(-1)!.text;
    expect(spawnSync("sh", ["-n"], { input: script }).status).toBe(0);
  });
  test("goes with BGP", () => {
    const spec = exampleDeviceBgpSite("libreswan", {}, { authentication: "certificate", deviceProof: proved().deviceProof });
    expect(problems(spec)).toEqual([]);
    expect(deviceText(steps(spec))).toMatch(/authby=rsasig[\s\S]*ipsec-interface=[\s\S]*router bgp 65010/);
  });
});

describe("the gateway", () => {
  test("lets nobody in without the list, which goes with the connection", () => {
    const files = sitePart(viewFrom(proved(), "left"), exampleSiteCertificates).files;
    expect(files.find(({ path: where }) => where === "/etc/swanctl/x509crl/site-office-to-branch.pem")?.content).toBe(list);
    expect(connection(proved())).toMatch(/cacerts = site-office-to-branch\.pem\n\s+# Certificates that hold no longer: none\.\n\s+revocation = strict\n/);
    expect(() => sitePart(viewFrom(proved(), "left"), { ...exampleSiteCertificates, revocationList: undefined })).toThrow(/needs a certificate/);
  });
  test("each revocation makes the connection's text another, so that a tunnel of before is made anew", () => {
    const texts = [proved(), proved({ revoked: true }), proved({ revokedSerials: ["0A"] }), proved({ revokedSerials: ["0A", "0B"] })].map(connection);
    expect(new Set(texts).size).toBe(4);
  });
  test("without a list of somebody else's authority it asks for none", () => {
    expect(connection(proved({ ownAuthority: true, list: false }))).not.toMatch(/revocation/);
  });
});

describe("refused", () => {
  test("nothing of a connection that is right", () => {
    expect(problems(proved())).toEqual([]);
    expect(problems(proved({ ownAuthority: true }), { authority, revocationList: list })).toEqual([]);
  });
  test.each<[string, SiteConnectionSpec, DeviceOptions, string]>([
    ["a gateway that looks at no list", proved({ room: false }), {}, "left: looks at no revocation list, so that a lost device could not be shut out"],
    ["what is no authority", proved({ ownAuthority: true }), { authority: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }, "device.authority: is no certificate of an authority in PEM"],
    ["a list of nobody", proved(), { revocationList: list }, "device.revocationList: is of nobody: the stack makes that of its own authority"],
    ["what is no list", proved({ ownAuthority: true }), { authority, revocationList: "list" }, "device.revocationList: is no revocation list in PEM"],
    ["revoking what another authority signed", proved({ ownAuthority: true, revoked: true }), { authority }, "device.revoked: is for certificates of the stack's, and device.authority signs the list of its own"],
    ["what is no serial number", proved({ revokedSerials: ["0A", "xyz"] }), {}, "device.revokedSerials[1]: is no serial number of a certificate"],
    ["IKEv1", proved({}, { version: 1, right: { ...proved().right, proposals: { ike: ["aes256-sha256-ecp256"], esp: ["aes256gcm16-modp3072"] } } }), {}, "authentication: is for IKEv2 with devices, and this connection speaks IKEv1"],
    ["revoking without certificates", proved({ revoked: true }, { authentication: "psk" }), {}, "device.revoked: is about certificates, and the ends prove themselves by a pre-shared key"],
    ["an authority without certificates", proved({}, { authentication: "psk", deviceProof: undefined }), { authority }, "device.authority: is about certificates, and the ends prove themselves by a pre-shared key"],
  ])("%s", (_what, spec, options, said) => {
    expect(problems(spec, options)).toEqual([said]);
  });
  test.each((Object.keys(deviceKinds) as Kind[]).filter((kind) => (deviceKinds[kind] as DeviceKind).certificates !== true))("%s, whose text has none", (kind) => {
    expect(problems(proved({}, {}, kind), {}, kind)).toEqual([expect.stringMatching(/^authentication: is nothing that the text for .+ holds$/)]);
  });
  test("a pre-shared key is as it was", () => {
    expect(deviceText(deviceKinds.libreswan.render(viewFrom(exampleDeviceBgpSite("libreswan", {}, { routing: "static", bgp: undefined }), "right"), exampleSiteSecrets, {}))).toContain("authby=secret");
  });
});
