import { renderReadableParts } from "../../gateway/renderBundle";
import { paths, platform } from "../../gateway/platforms";
import type { GatewaySpec } from "../../gateway/spec";
import { readStrongswanConf, type Tree } from "./formats/readers";
import { exampleSpec, goldenSpecs } from "./specs";

const { strongswan } = platform("debian13");

function files(spec: GatewaySpec): Record<string, string> {
  return Object.fromEntries(renderReadableParts(spec).flatMap((part) => part.files.map(({ path, content }) => [path, content])));
}

function child(spec: GatewaySpec): Tree {
  const { connections } = readStrongswanConf(files(spec)[platform(spec.platform).strongswan.connections]) as { connections: Record<string, Tree> };
  return ((connections.l2tp.children as Tree).l2tp as Tree);
}

const off = (spec: GatewaySpec): GatewaySpec => ({ ...spec, l2tp: { ...spec.l2tp!, sharedNat: false } });
const withL2tp = Object.values(goldenSpecs).filter(({ l2tp }) => l2tp !== undefined);

describe("clients behind one NAT", () => {
  test.each(withL2tp)("are told apart by default ($name, $platform)", (spec) => {
    expect(child(spec)).toMatchObject({ mark_in: "%unique", mark_out: "%unique", set_mark_in: "%same", mode: "transport" });
    const firewall = files(spec)[paths.firewall];
    const from = "meta mark != 0 udp dport 1701 meta ipsec exists";
    expect(firewall).toContain(`    ${from} ct original zone set jhash meta mark mod 65535 seed 0x6c327470 offset 1\n`);
    expect(firewall).toContain(`    ${from} ct mark set meta mark snat ip to 240.0.0.1-255.255.255.254\n`);
    expect(firewall).toContain('    iifname "ppp*" meta mark set 0\n');
    expect(firewall).toContain("    udp sport 1701 ct mark != 0 meta mark set ct mark\n");
    expect(files(spec)[paths.l2tpUnit]).toContain("PartOf=strongswan.service\n");
  });

  test("the zone is set before conntrack looks, the answer's mark before the route is looked for anew", () => {
    const firewall = files(exampleSpec())[paths.firewall];
    const hookOf = (rule: string) => firewall.slice(0, firewall.indexOf(rule)).match(/type \w+ hook \w+ priority \w+/g)?.at(-1);
    expect(hookOf("ct original zone set")).toBe("type filter hook prerouting priority raw");
    expect(hookOf("snat ip to 240")).toBe("type nat hook input priority srcnat");
    expect(hookOf("meta mark set ct mark")).toBe("type filter hook output priority mangle");
  });

  test("no zone is 0, which is everybody else's, and no stand-in is an address that somebody has", () => {
    const firewall = files(exampleSpec())[paths.firewall];
    expect(firewall).toMatch(/mod 65535 seed \S+ offset 1$/m);
    expect(firewall).toMatch(/snat ip to 2[4-5]\d\./);
  });

  test("a firewall that is loaded anew finds every session in its zone: no hash has a seed that the kernel draws", () => {
    for (const spec of withL2tp) {
      const hashes = files(spec)[paths.firewall].match(/jhash.*/g) ?? [];
      expect(hashes).toHaveLength(1);
      for (const hash of hashes) expect(hash).toMatch(/ seed 0x[0-9a-f]*[1-9a-f]/);
    }
  });

  test("off, nothing of it is left; and IKEv2 alone has nothing of it either", () => {
    for (const spec of withL2tp) {
      expect(child(off(spec))).not.toHaveProperty("mark_in");
      // Rates mark connections, too, in a table of their own.
      expect(Object.entries(files(off(spec))).map(([path, text]) => (path === paths.rates ? "" : text)).join("\n")).not.toMatch(/ct mark|ct original zone|snat ip to 240|PartOf=/);
    }
    expect(Object.values(files(goldenSpecs["ikev2-only"])).join("\n")).not.toMatch(/ct mark|mark_in/);
  });

  test("it changes the firewall, the connections and xl2tpd's unit, and no other file", () => {
    const [told, without] = [files(exampleSpec()), files(off(exampleSpec()))];
    expect(Object.keys(told)).toEqual(Object.keys(without));
    expect(Object.keys(told).filter((path) => told[path] !== without[path]).sort()).toEqual([paths.firewall, strongswan.connections, paths.l2tpUnit].sort());
  });
});
