/**
 * Small readers of the formats, written from the rules of the programs that read them (see each), not from our
 * serialisers. The programs themselves read hostile values in the lab.
 */

export interface Tree {
  [key: string]: string | Tree;
}

/** strongSwan's settings_lexer.l. */
export function readStrongswanConf(text: string): Tree {
  let at = 0;
  const fail = (why: string): never => {
    throw new Error(`${why} at ${at}: ${JSON.stringify(text.slice(at, at + 20))}`);
  };
  function skip(): void {
    for (;;) {
      while (/[\s]/.test(text[at] ?? "")) at++;
      if (text[at] !== "#") return;
      while (at < text.length && text[at] !== "\n") at++;
    }
  }
  function value(): string {
    let words = "";
    for (;;) {
      while (text[at] === " " || text[at] === "\t" || text[at] === "\r") at++;
      const c = text[at];
      if (c === undefined || c === "\n" || c === "#" || c === "}") return words;
      let word = "";
      if (c === '"') {
        at++;
        while (text[at] !== '"') {
          if (at >= text.length) fail("unterminated string");
          if (text[at] === "\\") {
            at++;
            word += ({ n: "\n", r: "\r", t: "\t" } as Record<string, string>)[text[at]] ?? text[at];
          } else if (text[at] !== "\r") word += text[at];
          at++;
        }
        at++;
      } else {
        while (at < text.length && !/[#}"\r\n\t ]/.test(text[at])) word += text[at++];
      }
      words = words === "" ? word : `${words} ${word}`;
    }
  }
  function block(top: boolean): Tree {
    const tree: Tree = {};
    for (;;) {
      skip();
      if (at >= text.length) return top ? tree : fail("a section is not closed");
      if (text[at] === "}") {
        if (top) fail("a brace too many");
        at++;
        return tree;
      }
      const key = /^[^#{}:.,="\r\n\t ]+/.exec(text.slice(at))?.[0] ?? fail("no name");
      if (key === "include") fail("an include");
      if (key in tree) fail("a key twice");
      at += key.length;
      skip();
      if (text[at] === "{") {
        at++;
        tree[key] = block(false);
      } else if (text[at] === "=") {
        at++;
        tree[key] = value();
      } else fail("neither = nor {");
    }
  }
  return block(true);
}

/** pppd's getword() of options.c: the words of each line. */
export function readPppWords(text: string): string[][] {
  const lines: string[][] = [];
  let words: string[] = [];
  let at = 0;
  const space = (c: string | undefined) => c !== undefined && /[ \t\n\v\f\r]/.test(c);
  while (at < text.length) {
    const c = text[at];
    if (c === "\n") {
      if (words.length > 0) lines.push(words);
      words = [];
      at++;
    } else if (c === "#") {
      while (at < text.length && text[at] !== "\n") at++;
    } else if (space(c)) {
      at++;
    } else {
      let word = "";
      let quote: string | undefined;
      while (at < text.length) {
        const d = text[at];
        if (d === "\\") {
          const next = text[at + 1];
          const named: Record<string, string> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", s: " ", t: "\t", "\n": "" };
          if (/[0-7x]/.test(next)) throw new Error("a numeric escape");
          word += named[next] ?? next;
          at += 2;
        } else if (quote !== undefined) {
          if (d === quote) quote = undefined;
          else word += d;
          at++;
        } else if (d === '"' || d === "'") {
          quote = d;
          at++;
        } else if (space(d) || d === "#") {
          break;
        } else {
          word += d;
          at++;
        }
      }
      if (quote !== undefined) throw new Error("an open quote");
      words.push(word);
    }
  }
  if (words.length > 0) lines.push(words);
  return lines;
}

/** xl2tpd's parse_config() of file.c: section → key → value. */
export function readIni(text: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let current: Record<string, string> | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.split(";")[0].replace(/^[\x01-\x20]+|[\x01-\x20]+$/g, "");
    if (line === "") continue;
    if (line.startsWith("[")) {
      const name = line.slice(1, line.indexOf("]"));
      if (name in sections) throw new Error("a section twice");
      current = sections[name] = {};
    } else {
      const [key, ...rest] = line.split("=");
      if (current === undefined || rest.length === 0) throw new Error(`no setting: ${line}`);
      if (key.trim() in current) throw new Error("a key twice");
      current[key.trim()] = rest.join("=").replace(/^[\x01-\x20]+/, "");
    }
  }
  return sections;
}

/** systemd.syntax(7), with specifiers undone. */
export function readUnit(text: string): [section: string, key: string, value: string][] {
  const found: [string, string, string][] = [];
  let section = "";
  for (const line of text.split("\n")) {
    if (line.endsWith("\\")) throw new Error("a joined line");
    if (line.trim() === "" || /^[#;]/.test(line)) continue;
    if (line.startsWith("[")) section = line.slice(1, -1);
    else {
      const [, key, value] = /^([^=]+)=(.*)$/.exec(line)!;
      if (/%(?!%)/.test(value.replace(/%%/g, ""))) throw new Error("a specifier");
      found.push([section, key, value.replace(/%%/g, "%")]);
    }
  }
  return found;
}

/** The line-oriented text of a part: formats/part.ts says the rules. */
export function readPart(text: string): { headers: string[]; files: Record<string, { mode: string; content: string }> } {
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.pop() !== "end") throw new Error("cut off");
  const headers: string[] = [];
  const files: Record<string, { mode: string; content: string }> = {};
  let content: string[] = [];
  let path = "";
  let current: { mode: string; content: string } | undefined;
  for (const line of lines) {
    if (current !== undefined && (line === `${path} |` || line.startsWith(`${path} | `))) {
      content.push(line.slice(path.length + 3));
      current.content = content.map((one) => `${one}\n`).join("");
    } else if (line.startsWith("file ")) {
      const [, named, mode] = line.split(" ");
      path = named;
      content = [];
      current = files[path] = { mode, content: "" };
    } else {
      headers.push(line);
    }
  }
  return { headers, files };
}

/** GLib's gkeyfile.c: groups of keys, and g_key_file_parse_value_as_string's escapes. */
export function readKeyFile(text: string): Record<string, Record<string, string>> {
  const groups: Record<string, Record<string, string>> = {};
  let current: Record<string, string> | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, "");
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("[")) {
      if (!line.endsWith("]") || line.slice(1, -1) in groups) throw new Error(`a group: ${line}`);
      current = groups[line.slice(1, -1)] = {};
      continue;
    }
    const at = line.indexOf("=");
    if (current === undefined || at < 1) throw new Error(`no entry: ${line}`);
    const key = line.slice(0, at).trimEnd();
    if (key in current) throw new Error("a key twice");
    current[key] = line.slice(at + 1).replace(/^[ \t]+/, "").replace(/\\(.?)/gs, (_, escape: string) => {
      const found = ({ s: " ", n: "\n", t: "\t", r: "\r", "\\": "\\" } as Record<string, string>)[escape];
      if (found === undefined) throw new Error(`an escape that is none: ${escape}`);
      return found;
    });
  }
  return groups;
}

