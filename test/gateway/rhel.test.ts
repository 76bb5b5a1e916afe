import * as path from "path";
import { lacPart, lacSecretPart } from "../../gateway/lac/parts";
import { platform } from "../../gateway/platforms";
import { renderBundle } from "../../gateway/renderBundle";
import { sitePart, siteSecretPart } from "../../gateway/site/parts";
import { viewFrom, type SiteView } from "../../gateway/site/spec";
import { platformNames, type GatewaySpec, type PlatformName } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";
import { goldenTree } from "./goldenTree";
import { exampleLac, exampleLacSecrets } from "./lac/specs";
import { exampleBgpSite, exampleSite, exampleSiteCertificates, exampleSiteSecrets } from "./site/specs";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

/** The RHEL family. Nothing of it was run: docs/platforms.md. What is promised here is of the files. */

const parts = (spec: GatewaySpec) => renderBundle(spec, exampleSecrets(spec)).parts;
const filesOf = (spec: GatewaySpec): Record<string, string> => Object.fromEntries(parts(spec).flatMap(({ files }) => files.map(({ path: file, content }) => [file, content])));
const whole = (files: Record<string, string>) => Object.entries(files).map(([file, content]) => `${file}\n${content}`).join("\n");
const errors = (spec: GatewaySpec) => validateSpec(spec).filter(({ severity }) => severity === "error");

const el9 = exampleSpec({ platform: "el9" });
const unit = (files: Record<string, string>, name: string) => files[`/etc/systemd/system/${name}`];

/** What a distribution alone has: paths, users, programs. */
const ofDebian = /\/etc\/swanctl|\/etc\/strongswan\.d|\/etc\/strongswan\.conf|\/run\/charon|apt-get|dpkg|freerad\b|\/usr\/lib\/(frr|freeradius|ipsec)\b/;
const ofRhel = /\/etc\/strongswan\/|\/run\/strongswan|\/usr\/lib64|\/usr\/libexec|radiusd\.service|\bdnf\b|kernel-modules-extra/;

/** Each spec whose tree is golden, on a platform, as far as the platform has what it asks for. */
function on(name: PlatformName): [string, GatewaySpec][] {
  const { l2tpMissing } = platform(name);
  return Object.entries(goldenSpecs)
    .map(([title, spec]): [string, GatewaySpec] => [title, { ...spec, platform: name, ...(l2tpMissing === undefined ? {} : { l2tp: undefined, lac: undefined }) }])
    .filter(([, spec]) => errors(spec).length === 0);
}

describe.each([["debian13", ofRhel], ["ubuntu2404", ofRhel], ["el9", ofDebian], ["el10", ofDebian]] as const)("%s", (name, foreign) => {
  const specs = on(name);

  test("most of what is golden can be had on it", () => expect(specs.length).toBeGreaterThan(8));
  test.each(specs)("%s: no path or program of another family", (_, spec) => {
    expect(whole(filesOf(spec))).not.toMatch(foreign);
  });
  test.each(specs)("%s: all that strongSwan reads is where this strongSwan reads it", (_, spec) => {
    const { strongswan } = platform(name);
    const files = Object.keys(filesOf(spec)).filter((file) => /swanctl|strongswan/.test(file) && !file.startsWith("/etc/systemd/"));
    for (const file of files) expect(Object.values(strongswan)).toContain(file);
    expect(files).toContain(strongswan.charon);
  });
});

test("the twin: those patterns do find what they are for", () => {
  expect(whole(filesOf(exampleSpec()))).toMatch(ofDebian);
  expect(whole(filesOf(el9))).toMatch(ofRhel);
});

describe("RHEL 9", () => {
  const files = filesOf(el9);
  const base = parts(el9).find(({ name }) => name === "base");

  test("its packages are EPEL's and its own", () => {
    expect(base?.packages).toEqual(["strongswan", "nftables", "python3", "xl2tpd", "ppp"]);
    expect(base?.modules).toContain("l2tp_ppp");
  });
  test("l2tp_ppp, which kernel-modules-extra has blacklisted, is loaded by name before xl2tpd, and not by modules-load.d", () => {
    expect(unit(files, "xl2tpd.service")).toMatch(/^ExecStartPre=\+\/usr\/sbin\/modprobe l2tp_ppp\nExecStart=/m);
    expect(files["/etc/modules-load.d/vpn-gateway.conf"]).not.toMatch(/^l2tp_ppp$/m);
    const debian = filesOf(exampleSpec());
    expect(unit(debian, "xl2tpd.service")).not.toContain("modprobe");
    expect(debian["/etc/modules-load.d/vpn-gateway.conf"]).toMatch(/^l2tp_ppp$/m);
  });
  test("no unit keeps its program from the domain that SELinux has for it, and all else of the sandbox stays", () => {
    const drop = (text: string) => text.replace(/^NoNewPrivileges=yes\n/gm, "");
    const debian = filesOf(exampleSpec());
    for (const [file, text] of Object.entries(files).filter(([name]) => name.startsWith("/etc/systemd/"))) {
      expect(text).not.toContain("NoNewPrivileges");
      if (!file.endsWith("xl2tpd.service")) expect(text).toBe(drop(debian[file]));
    }
    expect(unit(files, "strongswan.service.d/vpn-gateway.conf")).toContain("MemoryDenyWriteExecute=yes");
  });
  test("MD4 is there without OpenSSL's legacy provider", () => {
    expect(files["/etc/strongswan/strongswan.d/vpn-gateway.conf"]).toMatch(/ load = .*\bmd4 eap-identity eap-mschapv2\b/);
    expect(filesOf(exampleSpec({ platform: "el9", ikev2: undefined }))["/etc/strongswan/strongswan.d/vpn-gateway.conf"]).not.toContain("md4");
  });
  test("BGP: FRR's daemons have one file, though the package gave each its own", () => {
    const spec = exampleSpec({ platform: "el9", sites: true, bgp: true });
    expect(filesOf(spec)["/etc/frr/vtysh.conf"]).toMatch(/^service integrated-vtysh-config$/m);
    expect(parts(spec).find(({ name }) => name === "base")?.packages).toContain("frr");
    expect(filesOf({ ...spec, platform: "debian13" })["/etc/frr/vtysh.conf"]).toBeUndefined();
  });
});

