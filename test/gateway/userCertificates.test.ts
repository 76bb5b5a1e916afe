import { charonPlugins } from "../../gateway/render/charon";
import { renderConnections, renderEapSecrets } from "../../gateway/render/swanctl";
import { renderUserConnections } from "../../gateway/render/userConnections";
import { renderUsers } from "../../gateway/render/users";
import { renderBundle } from "../../gateway/renderBundle";
import type { UserSpec } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";
import { readStrongswanConf, type Tree } from "./formats/readers";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

const spec = goldenSpecs.certificates;
const connections = () => (readStrongswanConf(renderUserConnections(spec, spec.ikev2!)) as Record<string, Record<string, Tree>>).connections;
const remote = (name: string) => connections()[name].remote as Record<string, string>;

describe("a user with a certificate", () => {
  test("comes in by a signature, with their name or their certificate's, or by EAP-TLS; with a list that must be there", () => {
    const vouched = { cacerts: "vpn-gateway.pem", revocation: "strict" };
    expect(remote("ikev2-alice")).toEqual({ auth: "pubkey", id: "alice", ...vouched });
    expect(remote("ikev2dn-alice")).toEqual({ auth: "pubkey", id: "asn1dn:#3010310e300c06035504030c05616c696365", ...vouched });
    expect(remote("ikev2tls-alice")).toEqual({ auth: "eap-tls", id: "alice", eap_id: "alice", ...vouched });
    expect(connections()["ikev2-alice"]).toMatchObject({ pools: "ikev2-ipv4", unique: "never", local: { auth: "pubkey" } });
  });
  test("has a fixed address by both, and whoever dials last has it", () => {
    const pools = "user4-carol_40example_2ecom-1, user4-carol_40example_2ecom-2, user4-carol_40example_2ecom-3";
    for (const kind of ["ikev2", "ikev2dn", "ikev2tls"]) expect(connections()[`${kind}-carol_40example_2ecom`]).toMatchObject({ pools, unique: "replace" });
  });
  test("who is revoked has no connection, who has a password none of their own, and nobody both", () => {
    expect(Object.keys(connections()).sort()).toEqual(["ikev2-alice", "ikev2-carol_40example_2ecom", "ikev2dn-alice", "ikev2dn-carol_40example_2ecom", "ikev2tls-alice", "ikev2tls-carol_40example_2ecom"]);
    const secrets = (readStrongswanConf(renderEapSecrets(spec, exampleSecrets(spec))) as Record<string, Tree>).secrets;
    expect(Object.keys(secrets)).toEqual(["eap-bob_40example_2ecom"]);
  });
  test("the list of users says so, a user a line", () => {
    expect(renderUsers(spec).split("\n")).toEqual([
      '{"name":"alice","authentication":"certificate"}',
      '"bob@example.com"',
      '{"name":"carol@example.com","authentication":"certificate","validUntil":"2027-01-01T00:00:00Z","protocols":["ikev2"],"ikev2Address":"10.77.4.52"}',
      '{"name":"dave","authentication":"certificate","revoked":true}',
      "",
    ]);
  });
});

test("charon has EAP-TLS, looks at the list, and asks for certificates; password users' connections are as they were", () => {
  const { connections: all } = readStrongswanConf(renderConnections(spec)) as Record<string, Record<string, Record<string, Tree>>>;
  for (const name of ["ikev2-ask", "ikev2"]) expect(all[name].remote).toMatchObject({ auth: "eap-mschapv2", id: "%any", eap_id: "%any" });
  expect(all.ikev2.send_certreq).toBe("yes");
  expect(charonPlugins(spec)).toEqual(expect.arrayContaining(["revocation", "eap-tls", "x509", "constraints"]));
  expect(charonPlugins(exampleSpec()).filter((name) => /revocation|tls/.test(name))).toEqual([]);
});

test("the list goes with the gateway's identity, and must be there", () => {
  const list = () => renderBundle(spec, { ...exampleSecrets(spec), revocationList: undefined });
  expect(list).toThrow("need a revocation list");
  const identity = renderBundle(spec, exampleSecrets(spec)).parts[0];
  expect(identity.files.find(({ path }) => path.includes("x509crl"))).toMatchObject({ path: "/etc/swanctl/x509crl/vpn-gateway.pem", mode: 0o644 });
  expect(renderBundle(exampleSpec(), exampleSecrets(exampleSpec())).parts[0].files.map(({ path }) => path).join()).not.toContain("x509crl");
});

/** Errors of a spec whose users are these, as `path: message`. */
function errors(users: object[], ikev2: object | undefined = { certificates: true }, changes: object = {}): string {
  const described = exampleSpec({ ...changes, ikev2: ikev2 && { pool: "10.77.2.0/24", ...ikev2 }, users: users.map((user, index) => ({ name: `u${index}`, ...user })) as UserSpec[] });
  return validateSpec(described).filter(({ severity }) => severity === "error").map(({ path, message }) => `${path}: ${message}`).join("\n");
}

test.each<[string, object[], RegExp, object]>([
  ["an unknown way", [{ authentication: "fingerprint" }], /^users\[0\]\.authentication: is no way to prove oneself/, { certificates: true }],
  ["a certificate where they are off", [{ authentication: "certificate" }], /needs ikev2\.certificates, which is off/, {}],
  ["a certificate for who may not use it", [{ authentication: "certificate", protocols: ["l2tp"] }], /is for IKEv2, by which this user is not let in/, { certificates: true }],
  ["a name that no certificate holds", [{ name: "Ann B", authentication: "certificate" }], /^users\[0\]\.name: stands in a certificate as neither/, { certificates: true }],
  ["the gateway's own name", [{ name: "VPN.example.com", authentication: "certificate" }], /^users\[0\]\.name: is the gateway's own name/, { certificates: true }],
  ["a connection's own name", [{ name: "ask", authentication: "certificate" }], /^users\[0\]\.name: would have the name of a connection/, { certificates: true }],
  ["revoking a password", [{ revoked: true }], /^users\[0\]\.revoked: has no certificate to revoke/, { certificates: true }],
  ["a serial number that is none", [], /^ikev2\.revokedSerials\[0\]: is no serial number/, { certificates: true, revokedSerials: ["xyz"] }],
  ["serial numbers where certificates are off", [], /^ikev2\.revokedSerials: has no effect/, { revokedSerials: ["0a"] }],
])("%s is an error", (_, users, expected, ikev2) => {
  expect(errors(users, ikev2, { endpoint: "vpn.example.com" })).toMatch(expected);
});

test("what is right is no error: both kinds of names, a colon between the bytes of a number", () => {
  expect(errors([{ authentication: "certificate" }, { name: "b@example.com", authentication: "certificate", revoked: true }, { authentication: "password" }], { certificates: true, revokedSerials: ["4F:A3:b2", "0a"] })).toBe("");
});
