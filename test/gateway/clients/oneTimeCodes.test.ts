import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { fromBase32, oneTimeCodes } from "../../../gateway/oneTimeCode";
import { filesOf, readByPython, type Page } from "./helpers";

/** What a user with one-time codes is given: no password that a device would save, and nothing that dials by itself. */
const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const user = `O'Neil "x" \\a`;
const changes = {
  ikev2: { pool: "10.77.2.0/24" },
  radius: { servers: [{ host: "127.0.0.1" }], onGateway: {} },
  users: [{ name: user, oneTimeCode: true }],
  profiles: { onDemand: true, trustedWireless: [] },
};
const password = "quince of the \\ \"password\"";
const codes = oneTimeCodes({ name: "office" }, { [user]: seed });
const files = filesOf(changes, user, { passwords: { [user]: password }, oneTimeCodes: codes });
const plain = filesOf({ ...changes, users: [{ name: user }] }, user, { passwords: { [user]: password } });
const of = (pattern: RegExp, all = files) => Object.entries(all).filter(([name]) => pattern.test(name)).map(([, text]) => text);

test("no file but the page holds the password or the seed; the twin without codes has the password", () => {
  const holds = (all: typeof files, text: string) => Object.entries(all).filter(([, content]) => content.includes(text) || content.includes(Buffer.from(text).toString("base64"))).map(([name]) => name);
  expect(holds(files, "quince")).toEqual(["instructions.html"]);
  expect(holds(files, password)).toEqual([]);
  expect(holds(files, seed)).toEqual(["instructions.html"]);
  expect(holds(plain, "quince").length).toBeGreaterThan(4);
  expect(holds(plain, seed)).toEqual([]);
});

test("nothing saves a password or dials by itself", () => {
  for (const script of of(/\.ps1$/)) {
    expect(script).toContain("RememberCredential = $false");
    expect(script).not.toContain("RememberCredential = $true");
  }
  for (const profile of readByPython<Record<string, unknown>>("plist", of(/\.mobileconfig$/))) expect(JSON.stringify(profile)).not.toMatch(/AuthPassword|OnDemandEnabled/);
  for (const connection of of(/\.nmconnection$/)) expect(connection).toMatch(/^autoconnect=false$[\s\S]*^password-flags=2$/m);
  for (const conf of of(/swanctl\/conf\.d\//)) {
    expect(conf).not.toMatch(/keyingtries|eap-office/);
    expect(conf).toMatch(/dpd_action = clear/);
  }
  expect(of(/xl2tpd\.conf$/)[0]).not.toMatch(/redial/);
  expect(of(/options\.office-l2tp$/)[0]).toMatch(/^file \/run\/office-l2tp\.code$/m);
  expect(of(/values\.txt$|router\.txt$/).every((text) => /at each connection type your password with the code/.test(text))).toBe(true);
  // The twin: whoever has none is dialled for as ever.
  expect(of(/ikev2\.ps1$/, plain)[0]).toContain("RememberCredential = $true");
  expect(of(/ikev2\.mobileconfig$/, plain)[0]).toContain("OnDemandEnabled");
  expect(of(/xl2tpd\.conf$/, plain)[0]).toMatch(/redial = yes/);
});

test("the page tells what to type, and draws what an app scans", () => {
  const [{ texts }] = readByPython<Page>("html", [files["instructions.html"]]);
  const all = texts.map(([, text]) => text).join(" ");
  for (const said of ["type your password and right behind it, without a space, the six digits", "Let no device save the password", "wait for the next one", seed, "Account for the authenticator app as a QR code", "leave it empty: with the code"]) expect(all).toContain(said);
  expect(all).not.toContain("Your device connects by itself");
  const [twin] = readByPython<Page>("html", [plain["instructions.html"]]);
  expect(twin.texts.map(([, text]) => text).join(" ")).not.toMatch(/authenticator/);
});

test("a user of whom no codes are known is an error, and no half of a profile", () => {
  expect(() => filesOf(changes, user, { passwords: { [user]: password } })).toThrow(/no one-time codes of the user/);
});

describe("connect.sh, run by a shell", () => {
  /** Programs that note how they were called, and what stood in the files when they were. */
  function run(protocol: "ikev2" | "l2tp", secret: string): { calls: string; kept: string[]; status: number | null } {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "connect-"));
    try {
      for (const name of ["etc/swanctl/conf.d", "run", "bin"]) fs.mkdirSync(path.join(folder, name), { recursive: true });
      for (const program of ["swanctl", "systemctl", "xl2tpd-control", "sleep"]) {
        fs.writeFileSync(path.join(folder, "bin", program), `#!/bin/sh\necho "${program} $*" >>"${folder}/calls"\ncat "${folder}"/etc/swanctl/conf.d/* "${folder}"/run/*.code >>"${folder}/calls" 2>/dev/null\ntrue\n`, { mode: 0o755 });
      }
      fs.writeFileSync(path.join(folder, "run", "ppp-office-l2tp.pid"), "");
      const script = files[`linux/${protocol}/connect.sh`].replaceAll("/etc/swanctl", `${folder}/etc/swanctl`).replaceAll("/run/", `${folder}/run/`);
      const { status } = spawnSync("sh", ["-c", script], { input: `${secret}\n`, env: { PATH: `${folder}/bin:${process.env.PATH}` } });
      return { calls: fs.readFileSync(path.join(folder, "calls"), "utf8"), kept: [...fs.readdirSync(path.join(folder, "etc/swanctl/conf.d")), ...fs.readdirSync(path.join(folder, "run"))], status };
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
  const typed = `${password} $(id) \`x\` 'y'287082`;

  test("IKEv2: swanctl reads what was typed for this user, and no file keeps it", () => {
    const { calls, kept, status } = run("ikev2", typed);
    const encoded = Buffer.from(typed).toString("base64");
    expect(status).toBe(0);
    expect(calls).toMatch(/^swanctl --load-all --noprompt$[\s\S]*secret = 0s[\s\S]*^swanctl --initiate --child office$/m);
    expect(calls).toContain(`secret = 0s${encoded}\n`);
    expect(calls).toContain(/eap_id = (.*)/.exec(files["linux/ikev2/etc/swanctl/conf.d/office.conf"])![1]);
    expect(calls.split("\n").at(-2)).toBe("swanctl --load-creds --noprompt");
    expect(kept).toEqual(["ppp-office-l2tp.pid"]);
  });

  test("L2TP: pppd reads it as one word of its own, and no file keeps it", () => {
    const { calls, kept, status } = run("l2tp", typed);
    expect(status).toBe(0);
    expect(calls).toContain(`password "${typed.replace(/[\\"]/g, "\\$&")}"\n`);
    expect(calls).toMatch(/^xl2tpd-control connect-lac office-l2tp$/m);
    expect(kept).toEqual(["ppp-office-l2tp.pid"]);
  });
});

test("an app's seed is the one that the gateway has", () => {
  expect(fromBase32(new URL(codes[user].uri).searchParams.get("secret") ?? "")).toEqual(fromBase32(seed));
});

test("a router that dials by itself types no code: it has no files but the values to type", () => {
  expect(Object.keys(files).filter((file) => /^(openwrt|router)\//.test(file))).toEqual([]);
  expect(files).toHaveProperty(["router.txt"]);
  expect(files["instructions.html"]).not.toMatch(/RouterOS|OpenWrt/);
});
