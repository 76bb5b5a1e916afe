import * as fc from "fast-check";
import type { Part } from "../../../gateway/bundle";
import { context, line, renderFrr } from "../../../gateway/formats/frr";
import { renderIni } from "../../../gateway/formats/ini";
import { renderNft } from "../../../gateway/formats/nft";
import { renderPart } from "../../../gateway/formats/part";
import { renderPppOptions, renderPppSecrets } from "../../../gateway/formats/pppOptions";
import { renderStrongswanConf, section, setting } from "../../../gateway/formats/strongswanConf";
import { renderRadiusClient, renderRadiusDictionary, renderRadiusServers } from "../../../gateway/formats/radiusClient";
import { renderSysctl } from "../../../gateway/formats/sysctl";
import { renderShellVariables } from "../../../gateway/formats/shellVariables";
import { renderUnit } from "../../../gateway/formats/unit";
import { attempt, hostile } from "../hostile";
import { readIni, readPart, readPppWords, readRadiusClient, readRadiusServers, readStrongswanConf, readUnit } from "./readers";

const runs = { numRuns: 1000 };

/** A hostile value is read back as it was, and nothing else is there, or it is refused. */
function carriesOrRefuses(render: (value: string) => string, check: (text: string, value: string) => void): void {
  let carried = 0;
  fc.assert(
    fc.property(hostile, (value) => {
      const text = attempt(value, () => render(value));
      if (text === undefined) return;
      carried++;
      check(text, value);
    }),
    runs,
  );
  expect(carried).toBeGreaterThan(50);
}

describe("strongswan.conf", () => {
  test("carries a hostile value, or refuses it", () => {
    carriesOrRefuses(
      (value) => renderStrongswanConf([section("secrets", [section("eap-a", [setting("id", value), setting("secret", "x")])])]),
      (text, value) => expect(readStrongswanConf(text)).toEqual({ secrets: { "eap-a": { id: value, secret: "x" } } }),
    );
  });
  test("carries a list of hostile items, or refuses it", () => {
    carriesOrRefuses(
      (value) => renderStrongswanConf([setting("list", ["a", value]), setting("after", 1)]),
      (text, value) => expect(readStrongswanConf(text)).toEqual({ list: `a, ${value}`, after: "1" }),
    );
  });
  test("carries a hostile comment, or refuses it", () => {
    carriesOrRefuses(
      (value) => renderStrongswanConf([setting("key", 1, value)], value),
      (text) => expect(readStrongswanConf(text)).toEqual({ key: "1" }),
    );
  });
  test("refuses a hostile name of a setting", () => {
    fc.assert(fc.property(hostile, (name) => {
      if (/^[\w-]+$/.test(name)) return;
      expect(() => renderStrongswanConf([setting(name, 1)])).toThrow();
      expect(() => renderStrongswanConf([section(name, [])])).toThrow();
    }), runs);
  });
});

describe("pppd's RADIUS", () => {
  test("the servers file carries a hostile secret, or refuses it", () => {
    carriesOrRefuses(
      (value) => renderRadiusServers([{ host: "10.0.0.1", secret: value }, { host: "10.0.0.2", secret: "after" }], "heading"),
      (text, value) => expect(readRadiusServers(text)).toEqual([["10.0.0.1", value], ["10.0.0.2", "after"]]),
    );
  });
  test("radiusclient.conf carries a hostile identifier, or refuses it", () => {
    carriesOrRefuses(
      (value) => renderRadiusClient([{ key: "nas_identifier", value, why: "a reason" }, { key: "radius_retries", value: 3 }]),
      (text, value) => expect(readRadiusClient(text)).toEqual([["nas_identifier", value], ["radius_retries", "3"]]),
    );
  });
  test("no line is longer than its reader's buffer, and no name than its table", () => {
    expect(() => renderRadiusServers([{ host: "10.0.0.1", secret: "x".repeat(49) }])).toThrow(/more than 48 bytes/);
    expect(() => renderRadiusClient([{ key: "nas_identifier", value: "x".repeat(600) }])).toThrow(/longer than a line/);
    expect(() => renderRadiusDictionary({}, [{ name: "x".repeat(32), number: 1, type: "string" }])).toThrow(/no name/);
    expect(() => renderRadiusServers([{ host: "host.example", secret: "x" }])).toThrow(/no IPv4 address/);
  });
});

