import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { espProposals, ikeProposals } from "../../../gateway/cipherSuites";
import type { GatewaySpec } from "../../../gateway/spec";
import { authorityOf, issued } from "../certificates/helpers";
import { readStrongswanConf } from "../formats/readers";
import { filesOf } from "./helpers";

/** A document whose shape the assertions themselves say. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Anything = any;
const split: Partial<GatewaySpec> = { tunnel: "split", ikev2: { pool: "10.77.2.0/24", pool6: "fd77:2::/64" }, insideNetworks: ["10.20.0.0/16", "2001:db8:20::/48"] };
const swanctl = (changes: Partial<GatewaySpec> = {}) => readStrongswanConf(filesOf(changes)["openwrt/etc/swanctl/conf.d/office.conf"]) as Anything;

test("swanctl dials by itself, with the gateway's proposals, and calls the script", () => {
  const { connections: { office }, secrets } = swanctl();
  expect(office).toMatchObject({ version: "2", remote_addrs: "192.0.2.11", local: { auth: "eap-mschapv2", eap_id: "alice" }, remote: { auth: "pubkey", id: "192.0.2.11", cacerts: "office.pem" } });
  expect(office.children.office).toMatchObject({ start_action: "start", dpd_action: "restart", updown: "/etc/swanctl/office-updown", remote_ts: "0.0.0.0/0" });
  expect(office.proposals).toBe(ikeProposals("ikev2", ["linux"]).join(", "));
  expect(office.children.office.esp_proposals).toBe(espProposals("ikev2", ["linux"]).join(", "));
  expect(secrets["eap-office"].id).toBe("alice");
  // A person's own machine is dialled from by hand, and translates nothing.
  const { start_action, updown } = (readStrongswanConf(filesOf()["linux/ikev2/etc/swanctl/conf.d/office.conf"]) as Anything).connections.office.children.office;
  expect([start_action, updown]).toEqual([undefined, undefined]);
});

test("without IPv6, which one address cannot be translated to", () => {
  expect(swanctl(split).connections.office).toMatchObject({ vips: "0.0.0.0", children: { office: { remote_ts: "10.20.0.0/16, 9.9.9.9/32" } } });
  expect(filesOf(split)["openwrt/etc/swanctl/office-updown"]).not.toContain("2001:db8");
});

test("who has a certificate: it and its key where swanctl looks, and no password", () => {
  const signer = authorityOf("office VPN authority");
  const credential = { ...issued(signer, "alice"), containerPassword: "canary-container-8431" };
  const files = filesOf({ l2tp: undefined, ikev2: { pool: "10.77.2.0/24", certificates: true }, users: [{ name: "alice", authentication: "certificate" }] }, "alice", { authority: signer.certificate, credentials: { alice: credential } });
  expect(Object.keys(files).filter((file) => file.startsWith("openwrt/")).sort()).toEqual(
    ["conf.d/office.conf", "office-updown", "private/office.pem", "x509/office.pem", "x509ca/office.pem"].map((file) => `openwrt/etc/swanctl/${file}`),
  );
  expect(files["openwrt/etc/swanctl/private/office.pem"]).toBe(credential.privateKey);
  const read = readStrongswanConf(files["openwrt/etc/swanctl/conf.d/office.conf"]) as Anything;
  expect(read.connections.office.local).toMatchObject({ auth: "pubkey", certs: "office.pem" });
  expect(read.secrets).toBeUndefined();
});

test("none where the gateway does not serve Linux' proposals, and none without IKEv2", () => {
  for (const changes of [{ clients: ["windows" as const] }, { ikev2: undefined }]) {
    const files = filesOf(changes);
    expect(Object.keys(files).filter((file) => file.startsWith("openwrt/"))).toEqual([]);
    expect(files["instructions.html"]).not.toContain("OpenWrt");
  }
  expect(filesOf()["instructions.html"]).toContain("chmod 755 /etc/swanctl/office-updown");
});

describe("the script that charon calls, run by a shell", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "updown-"));
    // They write down what they are told; the one that is named by FAIL fails.
    for (const name of ["nft", "ip"]) fs.writeFileSync(path.join(folder, name), `#!/bin/sh\necho "${name} $*" >>"$CALLS"\n[ "$1" != -f ] || cat >>"$CALLS"\n[ "\${FAIL:-}" != ${name} ]\n`, { mode: 0o755 });
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));
  const up = { PLUTO_VERB: "up-client", PLUTO_INTERFACE: "wan", PLUTO_MY_SOURCEIP4_1: "10.77.2.5" };
  function run(environment: Record<string, string>, changes: Partial<GatewaySpec> = {}) {
    const calls = path.join(folder, "calls");
    fs.writeFileSync(calls, "");
    const { status, stderr } = spawnSync("sh", ["-eu"], { input: filesOf(changes)["openwrt/etc/swanctl/office-updown"], encoding: "utf8", env: { PATH: `${folder}:${process.env.PATH}`, CALLS: calls, ...environment } });
    return { status, stderr, told: fs.readFileSync(calls, "utf8").split("\n").map((line) => line.trim()).filter((line) => line !== "") };
  }

  test("up: what comes from behind the router gets the tunnel's address, and the router's own packets do not", () => {
    const { status, stderr, told } = run(up);
    expect([status, stderr]).toEqual([0, ""]);
    expect(told.slice(0, 4)).toEqual(["nft -f -", "table ip vpn-office", "delete table ip vpn-office", "table ip vpn-office {"]);
    expect(told).toContain('oifname "wan" fib saddr type != local ip daddr { 0.0.0.0/0 } snat to 10.77.2.5');
    expect(told.filter((line) => line.includes("maxseg size set 1382"))).toHaveLength(2);
    // The LAN's own routes before the tunnel's default route, and once, however often the tunnel comes up.
    expect(told.slice(-2)).toEqual(["ip -4 rule del pref 219 lookup main suppress_prefixlength 0", "ip -4 rule add pref 219 lookup main suppress_prefixlength 0"]);
  });
  test("split tunnel: the networks alone", () => {
    expect(run(up, split).told).toContain('oifname "wan" fib saddr type != local ip daddr { 10.20.0.0/16, 9.9.9.9/32 } snat to 10.77.2.5');
    expect(run(up, split).told.filter((line) => line.startsWith("ip "))).toEqual([]);
    expect(run({ PLUTO_VERB: "down-client" }, split).told).toEqual(["nft delete table ip vpn-office"]);
  });
  test("down: the table and the rule go, and that they are gone already is no error", () => {
    expect(run({ PLUTO_VERB: "down-client" })).toMatchObject({ status: 0, told: ["nft delete table ip vpn-office", "ip -4 rule del pref 219 lookup main suppress_prefixlength 0"] });
    for (const FAIL of ["nft", "ip"]) expect(run({ PLUTO_VERB: "down-client", FAIL })).toMatchObject({ status: 0 });
  });
  test("a table that nft does not take is no success; nothing is done without an address, nor for other calls", () => {
    for (const FAIL of ["nft", "ip"]) expect(run({ ...up, FAIL }).status).not.toBe(0);
    expect(run({ ...up, PLUTO_MY_SOURCEIP4_1: "" })).toMatchObject({ status: 0, told: [] });
    expect(run({ ...up, PLUTO_VERB: "up-host" })).toMatchObject({ status: 0, told: [] });
  });
});
