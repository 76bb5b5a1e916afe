import type { Part } from "../bundle";

/**
 * A part as text, the way it goes to `vpn-gateway apply` on standard input. Line-oriented, so that the preview of a
 * changed part is the diff of its files:
 *
 * ```
 * part base
 * package strongswan-swanctl
 * module l2tp_ppp
 * service strongswan.service
 * confirm 60
 * file /etc/xl2tpd/xl2tpd.conf 0644
 * /etc/xl2tpd/xl2tpd.conf | [global]
 * /etc/xl2tpd/xl2tpd.conf | port = 1701
 * end
 * ```
 *
 * Each line of a file begins with the file's path: Pulumi's preview shows a changed line with two others around it, and
 * nothing else would say which file it stands in. No content can be taken for a header either.
 * The closing `end` shows that nothing was cut off.
 *
 * @throws Error if a path or content cannot be carried (control characters, no final line feed).
 */
export function renderPart(part: Part): string {
  const lines = [`part ${part.name}`];
  for (const name of part.packages) lines.push(`package ${word(name)}`);
  for (const name of part.modules) lines.push(`module ${word(name)}`);
  for (const name of part.services) lines.push(`service ${word(name)}`);
  if (part.confirmWithin > 0) lines.push(`confirm ${part.confirmWithin}`);
  for (const file of part.files) {
    lines.push(`file ${word(file.path)} ${file.mode.toString(8).padStart(4, "0")}`);
    lines.push(...contentLines(file.path, file.content));
  }
  lines.push("end");
  return lines.join("\n") + "\n";
}

function word(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new Error(`part: ${JSON.stringify(text)} is not one printable word`);
  return text;
}

function contentLines(path: string, content: string): string[] {
  if (!content.endsWith("\n")) throw new Error(`part: ${path} does not end with a line feed`);
  // Anything that a line reader could take for the end of a line, but for the line feed itself.
  if (/[\0\r\v\f\x1c-\x1e\x85\u2028\u2029]/.test(content)) throw new Error(`part: ${path} holds a control character`);
  return content.slice(0, -1).split("\n").map((line) => (line === "" ? `${path} |` : `${path} | ${line}`));
}
