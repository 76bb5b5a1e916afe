import { sitePart } from "../../../gateway/site/parts";
import { viewFrom, type Side, type SiteConnectionSpec, type SiteRevocation } from "../../../gateway/site/spec";
import { validateSite } from "../../../gateway/site/validate";
import { exampleEnd, exampleSite, exampleSiteCertificates } from "./specs";

function revoking(revocation: Partial<SiteRevocation> = {}, changes: Partial<SiteConnectionSpec> = {}): SiteConnectionSpec {
  return exampleSite({ authentication: "certificate", revocation: { room: { left: true, right: true }, revoked: { left: false, right: false }, revokedSerials: [], ...revocation }, ...changes });
}
const files = (spec: SiteConnectionSpec, side: Side) => sitePart(viewFrom(spec, side), exampleSiteCertificates).files;
const connection = (spec: SiteConnectionSpec, side: Side) => files(spec, side).find(({ path }) => path.endsWith(".conf"))!.content;
const lists = (spec: SiteConnectionSpec, side: Side) => files(spec, side).filter(({ path }) => path === "/etc/swanctl/x509crl/site-office-to-cloud.pem").map(({ content }) => content);
const problems = (spec: SiteConnectionSpec) => validateSite(spec).map(({ path, message }) => `${path}: ${message}`);

describe("revocation between two gateways", () => {
  test("whoever looks at lists lets nobody in without one", () => {
    for (const side of ["left", "right"] as const) {
      expect(lists(revoking(), side)).toEqual([exampleSiteCertificates.revocationList]);
      expect(connection(revoking(), side)).toMatch(/cacerts = site-office-to-cloud\.pem\n\s+# Certificates that hold no longer: none\.\n\s+revocation = strict\n/);
      expect(() => sitePart(viewFrom(revoking(), side), { ...exampleSiteCertificates, revocationList: "" })).toThrow(/needs a certificate/);
    }
  });
  test("whoever does not is as without all this", () => {
    const half = revoking({ room: { left: true, right: false } });
    expect(files(half, "right")).toEqual(files(exampleSite({ authentication: "certificate" }), "right"));
    expect(lists(half, "left")).toHaveLength(1);
  });
  test("each revocation makes the connection's text another where the certificate is judged, and there alone", () => {
    const left = revoking({ revoked: { left: true, right: false } });
    expect(connection(left, "right")).toContain("no longer: the left end's own.");
    expect(connection(left, "left")).toBe(connection(revoking(), "left"));
    const specs = [revoking(), revoking({ revoked: { left: false, right: true } }), revoking({ revokedSerials: ["0A"] }), revoking({ revokedSerials: ["0A", "0B"] })];
    expect(new Set(specs.map((spec) => connection(spec, "left"))).size).toBe(4);
  });
});

describe("refused", () => {
  test("nothing of a connection that is right", () => {
    expect(problems(revoking())).toEqual([]);
    expect(problems(revoking({ room: { left: false, right: false } }))).toEqual([]);
    expect(problems(revoking({ revoked: { left: false, right: true }, room: { left: true, right: false } }))).toEqual([]);
    expect(problems(revoking({ revokedSerials: ["0a:0B", "F"] }))).toEqual([]);
  });
  const blind = (side: string) => `${side}: looks at no revocation list, so that it would go on letting in what is revoked`;
  test.each<[string, SiteConnectionSpec, string[]]>([
    ["the end that would have to look does not", revoking({ revoked: { left: false, right: true }, room: { left: false, right: true } }), [blind("left")]],
    ["a serial number, and neither looks", revoking({ revokedSerials: ["0A"], room: { left: false, right: false } }), [blind("left"), blind("right")]],
    ["what is no serial number, and all at once", revoking({ revokedSerials: ["0A", "xyz", ""], room: { left: true, right: false } }), [blind("right"), "revokedSerials[1]: is no serial number of a certificate", "revokedSerials[2]: is no serial number of a certificate"]],
    ["revoking without certificates", revoking({ revoked: { left: true, right: true }, revokedSerials: ["0A"] }, { authentication: "psk" }), ["leftRevoked", "rightRevoked", "revokedSerials"].map((path) => `${path}: is about certificates, and the ends prove themselves by a pre-shared key`)],
    ["a device", revoking({ revoked: { left: false, right: true } }, { right: exampleEnd({ name: "branch", kind: "device", endpoint: "198.51.100.70", identity: "198.51.100.70", networks: ["10.40.0.0/24", "fd40::/64"], pools: [] }) }), ["rightRevoked: is between two gateways, and one end is a device"]],
  ])("%s", (_what, spec, said) => {
    expect(problems(spec)).toEqual(said);
  });
});
