import * as fc from "fast-check";
import { renderClientProfiles, folderOf } from "../../../gateway/clients/clientProfiles";
import { renderHtml, element } from "../../../gateway/formats/html";
import { renderKeyFile } from "../../../gateway/formats/keyFile";
import { renderPlist } from "../../../gateway/formats/plist";
import { renderPowerShell } from "../../../gateway/formats/powershell";
import { renderShell } from "../../../gateway/formats/shell";
import { unprintable } from "../../../gateway/formats/text";
import { renderValues } from "../../../gateway/formats/values";
import { validateSpec } from "../../../gateway/validate";
import { readKeyFile, readPowerShellVariables, readPppWords, readShellVariables, readStrongswanConf } from "../formats/readers";
import { attempt, hostile } from "../hostile";
import { exampleSpec } from "../specs";
import { authority, readByPython, type Page } from "./helpers";

/** A document whose shape the assertions themselves say. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Anything = any;
const runs = { numRuns: 300 };
const samples = 400;

/** Hostile values that a serialiser carried, with what it made of them; the rest it refused. */
function carried(render: (value: string) => string): [value: string, text: string][] {
  const found = fc.sample(hostile, samples).flatMap((value): [string, string][] => {
    const text = attempt(value, () => render(value));
    return text === undefined ? [] : [[value, text]];
  });
  expect(found.length).toBeGreaterThan(50);
  return found;
}

describe("no value is anything else than itself to the format's reader", () => {
  test("property list (plistlib)", () => {
    const made = carried((value) => renderPlist({ [value]: value, list: [value, 1, true], data: Buffer.from(value) }));
    expect(readByPython("plist", made.map(([, text]) => text))).toEqual(made.map(([value]) => ({ [value]: value, list: [value, 1, true], data: { data: Buffer.from(value).toString("base64") } })));
  });
  test("HTML (html.parser)", () => {
    const made = carried((value) => renderHtml("en", [], "", [element("p", { title: value }, value), element("a", { href: value }, "x")]));
    for (const [index, { elements, texts }] of readByPython<Page>("html", made.map(([, text]) => text)).entries()) {
      const [value] = made[index];
      expect(elements.map(([tag]) => tag)).toEqual(["html", "head", "meta", "style", "body", "p", "a"]);
      expect(elements[5][1]).toEqual({ title: value });
      expect(texts.filter(([within]) => within === "p")).toEqual([["p", value]]);
    }
  });
  test("PowerShell", () => {
    for (const [value, text] of carried((each) => renderPowerShell("$ErrorActionPreference = 'Stop'", { One: each, Two: [each, "x"], Three: true }, "exit 0", "A script."))) {
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
      expect(readPowerShellVariables(text)).toEqual({ One: value, Two: [value, "x"], Three: true });
    }
    // The typographic quotes, which end a string in single quotes just as well.
    const text = renderPowerShell("$ErrorActionPreference = 'Stop'", { One: "a’; calc; ‘" }, "exit 0", "A script.");
    expect(text).not.toMatch(/calc/);
  });
  test("key file", () => {
    for (const [value, text] of carried((each) => renderKeyFile([{ name: "vpn", entries: { user: each } }, { name: "ipv4", entries: { method: "auto" } }]))) {
      expect(readKeyFile(text)).toEqual({ vpn: { user: value }, ipv4: { method: "auto" } });
    }
  });
  test("shell", () => {
    for (const [value, text] of carried((each) => renderShell({ one: each }, "exit 0", "A script."))) expect(readShellVariables(text).one ?? "").toBe(value);
  });
  test("a text for people: a value is one line", () => {
    for (const [, text] of carried((each) => renderValues("Title", [{ title: "One", values: [["User", each], ["Password", "x"]] }]))) expect(text.split("\n").length).toBe(7);
  });
  test("names that are no names are refused", () => {
    fc.assert(fc.property(hostile, (name) => {
      if (!/^[A-Za-z0-9-]+$/.test(name)) expect(() => renderKeyFile([{ name: "vpn", entries: { [name]: "x" } }])).toThrow();
      if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) expect(() => renderPowerShell("", { [name]: "x" }, "", "")).toThrow();
      if (!/^[a-z][a-z0-9]*$/.test(name)) expect(() => renderHtml("en", [], "", [element(name)])).toThrow();
      if (!/^[a-zA-Z-]+\d?$/.test(name)) expect(() => renderHtml("en", [], "", [element("p", { [name]: "x" })])).toThrow();
    }), runs);
    for (const tag of ["script", "style", "iframe"]) expect(() => renderHtml("en", [], "", [element(tag, {}, "x")])).toThrow();
    expect(() => renderHtml("en", [], "", [element("p", { onclick: "x" })])).toThrow();
    expect(() => renderHtml("en", [], "</style><b>", [])).toThrow();
  });
});

