import { espSuites, type EspSuiteName } from "../../gateway/cipherSuites";
import { ikev2InnerMtu } from "../../gateway/mtu";
import { linkMtus, outsides, suitesOn } from "../../lab/scenarios/sitePathMtu";

const everySuite = Object.keys(espSuites) as EspSuiteName[];

describe("the matrix of suites, outsides and links between sites", () => {
  it("has both protocols outside, with and without UDP, and every suite on the whole link", () => {
    expect(outsides.map(({ outer, natTraversal }) => `${outer} ${natTraversal}`).sort()).toEqual(["4 false", "4 true", "6 false", "6 true"]);
    expect(suitesOn(1500)).toEqual(everySuite);
    expect(outsides.length * linkMtus.reduce((sum, linkMtu) => sum + suitesOn(linkMtu).length, 0)).toBe(72);
  });

  it("leaves out on smaller links only what has the size of one that is there", () => {
    for (const { outer, natTraversal } of outsides)
      for (const linkMtu of linkMtus) {
        const size = (suite: EspSuiteName) => ikev2InnerMtu({ linkMtu, suite: espSuites[suite], natTraversal, outer });
        const there = suitesOn(linkMtu).map(size);
        expect(everySuite.filter((suite) => !there.includes(size(suite)))).toEqual([]);
        // IPv6 within needs it (RFC 8200, 5).
        expect(Math.min(...there)).toBeGreaterThanOrEqual(1280);
      }
  });
});
