import { charonPlugins } from "../../../gateway/render/charon";
import { renderReadableParts } from "../../../gateway/renderBundle";
import { validateSpec } from "../../../gateway/validate";
import { exampleSpec } from "../specs";

const sites = exampleSpec({ l2tp: undefined, ikev2: undefined, sites: true, users: [] });

describe("room for revocation lists", () => {
  test("is one plugin of charon's, and nothing else", () => {
    const revocation = { ...sites, siteRevocation: true };
    expect(charonPlugins(revocation).filter((name) => !charonPlugins(sites).includes(name))).toEqual(["revocation"]);
    expect(charonPlugins(revocation)).toEqual(expect.arrayContaining(["x509", "constraints"]));
    expect(validateSpec(revocation)).toEqual([]);
    const files = (spec: typeof sites) => renderReadableParts(spec).flatMap((part) => part.files.map((file) => [file.path, file.content]));
    const before = new Map(files(sites) as [string, string][]);
    expect(files(revocation).filter(([path, content]) => before.get(path) !== content).map(([path]) => path)).toEqual(["/etc/strongswan.d/vpn-gateway.conf"]);
  });
  test("without room for site connections it is refused", () => {
    expect(validateSpec(exampleSpec({ siteRevocation: true })).map(({ path }) => path)).toContain("sites.revocation");
  });
});
