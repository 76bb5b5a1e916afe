import * as fc from "fast-check";
import * as path from "path";
import { lacInterface, lacNames, lacPort, lacStrongswan } from "../../../gateway/lac/names";
import { lacPart, lacSecretPart } from "../../../gateway/lac/parts";
import { lacProposals } from "../../../gateway/lac/proposals";
import type { LacConnectionSpec } from "../../../gateway/lac/spec";
import { validateLac } from "../../../gateway/lac/validate";
import { readPppWords, readStrongswanConf, type Tree } from "../formats/readers";
import { goldenTree } from "../goldenTree";
import { hostile } from "../hostile";
import { nftChain } from "../nftChain";
import { exampleLac, exampleLacSecrets } from "./specs";

const filesOf = (spec: LacConnectionSpec) =>
  Object.fromEntries([...lacPart(spec).files, ...lacSecretPart(spec, exampleLacSecrets).files].map(({ path: file, content }) => [file, content]));

const cases: Record<string, LacConnectionSpec> = {
  lac: exampleLac(),
  "lac-routed": exampleLac({ name: "hq", masquerade: false, lns: "lns.example.com", identity: "lns.example.com", networks: ["10.40.0.0/24", "172.16.0.0/12"], near: ["10.20.0.0/24", "10.77.1.0/24"] }),
};

// UPDATE_GOLDEN=1 writes them anew; the review reads the difference.
describe.each(Object.keys(cases))("golden tree %s", (name) => {
  test("is what the connection renders to", () => {
    const files = filesOf(cases[name]);
    expect(files).toEqual(goldenTree(path.join("..", "lac", "golden", name), files));
  });
});

describe("a connection's parts", () => {
  const spec = exampleLac();
  const files = filesOf(spec);
  const names = lacNames(spec.name);
  const strongswan = lacStrongswan(spec.name, undefined);
  const readable = lacPart(spec).files.map(({ content }) => content).join("\n");

  test("the readable one holds no secret, and the other is for root alone", () => {
    for (const secret of Object.values(exampleLacSecrets)) for (const form of [secret, Buffer.from(secret).toString("base64"), JSON.stringify(secret).slice(1, -1)]) expect(readable).not.toContain(form);
    expect(lacSecretPart(spec, exampleLacSecrets).files.map(({ path: file, mode }) => [file, mode])).toEqual([[strongswan.preSharedKey, 0o600], [names.password, 0o600]]);
  });
  test("it brings its own daemon, in files that are not those of the gateway's own L2TP server", () => {
    expect(lacPart(spec)).toMatchObject({ name: "lac-head-office", services: ["vpn-gateway-lac-head-office.service"], modules: ["l2tp_ppp"], packages: [] });
    expect(Object.keys(files).filter((file) => file.startsWith("/etc/xl2tpd/") || file === "/etc/systemd/system/xl2tpd.service")).toEqual([]);
    expect(files[names.unitFile]).toContain("-p /run/vpn-gateway-lac-head-office/pid -C /run/vpn-gateway-lac-head-office/control -c /etc/vpn-gateway/lac/head-office.conf");
    expect(files[names.daemon]).toContain(`port = ${spec.port}`);
    expect(spec.port).not.toBe(1701);
  });
  test("it dials by itself, and again without end", () => {
    for (const line of ["autodial = yes", "redial = yes", "redial timeout = 5"]) expect(files[names.daemon]).toContain(line);
    expect(files[names.daemon]).not.toMatch(/^max redials/m);
    expect(files[strongswan.connection]).toContain("keyingtries = 0");
  });
  test("the tunnel is for this connection's L2TP alone, and its key for this server alone", () => {
    const { connections } = readStrongswanConf(files[strongswan.connection]) as { connections: Record<string, Tree> };
    const { children, remote } = connections["lac-head-office"] as { children: Record<string, Tree>; remote: Tree };
    expect(children["head-office"]).toMatchObject({ mode: "transport", local_ts: `dynamic[udp/${spec.port}]`, remote_ts: "dynamic[udp/1701]" });
    const { secrets } = readStrongswanConf(files[strongswan.preSharedKey]) as { secrets: Record<string, Tree> };
    expect(secrets["ike-lac-head-office"]["id-lns"]).toBe(remote.id);
  });
  test("nothing weak is offered", () => {
    expect([...lacProposals.ike, ...lacProposals.esp].join(" ")).not.toMatch(/3des|md5|sha1\b|modp1024|modp1536/);
  });
  test("PPP logs in by MS-CHAPv2 and nothing else, and takes no default route", () => {
    const options = readPppWords(files[names.pppOptions]).map(([option]) => option);
    expect(options).toEqual(expect.arrayContaining(["refuse-pap", "refuse-chap", "refuse-mschap", "refuse-eap", "nodefaultroute", "noipdefault", "noauth"]));
    for (const option of ["refuse-mschap-v2", "defaultroute", "replacedefaultroute", "usepeerdns", "persist"]) expect(options).not.toContain(option);
  });
  test("L2TP leaves within IPsec alone and is heard out of it alone; the far networks are reached by the session alone", () => {
    const firewall = files[names.firewall];
    const own = lacInterface(spec.name);
    expect(nftChain(firewall, "input")).toContain(`udp dport ${spec.port} meta ipsec missing counter drop`);
    expect(nftChain(firewall, "output")).toEqual(expect.arrayContaining([`udp sport ${spec.port} rt ipsec missing counter drop`, `ip daddr @far4 oifname != "${own}" counter drop`]));
    expect(nftChain(firewall, "forward")[1]).toBe(`ip daddr @far4 oifname != "${own}" counter drop`);
    expect(nftChain(firewall, "prerouting")).toContain(`ip saddr @far4 iifname != "${own}" counter drop`);
    expect(nftChain(firewall, "forward").slice(-2)).toEqual([`iifname "${own}" counter drop`, `oifname "${own}" counter drop`]);
  });
  test("hidden networks are answered and not called; routed ones are both", () => {
    const routed = filesOf(exampleLac({ masquerade: false }))[names.firewall];
    const from = `iifname "${lacInterface(spec.name)}"`;
    expect(nftChain(files[names.firewall], "forward").filter((rule) => rule.startsWith(from) && rule.endsWith("accept")).every((rule) => rule.includes("ct state established,related"))).toBe(true);
    expect(nftChain(routed, "forward")).toContain(`${from} ip saddr @far4 ip daddr @near4 accept`);
    expect([files[names.firewall], routed].map((text) => text.includes("masquerade"))).toEqual([true, false]);
  });
  test("its mtu is given, or what fits the worst suite offered with a NAT in between", () => {
    const option = (changes: Partial<LacConnectionSpec>) => /^mtu (\d+)$/m.exec(filesOf(exampleLac(changes))[names.pppOptions])?.[1];
    expect([option({}), option({ mtu: 1280 }), option({ proposals: { ...lacProposals, esp: ["aes256gcm16"] } })]).toEqual(["1402", "1280", "1418"]);
  });
});

