import { refuseUnprintable } from "./text";

/** An element, or a text. */
export type HtmlNode = string | { readonly tag: string; readonly attributes: Readonly<Record<string, string>>; readonly children: readonly HtmlNode[] };

const format = "HTML";
/** Elements that have no end tag (HTML standard, 13.1.2). */
const empty = new Set(["meta"]);

export function element(tag: string, attributes: Readonly<Record<string, string>> = {}, ...children: readonly HtmlNode[]): HtmlNode {
  return { tag, attributes, children };
}

/**
 * A whole page. Every text and attribute is escaped; there is no way in for anything else but the style sheet, which is
 * the library's own.
 *
 * @throws Error for characters that HTML cannot carry, and for names that are not a tag's or an attribute's.
 */
export function renderHtml(language: string, head: readonly HtmlNode[], style: string, body: readonly HtmlNode[]): string {
  // The style sheet ends at the first of these, whatever it stands in.
  if (/<\//.test(style)) throw new Error(`${format}: the style sheet holds an end tag`);
  return (
    `<!DOCTYPE html>\n<html lang="${escaped(language)}">\n<head>\n<meta charset="utf-8">\n` +
    head.map((node) => `${text(node)}\n`).join("") +
    `<style>${style}</style>\n</head>\n<body>\n${body.map((node) => `${text(node)}\n`).join("")}</body>\n</html>\n`
  );
}

/** A picture by itself (SVG 1.1), of elements as above. */
export function renderSvg(width: number, height: number, content: readonly HtmlNode[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n${content.map((node) => `${text(node)}\n`).join("")}</svg>\n`;
}

function text(node: HtmlNode): string {
  if (typeof node === "string") return escaped(node);
  const { tag, attributes, children } = node;
  // Text within these is not read as text.
  if (!/^[a-z][a-z0-9]*$/.test(tag) || ["script", "style", "iframe", "object", "embed"].includes(tag)) throw new Error(`${format}: no tag for a page: ${JSON.stringify(tag)}`);
  const written = Object.entries(attributes).map(([name, value]) => {
    if (!/^[a-zA-Z-]+\d?$/.test(name) || /^on/i.test(name)) throw new Error(`${format}: no attribute for a page: ${JSON.stringify(name)}`);
    return ` ${name}="${escaped(value)}"`;
  });
  const start = `<${tag}${written.join("")}>`;
  if (!empty.has(tag)) return `${start}${children.map(text).join("")}</${tag}>`;
  if (children.length > 0) throw new Error(`${format}: ${tag} has no content`);
  return start;
}

function escaped(plain: string): string {
  return refuseUnprintable(format, plain)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}
