import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { filesOf } from "./helpers";

/** An `ip` that says what a machine with one L2TP tunnel says, and writes down what it is told to change. */
const ip = `#!/bin/sh
case "$*" in
"l2tp show tunnel") printf 'Tunnel 3, encap UDP\\n  From 10.9.0.11 to 192.0.2.11\\n  Peer tunnel 7\\n  UDP source / dest ports: 1701/1701\\n' ;;
"-4 route get 192.0.2.11") echo "192.0.2.11 via 10.9.0.1 dev \${WAY:-eth0} src 10.9.0.11 uid 0"; echo "    cache" ;;
*) echo "ip $*" >>"$CALLS" ;;
esac
`;

describe("ip-up.d and ip-down.d, run by a shell", () => {
  let folder: string;
  const run = (script: "ip-up.d" | "ip-down.d", environment: Record<string, string> = {}): string[] => {
    // Of what they say nothing but the place of the list differs: a test writes nothing to /run.
    const text = filesOf()[`linux/l2tp/etc/ppp/${script}/office-l2tp`].replace("/run/office-l2tp.peers", `${folder}/peers`);
    const calls = path.join(folder, "calls");
    fs.writeFileSync(calls, "");
    execFileSync("sh", ["-eu"], { input: text, env: { PATH: `${folder}:${process.env.PATH}`, CALLS: calls, LINKNAME: "office-l2tp", PPP_IFACE: "ppp0", ...environment } });
    return fs.readFileSync(calls, "utf8").split("\n").filter((line) => line !== "");
  };

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "ip-up-"));
    fs.writeFileSync(path.join(folder, "ip"), ip, { mode: 0o755 });
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  test("the gateway stays where it was before anything leads into the tunnel, and its route goes with it", () => {
    expect(run("ip-up.d")).toEqual([
      "ip -4 route replace 192.0.2.11 via 10.9.0.1 dev eth0",
      "ip -4 route replace 0.0.0.0/1 dev ppp0",
      "ip -4 route replace 128.0.0.0/1 dev ppp0",
    ]);
    expect(run("ip-down.d")).toEqual(["ip -4 route del 192.0.2.11"]);
    expect(run("ip-down.d")).toEqual([]);
  });
  test("another link is none of theirs", () => {
    expect(run("ip-up.d", { LINKNAME: "home" })).toEqual([]);
    expect(run("ip-down.d", { LINKNAME: "home" })).toEqual([]);
  });
  test("a gateway behind another tunnel stays behind it", () => {
    expect(run("ip-up.d", { WAY: "ppp1" })[0]).toBe("ip -4 route replace 0.0.0.0/1 dev ppp0");
  });
});
