import { espSuites, type EspSuiteName } from "../../gateway/cipherSuites";
import { ikev2InnerMtu } from "../../gateway/mtu";
import { charonName, siteMtus } from "../../gateway/site/mtu";
import { validateSite } from "../../gateway/site/validate";
import { linkMtus, outsides, suitesOn } from "../../lab/scenarios/sitePathMtu";
import { exampleEnd, exampleSite } from "../gateway/site/specs";

const everySuite = Object.keys(espSuites) as EspSuiteName[];

describe("the matrix of suites, outsides and links between sites", () => {
  it("has both protocols outside, with and without UDP, and every suite on the whole link", () => {
    expect(outsides.map(({ outer, natTraversal }) => `${outer} ${natTraversal}`).sort()).toEqual(["4 false", "4 true", "6 false", "6 true"]);
    expect(suitesOn(1500)).toEqual(everySuite);
    expect(outsides.length * linkMtus.reduce((sum, linkMtu) => sum + suitesOn(linkMtu).length, 0)).toBe(72);
  });

  it("asks for nothing that a connection refuses, and for the sizes that its gateways are told", () => {
    for (const outsideMtu of linkMtus) {
      const { left, right } = exampleSite();
      const both = { outsideMtu, proposals: { ike: left.proposals.ike, esp: everySuite } };
      const spec = exampleSite({ left: exampleEnd({ ...left, ...both }), right: exampleEnd({ ...right, ...both }) });
      expect(validateSite(spec)).toEqual([]);
      for (const suite of everySuite)
        expect(siteMtus(spec)[charonName(espSuites[suite])].ipv6Udp).toBe(ikev2InnerMtu({ linkMtu: outsideMtu, suite: espSuites[suite], natTraversal: true, outer: 6 }));
    }
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
