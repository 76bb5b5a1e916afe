import { execFileSync } from "child_process";
import { parse } from "yaml";
import { renderUserData, userDataLimit } from "../../gateway/cloudInit";
import { paths } from "../../gateway/platforms";
import { exampleSpec, goldenSpecs } from "./specs";

const hostKey = { privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n", publicKey: "ssh-ed25519 AAAA host\n" };
const authorizedKeys = ["ssh-ed25519 BBBB admin"];

interface CloudConfig {
  packages: string[];
  write_files: { path: string; permissions: string; content: string }[];
  runcmd: string[];
  [key: string]: unknown;
}
const read = (text: string) => parse(text, { version: "1.1" }) as CloudConfig;

test.each(Object.keys(goldenSpecs))("%s: what cloud-init reads is what was meant, and it is small", (name) => {
  const text = renderUserData({ spec: goldenSpecs[name], hostKey, authorizedKeys });
  expect(text.startsWith("#cloud-config\n")).toBe(true);
  expect(Buffer.byteLength(text)).toBeLessThan(userDataLimit / 2);
  const config = read(text);
  expect(config).toMatchObject({
    hostname: "office",
    disable_root: false,
    ssh_pwauth: false,
    ssh_authorized_keys: authorizedKeys,
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: "ssh-ed25519 AAAA host" },
  });
  expect(config.write_files.every(({ permissions }) => permissions === "0644")).toBe(true);
  expect(config.runcmd.at(-1)).toBe("mkdir -p /var/lib/vpn-gateway && touch /var/lib/vpn-gateway/ready");
});

test("until it is configured the machine lets in nothing but SSH from administrators", () => {
  const config = read(renderUserData({ spec: exampleSpec({ sshPort: 2222 }), authorizedKeys }));
  const firewall = config.write_files.find(({ path }) => path === paths.firewall)!.content;
  expect(firewall).toContain("ip saddr @administrators4 tcp dport 2222 accept");
  expect(firewall).not.toMatch(/500|1701|esp/);
  expect(firewall.match(/policy drop;/g)).toHaveLength(2);
  expect(config.write_files.find(({ path }) => path === paths.sshd)!.content).toMatch(/^Port 2222$/m);
  expect(config.runcmd[0]).toBe("systemctl enable --now vpn-gateway-firewall.service");
  expect(config.ssh_keys).toBeUndefined();
});

test("too much is refused with the number of bytes and what takes the room", () => {
  const files = [{ path: "/usr/sbin/large", mode: 0o755, content: `${"x".repeat(20_000)}\n` }];
  expect(() => renderUserData({ spec: exampleSpec(), authorizedKeys, files })).toThrow(
    /^user data has \d{5} bytes, and clouds take 16384 at most\. The largest: \/usr\/sbin\/large 20001, /,
  );
});

describe("a kernel without PPP", () => {
  const kernelOf = (spec: Partial<ReturnType<typeof exampleSpec>>) =>
    read(renderUserData({ spec: exampleSpec(spec), authorizedKeys })).runcmd.find((line) => line.startsWith("modprobe -qn l2tp_ppp ||"))!;

  test("Debian: gets the full kernel of its architecture and boots into it once; a full one is left alone", () => {
    const line = kernelOf({});
    expect(line).toContain("linux-image-$(dpkg --print-architecture) || exit 1;");
    expect(line).toMatch(/GRUB_TOP_LEVEL=\$\(ls \/boot\/vmlinuz-\* \| grep -v cloud .*update-grub; systemctl enable vpn-gateway-ready\.service; systemctl reboot; exit 0; }$/);
  });

  test("Ubuntu: gets the modules of the kernel that runs, without a restart", () => {
    const line = kernelOf({ platform: "ubuntu2404" });
    expect(line).toContain("linux-modules-extra-$(uname -r) ");
    const further = /linux-modules-extra-\$\(uname -r\) (\$\(.*?p'\))/.exec(line)![1];
    for (const [release, found] of [["6.14.0-1015-aws", "linux-modules-extra-aws"], ["6.14.0-1019-gcp", "linux-modules-extra-gcp"], ["6.11.0-1018-azure", "linux-modules-extra-azure"], ["6.8.0-85-generic", ""]]) {
      expect(execFileSync("sh", ["-c", `uname() { echo ${release}; }; echo "${further}"`], { encoding: "utf8" }).trim()).toBe(found);
    }
    expect(line).not.toContain("reboot");
  });

  test("without L2TP nobody asks for one", () => {
    expect(kernelOf({ l2tp: undefined })).toBeUndefined();
  });

  test("is not called ready, neither by the first boot nor by the second", () => {
    const config = read(renderUserData({ spec: exampleSpec(), authorizedKeys }));
    const unit = config.write_files.find(({ path }) => path.endsWith("vpn-gateway-ready.service"))!.content;
    expect(unit).toMatch(/ExecStartPre=\/sbin\/modprobe -qn l2tp_ppp\nExecStart=/);
    expect(config.runcmd.indexOf(kernelOf({}))).toBeLessThan(config.runcmd.length - 1);
  });

  test("what it is asked in is shell that a shell reads", () => {
    for (const platform of ["debian13", "ubuntu2404"] as const) {
      execFileSync("sh", ["-n"], { input: read(renderUserData({ spec: exampleSpec({ platform }), authorizedKeys, loginWhenReady: true })).runcmd.join("\n") });
    }
  });
});

test("log-ins are let in when the machine is ready, where that is asked for", () => {
  const config = read(renderUserData({ spec: exampleSpec(), authorizedKeys, loginWhenReady: true }));
  expect(config.ssh_authorized_keys).toBeUndefined();
  expect(config.write_files.find(({ path }) => path === "/etc/vpn-gateway/authorized_keys")!.content).toBe("ssh-ed25519 BBBB admin\n");
  expect(config.runcmd.at(-1)).toMatch(/^install -D -m 600 .*authorized_keys && mkdir -p .* && touch \/var\/lib\/vpn-gateway\/ready$/);
  expect(config.write_files.find(({ path }) => path.endsWith("ready.service"))!.content).toContain("/root/.ssh/authorized_keys");
});

test("root alone: no user that the cloud wants, and no key of its metadata's before the machine is ready", () => {
  const of = (rootAlone: boolean) => read(renderUserData({ spec: exampleSpec(), authorizedKeys, loginWhenReady: true, rootAlone }));
  expect(of(true)).toMatchObject({ users: [], allow_public_ssh_keys: false });
  for (const key of ["users", "allow_public_ssh_keys"]) expect(of(false)[key]).toBeUndefined();
});
