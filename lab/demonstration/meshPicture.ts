import { element, renderSvg, type HtmlNode } from "../../gateway/formats/html";

/** A gateway of the picture, and what is written under its name. */
export interface PictureGateway {
  name: string;
  lines: readonly string[];
}

export interface PictureConnection {
  left: string;
  right: string;
  /** As `vpn-gateway status` says. */
  stands: boolean;
}

const [width, round, boxWidth, boxHeight] = [640, 400, 170, 64] as const;
const colours = { stands: "#1a7f37", down: "#cf222e", box: "#ddf4ff", edge: "#0969da", text: "#1f2328" } as const;

/** A mesh as SVG: gateways in a circle, a line for each connection, dashed and red where it does not stand. */
export function meshPicture(gateways: readonly PictureGateway[], connections: readonly PictureConnection[]): string {
  const places = new Map(
    gateways.map(({ name }, index) => {
      const angle = (2 * Math.PI * index) / gateways.length - Math.PI / 2;
      return [name, { x: Math.round(width / 2 + (width / 2 - 110) * Math.cos(angle)), y: Math.round(round / 2 + (round / 2 - 50) * Math.sin(angle)) }];
    }),
  );
  const lines = connections.flatMap(({ left, right, stands }) => {
    const [from, to] = [places.get(left), places.get(right)];
    if (from === undefined || to === undefined) return [];
    const dashes: Record<string, string> = stands ? {} : { "stroke-dasharray": "8 6" };
    return [element("line", { x1: String(from.x), y1: String(from.y), ...end(to), stroke: stands ? colours.stands : colours.down, "stroke-width": "3", ...dashes })];
  });
  const boxes = gateways.flatMap(({ name, lines: more }) => {
    const { x, y } = places.get(name)!;
    const text = (words: string, row: number, bold: boolean) =>
      element("text", { x: String(x), y: String(y - boxHeight / 2 + 20 + 17 * row), "text-anchor": "middle", "font-family": "sans-serif", "font-size": "13", "font-weight": bold ? "bold" : "normal", fill: colours.text }, words);
    const frame = element("rect", { x: String(x - boxWidth / 2), y: String(y - boxHeight / 2), width: String(boxWidth), height: String(boxHeight), rx: "8", fill: colours.box, stroke: colours.edge });
    return [frame, text(name, 0, true), ...more.slice(0, 2).map((words, row) => text(words, row + 1, false))];
  });
  const height = Math.max(0, ...[...places.values()].map(({ y }) => y)) + boxHeight / 2 + 18;
  return renderSvg(width, height, [...lines, ...boxes] satisfies HtmlNode[]);
}

function end({ x, y }: { x: number; y: number }): Record<string, string> {
  return { x2: String(x), y2: String(y) };
}
