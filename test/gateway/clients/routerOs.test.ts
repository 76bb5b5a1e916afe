import * as fc from "fast-check";
import { espProposals, ikeProposals } from "../../../gateway/cipherSuites";
import type { GatewaySpec } from "../../../gateway/spec";
import { validateSpec } from "../../../gateway/validate";
import { authorityOf, issued } from "../certificates/helpers";
import { hostile } from "../hostile";
import { exampleSpec } from "../specs";
import { clientSecrets, filesOf } from "./helpers";

const at = "router/office.rsc";
const password = "canary-password-0-8431";

interface Command {
  path: string;
  properties: Record<string, string>;
}

/** A script's commands as RouterOS reads them: words, and within quotes whatever is behind a backslash (manual, Scripting). */
function commands(text: string): Command[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const [, path, rest] = /^((?:\/?[a-z][a-z0-9-]*(?: |$))+?)(?=[a-z0-9-]+=)(.*)$/.exec(line) ?? [];
    const properties: Record<string, string> = {};
    let left = rest;
    while (left !== "") {
      const found = /^([a-z0-9-]+)=(?:"((?:[^"\\$?]|\\.)*)"|([^\s"\\$?!<>=;()[\]{}]*))(?: |$)/.exec(left);
      if (found === null) throw new Error(`not read: ${left}`);
      if (Object.hasOwn(properties, found[1])) throw new Error(`twice: ${found[1]}`);
      properties[found[1]] = found[2]?.replace(/\\(.)/g, "$1") ?? found[3];
      left = left.slice(found[0].length);
    }
    return { path: path.trim(), properties };
  });
}
const script = (changes: Partial<GatewaySpec> = {}) => commands(filesOf(changes)[at]);
const of = (path: string, found: Command[]) => found.filter((command) => command.path === path).map(({ properties }) => properties);

test("the proposals are the gateway's, in what RouterOS knows of them", () => {
  const found = script();
  expect(of("/ip ipsec profile add", found)).toEqual([{ name: "office", "hash-algorithm": "sha384", "enc-algorithm": "aes-256", "dh-group": "ecp384", "dpd-interval": "30s", "dpd-maximum-failures": "4", "nat-traversal": "yes" }]);
  expect(of("/ip ipsec proposal add", found)).toEqual([{ name: "office", "auth-algorithms": "", "enc-algorithms": "aes-256-gcm", "pfs-group": "ecp384" }]);
  expect(ikeProposals("ikev2", ["linux"]).some((text) => /^aes256-sha384-.*ecp384/.test(text))).toBe(true);
  expect(espProposals("ikev2", ["linux"])[0]).toMatch(/^aes256gcm16-.*ecp384/);
});

test("of a gateway for Windows alone: no perfect forward secrecy, which that gateway does not offer", () => {
  const found = script({ clients: ["windows"] });
  expect(of("/ip ipsec proposal add", found)).toMatchObject([{ "enc-algorithms": "aes-256-gcm", "pfs-group": "none" }]);
  expect(of("/ip ipsec profile add", found)).toMatchObject([{ "hash-algorithm": "sha256", "enc-algorithm": "aes-256", "dh-group": "modp2048" }]);
  for (const kind of ["apple", "android"] as const) expect(of("/ip ipsec profile add", script({ clients: [kind] }))).toHaveLength(1);
});

test("the password proves the user, the authority's certificate and its name the gateway", () => {
  const found = script({ endpoint: "vpn.example.com" });
  expect(of("/certificate import", found)).toEqual([{ "file-name": "authority.crt", passphrase: "" }]);
  expect(of("/ip ipsec peer add", found)).toEqual([{ name: "office", address: "vpn.example.com", "exchange-mode": "ike2", profile: "office" }]);
  expect(of("/ip ipsec identity add", found)).toEqual([
    {
      peer: "office", "auth-method": "eap", "eap-methods": "eap-mschapv2", certificate: "", username: "alice", password, "remote-id": "fqdn:vpn.example.com",
      "generate-policy": "port-strict", "mode-config": "office", "policy-template-group": "office",
    },
  ]);
  expect(of("/ip ipsec identity add", script())).toMatchObject([{ "remote-id": "address:192.0.2.11" }]);
});