/**
 * The assignments of one of our PowerShell scripts, by PowerShell's rules for single quotes (tokenizer.cs: a quote is '
 * or one of U+2018 to U+201B, two in a row are one). Anything else between param() and the body is refused.
 */
export function readPowerShellVariables(text: string): Record<string, string | boolean | string[]> {
  const found: Record<string, string | boolean | string[]> = {};
  const isQuote = (character: string | undefined) => character !== undefined && /['\u2018-\u201b]/.test(character);
  const lines = text.slice(text.indexOf("$ErrorActionPreference = 'Stop'\n\n") + "$ErrorActionPreference = 'Stop'\n\n".length).split("\n");
  for (const line of lines.slice(0, lines.indexOf(""))) {
    const [, name, rest] = /^\$([A-Za-z0-9]+) = (.*)$/s.exec(line) ?? [];
    if (name === undefined) throw new Error(`no assignment: ${line}`);
    let at = 0;
    const single = (): string => {
      if (!isQuote(rest[at++])) throw new Error(`no quote: ${line}`);
      let word = "";
      for (;;) {
        if (at >= rest.length) throw new Error("an open quote");
        if (!isQuote(rest[at])) word += rest[at++];
        else if (isQuote(rest[at + 1])) { word += rest[at]; at += 2; }
        else { at++; return word; }
      }
    };
    const base64 = "[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String(";
    const one = (): string => {
      if (!rest.startsWith(base64, at)) return single();
      at += base64.length;
      const decoded = Buffer.from(single(), "base64").toString("utf8");
      if (!rest.startsWith("))", at)) throw new Error(`no end: ${line}`);
      at += 2;
      return decoded;
    };
    if (rest === "$true" || rest === "$false") { found[name] = rest === "$true"; continue; }
    if (rest.startsWith("@(")) {
      at = 2;
      const items: string[] = [];
      while (rest[at] !== ")") {
        items.push(one());
        if (rest.startsWith(", ", at)) at += 2;
      }
      at++;
      found[name] = items;
    } else {
      found[name] = one();
    }
    if (at !== rest.length) throw new Error(`more than a value: ${line}`);
  }
  return found;
}

/** POSIX shell words in single quotes, of the assignments at the head of a script. */
export function readShellVariables(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, name, rest] = /^([a-z_]+)=(.+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (!/^([A-Za-z0-9_.:/@%+-]|'[^']*'|\\')+$/.test(rest)) throw new Error(`no word: ${line}`);
    found[name] = rest.replace(/'([^']*)'|\\(')/g, (_, inside: string | undefined, quote: string | undefined) => inside ?? quote!);
  }
  return found;
}