test("whatever validation lets through, every profile carries as it is", () => {
  // Without what is always refused, so that most of what is made is tried.
  const printable = hostile.map((text) => [...text].filter((character) => unprintable(character) === undefined).join("").trim());
  const input = fc.record({ name: printable, password: printable, psk: printable, wireless: printable, l2tp: fc.boolean() });
  const good = fc.sample(input, 250).flatMap(({ name, password, psk, wireless, l2tp }) => {
    const spec = exampleSpec({
      users: [{ name }], ...(l2tp ? {} : { l2tp: undefined }),
      profiles: { onDemand: true, trustedWireless: [wireless] },
    });
    const secrets = { preSharedKey: psk, passwords: { [name]: password } };
    if (validateSpec(spec, secrets).some(({ severity }) => severity === "error")) return [];
    // Nothing is refused by now.
    const files = renderClientProfiles(spec, { preSharedKey: l2tp ? psk : "", passwords: { [name]: password }, authority })[name];
    return [{ name, password, psk, wireless, l2tp, files }];
  });
  expect(good.length).toBeGreaterThan(15);
  expect(good.filter(({ l2tp }) => l2tp).length).toBeGreaterThan(3);

  const apple = readByPython<Anything>("plist", good.map(({ files }) => files["apple/office-ikev2.mobileconfig"]));
  const android = readByPython<Anything>("json", good.map(({ files }) => files["android/office.sswan"]));
  const pages = readByPython<Page>("html", good.map(({ files }) => files["instructions.html"]));
  const shape = (page: Page) => page.elements.map(([tag]) => tag).filter((tag) => tag !== "path");
  // RouterOS' script is there where it can carry the values (routerOs.test.ts).
  const shapes = new Map<string, string[]>();
  good.forEach(({ name, password, psk, wireless, l2tp, files }, index) => {
    expect(apple[index].PayloadContent[1].IKEv2).toMatchObject({ AuthName: name, AuthPassword: password, LocalIdentifier: name });
    expect(apple[index].PayloadContent[1].IKEv2.OnDemandRules[0].SSIDMatch).toEqual([wireless]);
    expect(android[index].local).toEqual({ eap_id: name });
    // The same elements as on anybody else's page, and the values whole.
    const alike = `${l2tp} ${Object.hasOwn(files, "router/office.rsc")}`;
    expect(shape(pages[index])).toEqual(shapes.get(alike) ?? shapes.set(alike, shape(pages[index])).get(alike));
    const told = pages[index].texts.filter(([within]) => within === "code").map(([, text]) => text);
    expect(told.slice(1, 3)).toEqual([name, password]);
    expect(readPowerShellVariables(files["windows/office-ikev2.ps1"])).toMatchObject({ User: name, Name: "office" });
    expect(readKeyFile(files["linux/networkmanager/office-ikev2.nmconnection"])).toMatchObject({ vpn: { user: name }, "vpn-secrets": { password } });
    const swanctl = readStrongswanConf(files["linux/ikev2/etc/swanctl/conf.d/office.conf"]) as Anything;
    expect(Buffer.from(swanctl.secrets["eap-office"].secret.slice(2), "base64").toString()).toBe(password);
    expect(Object.keys(swanctl.connections)).toEqual(["office"]);
    expect(folderOf(name)).toMatch(/^(?!\.)[A-Za-z0-9@_.%-]+$/);
    if (!l2tp) return;
    expect(readPowerShellVariables(files["windows/office-l2tp.ps1"])).toMatchObject({ PreSharedKey: psk, User: name });
    expect(readPppWords(files["linux/l2tp/etc/ppp/options.office-l2tp"])).toEqual(expect.arrayContaining([["user", name], ["password", password], ["noauth"]]));
    expect(Buffer.from(readKeyFile(files["linux/networkmanager/office-l2tp.nmconnection"])["vpn-secrets"]["ipsec-psk"].slice(2), "base64").toString()).toBe(psk);
  });
});
