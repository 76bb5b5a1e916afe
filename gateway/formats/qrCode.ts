import qrcode from "qrcode-generator";
import { element, type HtmlNode } from "./html";

/** Rows of a QR code; true is dark. */
export type QrCode = readonly (readonly boolean[])[];

/** White modules that must stand around it (ISO/IEC 18004, 6.3.8). */
const quietZone = 4;

/**
 * A text as a QR code of the least size, in UTF-8, readable with 15 % of it spoiled (error correction M).
 *
 * @throws Error for a text of more than 2,331 bytes, the most that one holds.
 */
export function qrCode(text: string): QrCode {
  const made = qrcode(0, "M");
  // The library takes the low byte of each character; each of these is a byte of the text in UTF-8.
  made.addData(Buffer.from(text, "utf8").toString("latin1"), "Byte");
  made.make();
  const size = made.getModuleCount();
  return Array.from({ length: size }, (_, row) => Array.from({ length: size }, (__, column) => made.isDark(row, column)));
}

/** The code as a drawing within a page, with its margin. One path, so that the lines between modules do not show. */
export function qrCodeDrawing(code: QrCode, label: string): HtmlNode {
  const side = code.length + 2 * quietZone;
  const runs = code.flatMap((row, y) => [...runsOf(row)].map(([x, length]) => `M${x + quietZone} ${y + quietZone}h${length}v1h-${length}z`));
  return element(
    "svg",
    { viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": label, class: "qr", "shape-rendering": "crispEdges" },
    element("path", { fill: "#fff", d: `M0 0h${side}v${side}h-${side}z` }),
    element("path", { fill: "#000", d: runs.join("") }),
  );
}

function* runsOf(row: readonly boolean[]): Generator<[start: number, length: number]> {
  for (let at = 0; at < row.length; at++) {
    const start = at;
    while (row[at]) at++;
    if (at > start) yield [start, at - start];
  }
}