describe("pppd", () => {
  test("chap-secrets carries a hostile name and password, or refuses them", () => {
    carriesOrRefuses(
      (value) => renderPppSecrets([{ client: value, server: "gw", secret: value, address: "10.0.0.0/24" }]),
      (text, value) => expect(readPppWords(text)).toEqual([[value, "gw", value, "10.0.0.0/24"]]),
    );
  });
  test("an options file carries a hostile argument, or refuses it", () => {
    carriesOrRefuses(
      (value) => renderPppOptions([{ option: "name", args: [value] }, { option: "auth" }]),
      (text, value) => expect(readPppWords(text)).toEqual([["name", value], ["auth"]]),
    );
  });
  test.each([
    ["*", "secret"],
    ["", "secret"],
    ["alice", ""],
    ["alice", "@/etc/passwd"],
    ["é".repeat(128), "secret"],
    ["alice", "x".repeat(256)],
  ])("chap-secrets refuses %p with %p", (client, secret) => {
    expect(() => renderPppSecrets([{ client, server: "gw", secret, address: "*" }])).toThrow(/chap-secrets/);
  });
});

test("xl2tpd.conf carries a hostile value, or refuses it", () => {
  carriesOrRefuses(
    (value) => renderIni([{ name: "global", settings: [{ key: "name", value }, { key: "port", value: 1701 }] }]),
    (text, value) => expect(readIni(text)).toEqual({ global: { name: value, port: "1701" } }),
  );
});

test("a unit carries a hostile value, or refuses it", () => {
  carriesOrRefuses(
    (value) => renderUnit([{ name: "Service", directives: [{ key: "Description", value }, { key: "Restart", value: "always" }] }]),
    (text, value) => expect(readUnit(text)).toEqual([["Service", "Description", value], ["Service", "Restart", "always"]]),
  );
});

test("frr.conf and a shell's variables refuse every hostile word, and carry the others as they are", () => {
  const carried = (value: string, pattern: RegExp, render: () => string, line: string) => {
    if (pattern.test(value)) expect(render()).toContain(`\n${line}\n`);
    else expect(render).toThrow();
  };
  fc.assert(
    fc.property(hostile, (value) => {
      // No second word, no comment, no second command.
      carried(value, /^[A-Za-z0-9_./:^$[\]*+()-]+$/, () => renderFrr([context(["router", "bgp", 64_512], [line("neighbor", value)])], ""), ` neighbor ${value}`);
      carried(value, /^[A-Za-z0-9 ._:/@-]*$/, () => renderShellVariables([{ name: "bgpd_options", value }], ""), `bgpd_options="${value}"`);
    }),
    runs,
  );
  for (const word of ["!", "a b", "a\nb", "#", ""]) expect(() => renderFrr([line(word)], "")).toThrow();
  for (const value of ["$(id)", "`id`", 'a"b', "a\\", "a\nb"]) expect(() => renderShellVariables([{ name: "a", value }], "")).toThrow();
});

test("sysctl and nft refuse a hostile key or element", () => {
  fc.assert(
    fc.property(hostile, (value) => {
      if (!/^[a-z0-9_]+(\.[a-z0-9_-]+)+$/.test(value)) expect(() => renderSysctl([{ key: value, value: 1, why: "" }])).toThrow();
      if (!/^[0-9a-fA-F.:]+(\/\d{1,3})?$/.test(value)) {
        expect(() => renderNft({ family: "inet", name: "t", chains: [], sets: [{ name: "s", type: "ipv4_addr", elements: [value] }] }, "")).toThrow();
      }
    }),
    runs,
  );
});

test("a part is read back as it was, or refused", () => {
  const part = (content: string): Part => ({
    name: "base",
    secret: false,
    packages: ["nftables"],
    modules: ["esp4"],
    services: ["strongswan.service"],
    confirmWithin: 60,
    files: [
      { path: "/etc/one", mode: 0o644, content: `${content}\n` },
      { path: "/etc/two", mode: 0o600, content: "file /etc/three 0644\n  end\n\n" },
    ],
  });
  carriesOrRefuses(
    (value) => renderPart(part(value)),
    (text, value) =>
      expect(readPart(text)).toEqual({
        headers: ["part base", "package nftables", "module esp4", "service strongswan.service", "confirm 60"],
        files: {
          "/etc/one": { mode: "0644", content: `${value}\n` },
          "/etc/two": { mode: "0600", content: "file /etc/three 0644\n  end\n\n" },
        },
      }),
  );
});
