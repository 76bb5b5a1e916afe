import { execFileSync, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { parse } from "yaml";
import { renderUserData, userDataLimit, type UserDataArgs } from "../../gateway/cloudInit";
import { writeFile, word } from "../../gateway/formats/shellScript";
import { renderStartupScript } from "../../gateway/startupScript";
import { exampleSpec, goldenSpecs } from "./specs";

const hostKey = { privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n", publicKey: "ssh-ed25519 AAAA host\n" };
const base: UserDataArgs = { spec: exampleSpec(), hostKey, authorizedKeys: ["ssh-ed25519 BBBB admin"], loginWhenReady: true };

/** A machine's files in a folder, with programs that write down how they were called. */
class Machine {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "first-boot-"));
  constructor() {
    for (const folder of ["bin", "etc/ssh", "etc/default", "root", "var/lib"]) fs.mkdirSync(path.join(this.root, folder), { recursive: true });
    for (const name of ["ssh_host_rsa_key", "ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"]) fs.writeFileSync(path.join(this.root, "etc/ssh", name), "the agent's\n");
    this.program("systemctl");
    this.program("apt-get");
    this.program("update-grub");
    this.program("modprobe");
  }
  program(name: string, status = 0): void {
    fs.writeFileSync(path.join(this.root, "bin", name), `#!/bin/sh\necho "${name} $*" >>"${this.root}/calls"\nexit ${status}\n`, { mode: 0o755 });
  }
  boot(args: UserDataArgs): { status: number | null; calls: string[] } {
    fs.writeFileSync(path.join(this.root, "calls"), "");
    const script = renderStartupScript(args).replace(/(?<=[\s'"(>])\/(etc|root|var\/lib)\//g, `${this.root}/$1/`);
    const { status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8", env: { PATH: `${this.root}/bin:${process.env.PATH}` } });
    if (stderr !== "") throw new Error(stderr);
    return { status, calls: fs.readFileSync(path.join(this.root, "calls"), "utf8").trim().split("\n").filter((line) => line !== "") };
  }
  read(file: string): string {
    return fs.readFileSync(path.join(this.root, file), "utf8");
  }
  mode(file: string): string {
    return (fs.statSync(path.join(this.root, file)).mode & 0o777).toString(8);
  }
  has(file: string): boolean {
    return fs.existsSync(path.join(this.root, file));
  }
}

describe("run by a real shell", () => {
  const machine = new Machine();
  afterAll(() => fs.rmSync(machine.root, { recursive: true }));

  test("the first boot writes just the files that cloud-init's does, installs the same packages and runs the same commands", () => {
    const config = parse(renderUserData(base), { version: "1.1" }) as { packages: string[]; write_files: { path: string; content: string; permissions: string }[]; runcmd: string[] };
    const { status, calls } = machine.boot(base);
    expect(status).toBe(0);
    for (const { path: file, content, permissions } of config.write_files) {
      expect([file, machine.read(file).replaceAll(machine.root, ""), machine.mode(file)]).toEqual([file, content, permissions.slice(1)]);
    }
    expect(calls).toContainEqual(expect.stringMatching(new RegExp(`^apt-get .* install -y ${config.packages.join(" ")}$`)));
    expect(renderStartupScript(base)).toContain(`\n${config.runcmd.join("\n")}\n`);
    expect(calls.indexOf("systemctl enable --now vpn-gateway-firewall.service")).toBeGreaterThan(calls.findIndex((call) => call.includes("install")));
  });

  test("the host key is the bootstrap key and no other of the agent's, which is told to make none; who may log in may now", () => {
    expect(machine.read("etc/ssh/ssh_host_ed25519_key")).toBe(hostKey.privateKey);
    expect(machine.read("etc/ssh/ssh_host_ed25519_key.pub")).toBe(hostKey.publicKey);
    expect([machine.mode("etc/ssh/ssh_host_ed25519_key"), machine.has("etc/ssh/ssh_host_rsa_key")]).toEqual(["600", false]);
    expect(machine.read("etc/default/instance_configs.cfg")).toBe("[InstanceSetup]\nset_host_keys = false\n");
    expect(machine.read("root/.ssh/authorized_keys")).toBe("ssh-ed25519 BBBB admin\n");
    expect(machine.has("var/lib/vpn-gateway/ready")).toBe(true);
  });

  test("a machine that is ready is left alone at each boot after that", () => {
    fs.writeFileSync(path.join(machine.root, "etc/ssh/ssh_host_ed25519_key"), "its own\n");
    expect(machine.boot(base)).toEqual({ status: 0, calls: [] });
    expect(machine.read("etc/ssh/ssh_host_ed25519_key")).toBe("its own\n");
  });

  test("one that is not is taken up again, and does not get its bootstrap key twice", () => {
    fs.rmSync(path.join(machine.root, "var/lib/vpn-gateway/ready"));
    expect(machine.boot(base).calls.length).toBeGreaterThan(3);
    expect(machine.read("etc/ssh/ssh_host_ed25519_key")).toBe("its own\n");
    expect(machine.has("var/lib/vpn-gateway/ready")).toBe(true);
  });
});

test("packages that cannot be had: not ready, nobody let in, and the news by its status", () => {
  const machine = new Machine();
  machine.program("apt-get", 100);
  expect(machine.boot(base).status).toBe(1);
  expect([machine.has("var/lib/vpn-gateway/ready"), machine.has("root/.ssh/authorized_keys")]).toEqual([false, false]);
  fs.rmSync(machine.root, { recursive: true });
});

test("a kernel without PPP: another is installed and booted into, and nothing is ready before", () => {
  const machine = new Machine();
  machine.program("modprobe", 1);
  const { calls } = machine.boot(base);
  expect(calls).toContainEqual(expect.stringMatching(/^apt-get install .* linux-image-/));
  expect(calls.at(-1)).toBe("systemctl reboot");
  expect(machine.has("var/lib/vpn-gateway/ready")).toBe(false);
  const without = renderStartupScript({ ...base, spec: exampleSpec({ l2tp: undefined }) });
  expect(without).not.toMatch(/linux-image|reboot/);
  fs.rmSync(machine.root, { recursive: true });
});

test.each(Object.keys(goldenSpecs))("%s: a shell reads it, and it is small", (name) => {
  const script = renderStartupScript({ ...base, spec: goldenSpecs[name] });
  execFileSync("sh", ["-n"], { input: script });
  expect(Buffer.byteLength(script)).toBeLessThan(userDataLimit / 2);
});

test("too much is refused with what takes the room", () => {
  const administrators = Array.from({ length: 900 }, (_, index) => `198.51.${index >> 8}.${index & 255}/32`);
  expect(() => renderStartupScript({ ...base, spec: exampleSpec({ administrators }) })).toThrow(/^user data has \d{5} bytes, and clouds take 16384 at most\. The largest: \/etc\/vpn-gateway\/firewall\.nft \d{5}, /);
});

test("words and files as a shell takes them, whatever is in them", () => {
  for (const text of ["plain", "two words", "it's", "$(touch x)", "`x`", '"', "a;b", "*", "", "~"]) {
    expect(execFileSync("sh", ["-c", `printf %s ${word(text)}`], { encoding: "utf8" })).toBe(text);
  }
  expect(() => word("a\nb")).toThrow(/shell: a value holds the character U\+000A/);
  const file = path.join(os.tmpdir(), `written-${process.pid}`);
  const content = "$HOME `id` \\n 'x'\n\n END_OF_FILE\n";
  execFileSync("sh", ["-c", writeFile(file, 0o640, content).join("\n")]);
  expect([fs.readFileSync(file, "utf8"), (fs.statSync(file).mode & 0o777).toString(8)]).toEqual([content, "640"]);
  fs.rmSync(file);
  expect(() => writeFile(file, 0o644, "a\nEND_OF_FILE\nid\n")).toThrow(/holds the line END_OF_FILE/);
  expect(() => writeFile(file, 0o644, "a")).toThrow(/line end/);
});
