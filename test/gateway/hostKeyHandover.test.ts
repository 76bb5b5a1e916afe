import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { hostKeyHandover } from "../../gateway/hostKeyHandover";

/** Runs the handover on a folder in the place of /etc/ssh, with a systemctl that only notes what it is asked. */
function handover(folder: string): string {
  fs.writeFileSync(path.join(folder, "systemctl"), `#!/bin/sh\necho "$@" >>'${folder}/asked'\n`, { mode: 0o755 });
  const script = hostKeyHandover.replaceAll("/etc/ssh", folder);
  return execFileSync("sh", ["-s"], { input: script, encoding: "utf8", env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
}

describe("host key handover", () => {
  let folder: string;
  const file = (name: string) => fs.readFileSync(path.join(folder, name), "utf8");
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "host-key-"));
    fs.writeFileSync(path.join(folder, "ssh_host_ed25519_key"), "bootstrap\n", { mode: 0o600 });
    fs.writeFileSync(path.join(folder, "ssh_host_ed25519_key.pub"), "ssh-ed25519 bootstrap\n");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  test("the machine's own key takes the bootstrap key's place, and its public half alone is told", () => {
    const told = handover(folder);
    expect(told).toMatch(/^ssh-ed25519 AAAA\S+\n$/);
    expect(file("ssh_host_ed25519_key.pub")).toContain(told.trim());
    expect(file("ssh_host_ed25519_key")).toContain("BEGIN OPENSSH PRIVATE KEY");
    expect(fs.statSync(path.join(folder, "ssh_host_ed25519_key")).mode & 0o777).toBe(0o600);
    expect(file("asked")).toBe("try-restart ssh.service\n");
  });

  test("asked again it tells the same key; one that was cut off before the end begins anew", () => {
    const first = handover(folder);
    expect(handover(folder)).toBe(first);
    fs.rmSync(path.join(folder, "ssh_host_ed25519_key.own"));
    fs.writeFileSync(path.join(folder, "ssh_host_ed25519_key.new"), "half of one");
    expect(handover(folder)).not.toBe(first);
  });
});
