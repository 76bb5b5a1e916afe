import { createHash } from "crypto";
import jsQR from "jsqr";
import * as fc from "fast-check";
import { qrCode } from "../../../gateway/formats/qrCode";
import { keyUri } from "../../../gateway/oneTimeCode";
import type { GatewaySpec } from "../../../gateway/spec";
import { filesOf, readByPython, type Page } from "./helpers";

const page = (changes: Partial<GatewaySpec> = {}) => readByPython<Page>("html", [filesOf(changes)["instructions.html"]])[0];
const titles = ({ texts }: Page) => texts.filter(([within]) => within === "h2").map(([, text]) => text);

describe("the page of instructions", () => {
  test("loads nothing: no element but these, no address but data within it", () => {
    const { elements } = page();
    expect([...new Set(elements.map(([tag]) => tag))].filter((tag) => ["script", "img", "link", "iframe", "object", "form", "base", "video", "audio"].includes(tag))).toEqual([]);
    for (const [, attributes] of elements)
      for (const [name, value] of Object.entries(attributes)) {
        expect([name, /^(src|srcset|action|style|on.*)$/i.test(name)]).toEqual([name, false]);
        if (name === "href") expect(value).toMatch(/^data:[a-z/.+;=0-9-]+;base64,[A-Za-z0-9+/=]+$/);
        else expect(value).not.toMatch(/^(https?:|\/\/|javascript:)/);
      }
  });
  test("its policy allows its own style sheet and nothing else", () => {
    const text = filesOf()["instructions.html"];
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)![1];
    const [, policy] = page().elements.find(([, attributes]) => attributes["http-equiv"] === "Content-Security-Policy")!;
    expect(policy.content).toBe(`default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'`);
    expect(style).not.toMatch(/url\(|@import/);
  });
  test("each download is the file itself", () => {
    const files = filesOf();
    const links = page().elements.filter(([tag]) => tag === "a").map(([, { href, download }]) => [download, Buffer.from(href.split("base64,")[1], "base64").toString("utf8")]);
    for (const [name, content] of links) expect(Object.entries(files).filter(([path, each]) => each === content && path.replace(/\//g, "-").endsWith(name))).not.toEqual([]);
    // All of them are there, but for the page itself, and no two under one name.
    const contents = new Set(links.map(([, content]) => content));
    expect(Object.entries(files).filter(([, content]) => !contents.has(content)).map(([path]) => path)).toEqual(["instructions.html"]);
    expect(new Map(links.map(([name, content]) => [name, content])).size).toBe(contents.size + 2 /* the authority has three names */);
  });
  test("tells of the devices that are served, and of what goes through the tunnel", () => {
    expect(titles(page())).toEqual(["Windows 10 and 11", "iPhone, iPad and Mac", "Android", "Linux", "Router or firewall"]);
    expect(titles(page({ clients: ["android", "linux"] }))).toEqual(["Android", "Linux", "Router or firewall"]);
    expect(titles(page({ ikev2: undefined }))).toEqual(["Windows 10 and 11", "iPhone, iPad and Mac", "Linux", "Router or firewall"]);
    const all = ({ texts }: Page) => texts.map(([, text]) => text).join(" ");
    expect(all(page())).toContain("everything your device sends goes through the VPN");
    expect(all(page({ tunnel: "split" }))).toContain("only what is for these networks goes through the VPN: 10.20.0.0/16, 9.9.9.9/32.");
    expect(all(page({ tunnel: "split" }))).toContain("By L2TP an iPhone cannot be told");
    expect(all(page())).toContain("canary-of-the-pre-shared-key-8431");
    expect(all(page({ l2tp: undefined }))).not.toContain("canary-of-the-pre-shared-key-8431");
  });
});

/** The code as a picture of 4 pixels a module, read by a reader that is not ours. */
function read(text: string): string | undefined {
  const code = qrCode(text);
  const scale = 4;
  const side = (code.length + 8) * scale;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  code.forEach((row, y) => row.forEach((dark, x) => {
    if (!dark) return;
    for (let dy = 0; dy < scale; dy++)
      for (let dx = 0; dx < scale; dx++) pixels.fill(0, (((y + 4) * scale + dy) * side + (x + 4) * scale + dx) * 4, (((y + 4) * scale + dy) * side + (x + 4) * scale + dx) * 4 + 3);
  }));
  const found = jsQR(pixels, side, side);
  return found === null ? undefined : Buffer.from(found.binaryData).toString("utf8");
}

test("the drawing of a QR code: two paths beside each other, the white one first", () => {
  // A path that is left open takes what follows into itself, and a browser draws nothing of it.
  const drawings = filesOf()["instructions.html"].match(/<svg[\s\S]*?<\/svg>/g)!;
  expect(drawings.length).toBe(2);
  for (const drawing of drawings) expect(drawing).toMatch(/^<svg viewBox="0 0 (\d+) \1"[^>]*><path fill="#fff" d="M0 0h\1v\1h-\1z"><\/path><path fill="#000" d="(M\d+ \d+h\d+v1h-\d+z)+"><\/path><\/svg>$/);
});

test("a QR code reads as the text that it was made of, in any script", () => {
  expect(read("Xk29fdPq01LmZr8vTc5wYb7n")).toBe("Xk29fdPq01LmZr8vTc5wYb7n");
  expect(read("pässwörd 漢字 😀")).toBe("pässwörd 漢字 😀");
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), (text) => {
    expect(read(text)).toBe(text);
  }), { numRuns: 25 });
});
test("an authenticator app's account is read from its code, whatever the user is called", () => {
  for (const user of ["alice", "漢".repeat(64)]) {
    const uri = keyUri({ name: "office" }, user, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    expect(read(uri)).toBe(uri);
  }
});

test("a QR code refuses a text that none holds", () => {
  expect(() => qrCode("x".repeat(2400))).toThrow();
});