test("what validation lets through, every file carries as it is", () => {
  let carried = 0;
  fc.assert(
    fc.property(hostile, hostile, hostile, (user, preSharedKey, password) => {
      const spec = exampleLac({ user });
      const secrets = { preSharedKey, password };
      if (validateLac(spec, secrets).some(({ severity }) => severity === "error")) return;
      carried++;
      const names = lacNames(spec.name);
      const [key, login] = lacSecretPart(spec, secrets).files;
      const { secrets: read } = readStrongswanConf(key.content) as { secrets: Record<string, Tree> };
      expect(Buffer.from((read["ike-lac-head-office"].secret as string).replace(/^0s/, ""), "base64").toString("utf8")).toBe(preSharedKey);
      expect(readPppWords(login.content)).toEqual([["password", password]]);
      const options = lacPart(spec).files.find(({ path: file }) => file === names.pppOptions)!.content;
      expect(readPppWords(options)[0]).toEqual(["user", user]);
      // And no other file has anything of it but JSON.
      for (const { path: file, content } of lacPart(spec).files) if (file !== names.pppOptions && file !== names.description) expect(content).toBe(filesOf(exampleLac())[file]);
      expect((JSON.parse(lacPart(spec).files.find(({ path: file }) => file === names.description)!.content) as { user: string }).user).toBe(user);
    }),
    { numRuns: 500 },
  );
  expect(carried).toBeGreaterThan(50);
});

describe("names", () => {
  test("an interface's name fits the kernel and is another for each connection", () => {
    expect(lacInterface("head")).toBe("lac-head");
    const names = ["head-office", "a".repeat(40), "a".repeat(10), "a".repeat(11), "a".repeat(12)];
    for (const name of names) expect(lacInterface(name).length).toBeLessThanOrEqual(15);
    expect(new Set(names.map(lacInterface)).size).toBe(names.length);
  });
  test("a port is one from 1702 to 1799, the same whenever it is asked for", () => {
    const ports = Array.from({ length: 1000 }, (_, index) => lacPort(`c${index}`));
    expect([Math.min(...ports), Math.max(...ports)]).toEqual([1702, 1799]);
    expect(lacPort("head-office")).toBe(lacPort("head-office"));
  });
  test("no two connections share a file, a part, a unit or a table", () => {
    const all = ["a", "key-a", "a-b", "a-b-secret"].flatMap((name) => Object.entries(lacNames(name)).filter(([key]) => !["connection", "runtime"].includes(key)).map(([, value]) => value));
    expect(new Set(all).size).toBe(all.length);
  });
});