describe("what is refused, with the reason", () => {
  test.each<[string, Partial<GatewaySpec>, string, RegExp]>([
    ["L2TP on RHEL 10", { platform: "el10" }, "l2tp", /cannot be had on el10: no source that could be read shows xl2tpd/],
    ["connections to an LNS on RHEL 10", { platform: "el10", l2tp: undefined, sites: true, lac: true }, "sites.lac", /cannot be had on el10: no source/],
    ["RADIUS on the gateway itself", { platform: "el9", radius: { servers: [{ host: "127.0.0.1" }], onGateway: {} } }, "radius.onGateway", /SELinux lets keepalived and radiusd/],
    ["one of a pair", { platform: "el9", pair: goldenSpecs["pair-floating"].pair }, "platform", /cannot be one of a pair: SELinux/],
  ])("%s", (_, changes, where, message) => {
    expect(errors(exampleSpec(changes))).toContainEqual(expect.objectContaining({ path: where, message: expect.stringMatching(message) as string }));
  });
  test("and nothing else of RHEL 9, or of RHEL 10 without L2TP", () => {
    expect(errors(el9)).toEqual([]);
    expect(errors(exampleSpec({ platform: "el9", sites: true, bgp: true, lac: true }))).toEqual([]);
    expect(errors(exampleSpec({ platform: "el10", l2tp: undefined, sites: true, bgp: true }))).toEqual([]);
  });
});

describe("connections of their own", () => {
  const view = (spec = exampleSite()): SiteView => viewFrom({ ...spec, left: { ...spec.left, platform: "el9" } }, "left");
  const tree = (part: { files: { path: string; content: string }[] }[]) => Object.fromEntries(part.flatMap(({ files }) => files.map(({ path: file, content }) => [file, content])));

  test("a site's part has its files where this strongSwan reads them, and is otherwise the same", () => {
    const made = tree([sitePart(view()), siteSecretPart(view(), exampleSiteSecrets)]);
    expect(made).toEqual(goldenTree(path.join("..", "site", "golden", "el9"), made));
    expect(whole(made)).not.toMatch(ofDebian);
    const certificate = { ...exampleSite(), authentication: "certificate" as const };
    const signed = tree([sitePart(view(certificate), exampleSiteCertificates), siteSecretPart(view(certificate), exampleSiteCertificates)]);
    expect(Object.keys(signed).filter((file) => file.startsWith("/etc/strongswan/")).sort()).toEqual(
      ["conf.d/site-office-to-cloud.conf", "private/site-office-to-cloud.pem", "x509/site-office-to-cloud.pem", "x509ca/site-office-to-cloud.pem"].map((file) => `/etc/strongswan/swanctl/${file}`),
    );
    expect(whole(tree([sitePart(view(exampleBgpSite()))]))).not.toMatch(ofDebian);
  });
  test("so has a connection to an LNS, whose daemon has the module loaded by name", () => {
    const spec = exampleLac({ gateway: { ...exampleLac().gateway, platform: "el9" } });
    const made = tree([lacPart(spec), lacSecretPart(spec, exampleLacSecrets)]);
    expect(whole(made)).not.toMatch(ofDebian);
    expect(Object.keys(made)).toEqual(expect.arrayContaining(["/etc/strongswan/swanctl/conf.d/lac-head-office.conf", "/etc/strongswan/swanctl/conf.d/lackey-head-office.conf"]));
    expect(made["/etc/systemd/system/vpn-gateway-lac-head-office.service"]).toMatch(/^ExecStartPre=\+\/usr\/sbin\/modprobe l2tp_ppp$/m);
  });
});

test("each platform has a table, and nothing in it is another's", () => {
  for (const name of platformNames) expect(platform(name).name).toBe(name);
});
