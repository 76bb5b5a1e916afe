import { comingBack } from "../../../gateway/clients/comingBack";
import { oneTimeCodes } from "../../../gateway/oneTimeCode";
import type { GatewaySpec } from "../../../gateway/spec";
import { asOfOneGateway } from "../../../lab/scenarios/pairProfile";
import { readIni, readPppWords, readStrongswanConf } from "../formats/readers";
import { goldenSpecs } from "../specs";
import { filesOf, readByPython, type Page } from "./helpers";

// What a format's reader gives: each assertion says its shape.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Anything = any;

const pair = (changes: Partial<GatewaySpec> = {}) => filesOf({ pair: goldenSpecs["pair-floating"].pair, ...changes });
const swanctl = (files: Record<string, string>, file: string) => (readStrongswanConf(files[file]) as Anything).connections;
const snippet = "etc/strongswan.d/office-pair.conf";

describe("the profiles of a pair come back soon, those of a gateway by itself do not wear it out", () => {
  test("swanctl asks after a second, and dials anew what is dead and what said goodbye, for ever", () => {
    const { office } = swanctl(pair(), "linux/ikev2/etc/swanctl/conf.d/office.conf");
    expect(office).toMatchObject({ dpd_delay: "1s", keyingtries: "0", children: { office: { dpd_action: "restart", close_action: "start" } } });
    const l2tp = swanctl(pair(), "linux/l2tp/etc/swanctl/conf.d/office-l2tp.conf")["office-l2tp"];
    expect(l2tp).toMatchObject({ dpd_delay: "1s", dpd_timeout: "3s", keyingtries: "0", children: { "office-l2tp": { close_action: "start" } } });
    const alone = swanctl(filesOf(), "linux/ikev2/etc/swanctl/conf.d/office.conf").office;
    expect([alone.dpd_delay, alone.children.office.close_action]).toEqual(["30s", undefined]);
  });
  test.each(["ikev2", "l2tp"])("charon gives a message up after 1.8 s, by a file of its own: %s", (protocol) => {
    expect(readStrongswanConf(pair()[`linux/${protocol}/${snippet}`])).toEqual({ charon: { retransmit_tries: "2", retransmit_timeout: "0.6", retransmit_base: "1" } });
    expect(Object.keys(filesOf()).filter((file) => file.includes("strongswan.d"))).toEqual([]);
  });
  test("xl2tpd and pppd notice after three seconds and dial anew after one", () => {
    const at = (files: Record<string, string>, file: string) => files[`linux/l2tp/etc/${file}`];
    const { global, "lac office-l2tp": lac } = readIni(at(pair(), "xl2tpd/xl2tpd.conf"));
    expect([global["max retries"], lac["redial timeout"]]).toEqual(["1", "1"]);
    expect(readPppWords(at(pair(), "ppp/options.office-l2tp"))).toEqual(expect.arrayContaining([["lcp-echo-interval", "1"], ["lcp-echo-failure", "3"]]));
    expect(readPppWords(at(filesOf(), "ppp/options.office-l2tp"))).toEqual(expect.arrayContaining([["lcp-echo-interval", "30"], ["lcp-echo-failure", "4"]]));
  });
  test("where a RADIUS server may be silent for six seconds, charon waits for the gateway for as long", () => {
    const radius = { servers: [{ host: "10.20.0.5" }] } as GatewaySpec["radius"];
    const { tries, timeout } = comingBack({ pair: goldenSpecs["pair-floating"].pair, radius, deadPeerDelay: 30 }).retransmissions!;
    expect((tries + 1) * timeout).toBeGreaterThan(6);
    expect(comingBack({ radius, deadPeerDelay: 30 }).retransmissions).toBeUndefined();
  });
  test("Apple's devices ask each minute instead of each ten, and follow a redirect", () => {
    const payloads = (files: Record<string, string>) => readByPython<Anything>("plist", [files["apple/office-ikev2.mobileconfig"]])[0].PayloadContent;
    const ikev2 = (files: Record<string, string>) => payloads(files).find(({ IKEv2 }: Anything) => IKEv2 !== undefined).IKEv2;
    expect(ikev2(pair())).toMatchObject({ DeadPeerDetectionRate: "High", DisableRedirect: 0 });
    expect(ikev2(filesOf())).toMatchObject({ DeadPeerDetectionRate: "Medium", DisableRedirect: 1 });
  });
  test("the page says what each device does by itself, and what no file can set", () => {
    const text = (files: Record<string, string>) => readByPython<Page>("html", [files["instructions.html"]])[0].texts.map(([, said]) => said).join(" ");
    expect(text(pair())).toContain("connect again yourself");
    expect(text(pair({ profiles: { onDemand: true, trustedWireless: [] } }))).toContain("and connect again by themselves");
    expect(text(pair({ clients: ["linux"] }))).not.toContain("Windows may take minutes");
    expect(text(pair())).toContain("sudo swanctl --reload-settings");
    expect(text(filesOf())).not.toMatch(/two machines|reload-settings/);
  });
  test("who types a code each time is dialled for by nobody, and the page does not say so either", () => {
    const changes: Partial<GatewaySpec> = { pair: goldenSpecs["pair-floating"].pair, radius: { servers: [{ host: "127.0.0.1" }], onGateway: {} }, users: [{ name: "alice", oneTimeCode: true }] };
    const files = filesOf(changes, "alice", { oneTimeCodes: oneTimeCodes({ name: "office" }, { alice: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" }) });
    const { office } = swanctl(files, "linux/ikev2/etc/swanctl/conf.d/office.conf");
    expect([office.dpd_delay, office.keyingtries, office.children.office.close_action]).toEqual(["1s", undefined, undefined]);
    expect(readIni(files["linux/l2tp/etc/xl2tpd/xl2tpd.conf"])["lac office-l2tp"]).not.toHaveProperty("redial");
    expect(readByPython<Page>("html", [files["instructions.html"]])[0].texts.map(([, said]) => said).join(" ")).not.toContain("by itself within seconds");
  });
  test("the lab's twin is what a gateway by itself hands out", () => {
    const ofLinux = (files: Record<string, string>) => Object.fromEntries(Object.entries(files).filter(([file]) => file.startsWith("linux/ikev2/")).map(([file, text]) => [file.replace("linux/ikev2", ""), text]));
    const profile = (files: Record<string, string>) => ({ protocol: "ikev2" as const, name: "office", files: ofLinux(files) });
    expect(asOfOneGateway(profile(pair()))).toEqual(profile(filesOf()));
    expect(profile(pair())).not.toEqual(profile(filesOf()));
  });
});
