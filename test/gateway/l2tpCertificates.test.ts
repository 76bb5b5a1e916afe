import * as fc from "fast-check";
import { certificateName } from "../../gateway/certificates/userCertificate";
import { needsPreSharedKey } from "../../gateway/preSharedKey";
import { charonPlugins } from "../../gateway/render/charon";
import { renderL2tpUserConnections } from "../../gateway/render/l2tpUserConnections";
import { renderChapSecrets } from "../../gateway/render/pppd";
import { renderConnections } from "../../gateway/render/swanctl";
import { renderBundle } from "../../gateway/renderBundle";
import type { GatewaySpec, UserSpec } from "../../gateway/spec";
import { nameInSections } from "../../gateway/users";
import { validateSpec } from "../../gateway/validate";
import { readPppWords, readStrongswanConf, type Tree } from "./formats/readers";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

const spec = goldenSpecs["l2tp-certificates"];
type Sections = Record<string, Record<string, Record<string, Tree>>>;
const own = (of: GatewaySpec) => (readStrongswanConf(renderL2tpUserConnections(of, of.l2tp!)) as Sections).connections;
const everybodys = (of: GatewaySpec) => (readStrongswanConf(renderConnections(of)) as Sections).connections;
/** The same gateway for these users. */
const withUsers = (users: UserSpec[], changes: Partial<GatewaySpec> = {}) => ({ ...spec, users, ...changes });
const certified = (name: string, more: Partial<UserSpec> = {}): UserSpec => ({ name, authentication: "certificate", ...more });

describe("a user with a certificate, by L2TP", () => {
  test("comes in by a signature, with their name or their certificate's; with a list that must be there", () => {
    const vouched = { cacerts: "vpn-gateway.pem", revocation: "strict" };
    const { "l2tp-alice": named, "l2tpdn-alice": bySubject } = own(spec);
    expect(named).toMatchObject({ version: "1", send_cert: "always", unique: "never", local: { auth: "pubkey", certs: "vpn-gateway.pem", id: "192.0.2.11" } });
    expect(named.remote).toEqual({ auth: "pubkey", id: "alice", ...vouched });
    expect(bySubject.remote).toEqual({ auth: "pubkey", id: "asn1dn:#3010310e300c06035504030c05616c696365", ...vouched });
  });
  test("has the child that whoever has the key has: transport, proposals, marks", () => {
    const child = (connection: Record<string, Tree>) => Object.values(connection.children as Record<string, Tree>);
    const shared = everybodys(spec).l2tp;
    for (const connection of Object.values(own(spec))) {
      expect(child(connection)).toEqual(child(shared));
      expect(connection.proposals).toEqual(shared.proposals);
    }
    expect(child(shared)[0]).toMatchObject({ mode: "transport", mark_in: "%unique", mark_out: "%unique", set_mark_in: "%same" });
  });
  test("who is revoked, comes by IKEv2 alone or has a password has no such connection", () => {
    expect(Object.keys(own(spec)).sort()).toEqual(["l2tp-alice", "l2tp-carol_40example_2ecom", "l2tpdn-alice", "l2tpdn-carol_40example_2ecom"]);
  });
  test("PPP still asks for the password", () => {
    const asked = readPppWords(renderChapSecrets(spec, spec.l2tp!, exampleSecrets(spec))).map(([name]) => name);
    expect(asked).toEqual(["alice", "bob@example.com", "carol@example.com", "dave"]);
  });
  test("charon needs no other plugin than for IKEv2 with certificates", () => {
    expect(charonPlugins(spec)).toEqual(charonPlugins(goldenSpecs.certificates));
  });
  test("the list of users says so, and the keeper runs", () => {
    const users = renderBundle(spec, exampleSecrets(spec)).parts[3];
    expect(users.files.find(({ path }) => path === "/etc/vpn-gateway/users")?.content.split("\n")[0]).toBe('{"name":"alice","authentication":"certificate","l2tpCertificate":true}');
    expect(users.services).toContain("vpn-gateway-keeper.service");
    const without = renderBundle(withUsers([certified("alice")], { l2tp: { pool: "10.77.1.0/24" } }), exampleSecrets(spec)).parts[3];
    expect([without.services, without.files.some(({ content }) => content.includes("l2tpCertificate"))]).toEqual([[], false]);
  });
});