test("full tunnel: all of the LAN's; split tunnel: the list of networks alone, and the name server outside of them", () => {
  const marks = (found: Command[]) => of("/ip firewall mangle add", found).filter(({ action }) => action === "mark-connection");
  const full = script();
  expect(marks(full)).toMatchObject([{ "in-interface-list": "LAN", "dst-address-type": "!local", "new-connection-mark": "office" }]);
  expect(of("/ip firewall address-list add", full)).toEqual([]);
  const split = script({ tunnel: "split", ikev2: { pool: "10.77.2.0/24", pool6: "fd77:2::/64" }, insideNetworks: ["10.20.0.0/16", "2001:db8:20::/48"] });
  expect(marks(split)).toMatchObject([{ "in-interface-list": "LAN", "dst-address-list": "office", "new-connection-mark": "office" }]);
  expect(marks(split)[0]).not.toHaveProperty("dst-address-type");
  expect(of("/ip firewall address-list add", split).map(({ address }) => address)).toEqual(["10.20.0.0/16", "9.9.9.9/32"]);
  for (const found of [full, split]) expect(of("/ip ipsec mode-config add", found)).toEqual([{ name: "office", responder: "no", "connection-mark": "office" }]);
  expect(filesOf({ tunnel: "split" })[at]).toContain("but the first of several networks");
  expect(filesOf()[at]).not.toContain("but the first of several networks");
});

test("segments are of the computed size, in both directions", () => {
  const clamps = of("/ip firewall mangle add", script()).filter(({ action }) => action === "change-mss");
  expect(clamps.map((each) => [each["ipsec-policy"], each["new-mss"], each["tcp-mss"]])).toEqual([["in,ipsec", "1382", "!0-1382"], ["out,ipsec", "1382", "!0-1382"]]);
});

test("who has a certificate: it is imported, nothing holds their password, and the identity is as in the certificate", () => {
  const signer = authorityOf("office VPN authority");
  for (const [user, id] of [["alice", "fqdn:alice"], ["bob@example.com", "user-fqdn:bob@example.com"]]) {
    const files = filesOf(
      { l2tp: undefined, ikev2: { pool: "10.77.2.0/24", certificates: true }, users: [{ name: user, authentication: "certificate" }] },
      user,
      { authority: signer.certificate, credentials: { [user]: { ...issued(signer, user), containerPassword: "canary-container-8431" } } },
    );
    const found = commands(files[at]);
    expect(of("/certificate import", found)).toEqual([{ "file-name": "authority.crt", passphrase: "" }, { "file-name": "office-legacy.p12", passphrase: "canary-container-8431" }]);
    expect(files).toHaveProperty(["certificate/office-legacy.p12"]);
    expect(of("/ip ipsec identity add", found)).toMatchObject([{ "auth-method": "digital-signature", certificate: "office-legacy.p12_0", "my-id": id }]);
    expect(files[at]).not.toContain(password);
  }
});

test("none without IKEv2, and none for a name or a password that no script can carry", () => {
  expect(filesOf({ ikev2: undefined })).not.toHaveProperty([at]);
  expect(filesOf({ users: [{ name: "Zoë" }] }, "Zoë")).not.toHaveProperty([at]);
  expect(filesOf({}, "alice", { passwords: { ...clientSecrets(exampleSpec()).passwords, alice: "pässword-canary" } })).not.toHaveProperty([at]);
  expect(filesOf({ users: [{ name: "Zoë" }] }, "Zoë")["instructions.html"]).not.toContain("RouterOS");
  expect(filesOf()["instructions.html"]).toContain("/import file-name=office.rsc");
});

test("whatever validation lets through is itself to RouterOS' reader, or is not there", () => {
  const input = fc.record({ name: fc.oneof(hostile, fc.string({ minLength: 1, maxLength: 12 })), password: fc.oneof(hostile, fc.string({ minLength: 8, maxLength: 20 })) });
  let carried = 0;
  for (const { name, password } of fc.sample(input, 300)) {
    const spec = exampleSpec({ users: [{ name }], l2tp: undefined });
    if (validateSpec(spec, { passwords: { [name]: password } }).some(({ severity }) => severity === "error")) continue;
    const text = filesOf({ users: [{ name }], l2tp: undefined }, name, { passwords: { [name]: password } })[at];
    if (text === undefined) continue;
    carried += 1;
    expect(of("/ip ipsec identity add", commands(text))).toMatchObject([{ username: name, password }]);
  }
  expect(carried).toBeGreaterThan(15);
});