/** config.c of pppd's radius plugin, rc_find_server: words of a line of 127 bytes, of a secret 48 bytes. */
export function readRadiusServers(text: string): [string, string][] {
  return fgets(text, 128).filter((line) => !line.startsWith("#")).flatMap((line) => {
    const [host, secret] = line.split(/[ \t\n]+/).filter((word) => word !== "");
    return secret === undefined ? [] : [[host, Buffer.from(secret).subarray(0, 48).toString()] as [string, string]];
  });
}

/** The same file's rc_read_config: a keyword, white space, the rest of the line less its last character. */
export function readRadiusClient(text: string): [string, string][] {
  return fgets(text, 512).filter((line) => line !== "\n" && !line.startsWith("#")).map((line) => {
    const whole = line.slice(0, -1);
    const at = whole.search(/[\t ]/);
    return [whole.slice(0, at), whole.slice(at + 1).replace(/^[ \t\v\f\r]+/, "")];
  });
}

/** fgets(3): a longer line comes in pieces, each as if it were a line. */
function fgets(text: string, size: number): string[] {
  const found: string[] = [];
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    const end = rest.indexOf(10);
    const length = Math.min(end < 0 ? rest.length : end + 1, size - 1);
    found.push(rest.subarray(0, length).toString());
    rest = rest.subarray(length);
  }
  return found;
}

/** users(5) of FreeRADIUS: an entry begins at the start of a line, and its reply is indented; `#` begins a comment there. */
export function readRadiusUsers(text: string): { key: string; check: string; reply: [string, string][] }[] {
  const entries: { key: string; check: string; reply: [string, string][] }[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    if (/^\s/.test(line)) {
      const found = /^\s+([\w-]+) := ([^,]+?),?$/.exec(line);
      if (found === null || entries.length === 0) throw new Error(`no reply: ${line}`);
      entries[entries.length - 1].reply.push([found[1], found[2]]);
    } else {
      const at = line.indexOf(" ");
      entries.push({ key: line.slice(0, at), check: line.slice(at + 1), reply: [] });
    }
  }
  return entries;
}

/** libpq's fe-connect.c, passwordFromFile: fields up to a colon without a backslash before it, the last up to the end of the line. */
export function readPgpass(text: string): string[][] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const fields = [""];
    for (let at = 0; at < line.length; at++) {
      if (line[at] === "\\" && at + 1 < line.length) fields[fields.length - 1] += line[++at];
      else if (line[at] === ":" && fields.length < 5) fields.push("");
      else fields[fields.length - 1] += line[at];
    }
    return fields;
  });
}