describe("the pre-shared key", () => {
  test.each<[string, UserSpec[], Partial<GatewaySpec>, boolean]>([
    ["everybody has a certificate", [certified("alice"), certified("bob")], {}, false],
    ["somebody has not", [certified("alice"), { name: "bob" }], {}, true],
    ["somebody who has not does not come by L2TP", [certified("alice"), { name: "bob", protocols: ["ikev2"] }], {}, false],
    ["somebody who has not is suspended, and may come back", [certified("alice"), { name: "bob", suspended: true }], {}, true],
    ["nobody is there", [], {}, false],
    ["certificates are for IKEv2 alone", [certified("alice")], { l2tp: { pool: "10.77.1.0/24" } }, true],
    ["RADIUS servers let in whom the list does not name", [], { radius: { servers: [{ host: "10.20.0.21" }] } }, true],
    ["RADIUS servers are asked for IKEv2 alone", [certified("alice")], { radius: { servers: [{ host: "10.20.0.21" }], protocols: ["ikev2"] } }, false],
    ["the gateway's own RADIUS server knows the list alone", [certified("alice")], { radius: { servers: [{ host: "127.0.0.1" }], onGateway: {} } }, false],
    ["there is no L2TP", [{ name: "bob" }], { l2tp: undefined }, false],
  ])("%s", (_, users, changes, needed) => {
    const of = withUsers(users, changes);
    expect(needsPreSharedKey(of)).toBe(needed);
    const secrets = exampleSecrets(of);
    const files = renderBundle(of, secrets).parts.flatMap((part) => part.files);
    expect(files.some(({ path, content }) => path.includes("psk") || content.includes(Buffer.from(secrets.preSharedKey!).toString("base64")))).toBe(needed);
    expect(Object.keys(everybodys(of)).includes("l2tp")).toBe(needed);
    const missing = () => renderBundle(of, { ...secrets, preSharedKey: undefined });
    if (needed) expect(missing).toThrow("needs a pre-shared key");
    else expect(missing).not.toThrow();
  });
  test("where nobody needs it a bad one is no problem, and a missing one neither; elsewhere both are", () => {
    const problems = (of: GatewaySpec, preSharedKey: string | undefined) => validateSpec(of, { ...exampleSecrets(of), preSharedKey }).filter(({ path }) => path === "preSharedKey").length;
    expect([problems(withUsers([certified("alice")]), ""), problems(withUsers([{ name: "bob" }]), "")]).toEqual([0, 1]);
  });
});

/** Errors, as `path: message`. */
function errors(changes: Partial<GatewaySpec>): string {
  return validateSpec(exampleSpec(changes)).filter(({ severity }) => severity === "error").map(({ path, message }) => `${path}: ${message}`).join("\n");
}

describe("what is refused", () => {
  const l2tp = { pool: "10.77.1.0/24", certificates: true };
  const ikev2 = { pool: "10.77.2.0/24", certificates: true };
  test.each<[string, Partial<GatewaySpec>, RegExp]>([
    ["without the certificates of IKEv2", { l2tp }, /^l2tp\.certificates: needs ikev2\.certificates/],
    ["without IKEv2", { l2tp, ikev2: undefined }, /^l2tp\.certificates: needs ikev2\.certificates/],
    ["where clients of one NAT are not told apart", { l2tp: { ...l2tp, sharedNat: false }, ikev2 }, /^l2tp\.certificates: needs l2tp\.sharedNat/],
    ["where RADIUS servers are asked for L2TP", { l2tp, ikev2, radius: { servers: [{ host: "10.20.0.21" }] }, users: [] }, /^l2tp\.certificates: has no effect where RADIUS/],
    ["a certificate by L2TP alone where L2TP takes none", { l2tp: { pool: "10.77.1.0/24" }, ikev2, users: [certified("alice", { protocols: ["l2tp"] })] }, /is for IKEv2, by which this user is not let in/],
    ["a name that no certificate holds", { l2tp, ikev2, users: [certified("Ann B", { protocols: ["l2tp"] })] }, /^users\[0\]\.name: stands in a certificate as neither/],
  ])("%s", (_, changes, expected) => {
    expect(errors(changes)).toMatch(expected);
  });
  test("and what is right is not: by L2TP alone, beside passwords, RADIUS for IKEv2 alone", () => {
    expect(errors({ l2tp, ikev2, users: [certified("alice", { protocols: ["l2tp"] }), { name: "bob" }] })).toBe("");
    expect(errors({ l2tp, ikev2, radius: { servers: [{ host: "10.20.0.21" }], protocols: ["ikev2"] }, users: [certified("alice")] })).toBe("");
  });
});

test("names that a certificate holds stand in the connections as they are, each in its own", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,12}(@[a-z0-9-]{1,8}(\.[a-z]{2,4})?)?$/).filter((text) => certificateName(text) !== undefined);
  const text = (id: string) => (/^(?:fqdn|email|keyid):#/.test(id) ? Buffer.from(id.split("#")[1], "hex").toString("utf8") : id.replace(/^(?:fqdn|email|keyid):/, ""));
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 4, selector: (one) => one.toLowerCase() }), (names) => {
      const found = own(withUsers(names.map((one) => certified(one))));
      expect(Object.keys(found)).toHaveLength(2 * names.length);
      for (const one of names) {
        const section = nameInSections(one);
        expect(text((found[`l2tp-${section}`].remote as { id: string }).id)).toBe(one);
        const subject = Buffer.from((found[`l2tpdn-${section}`].remote as { id: string }).id.replace("asn1dn:#", ""), "hex");
        expect(subject.subarray(-Buffer.byteLength(one)).toString("utf8")).toBe(one);
      }
    }),
    { numRuns: 300 },
  );
});
