import { meshPicture } from "../../lab/demonstration/meshPicture";

const gateways = ["office", "cloud", "<branch>"].map((name) => ({ name, lines: ["AS 4200000001"] }));

test("a mesh as a picture: a line for each connection, another for one that does not stand, and text that is text", () => {
  const svg = meshPicture(gateways, [{ left: "office", right: "cloud", stands: true }, { left: "office", right: "<branch>", stands: false }, { left: "office", right: "nobody", stands: true }]);
  expect(svg.match(/<line /g)).toHaveLength(2);
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
  expect(svg).toMatch(/<line x1="\d+"/);
  expect(svg).toContain("&lt;branch&gt;");
  expect(svg).not.toContain("<branch>");
});
