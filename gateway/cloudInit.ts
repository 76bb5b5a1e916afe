import { stringify } from "yaml";
import type { ConfigFile } from "./bundle";
import { renderUnit, directive } from "./formats/unit";
import { bothActive } from "./pair";
import { paths, platform, type Platform } from "./platforms";
import { renderModules } from "./render/modules";
import { renderClosedFirewall } from "./render/nftables";
import { renderFirewallUnit } from "./render/units";
import type { GatewaySpec } from "./spec";

/** What the first boot is told. */
export interface UserDataArgs {
  spec: GatewaySpec;
  /**
   * The machine's SSH host key (Ed25519, OpenSSH's format), so that the first connection already knows whom it
   * speaks to. A secret of SSH, not of the tunnel: change it once the machine stands if its user data is readable.
   */
  hostKey?: { privateKey: string; publicKey: string };
  /** Public keys that may log in as root. */
  authorizedKeys: readonly string[];
  /**
   * Lets them log in only once the machine is ready, so that whoever waits for a log-in waits for all of the first
   * boot, its restart among it. @default false: as soon as sshd runs
   */
  loginWhenReady?: boolean;
  /**
   * Makes no user beside root, and gives root no key that the cloud's metadata names: Azure insists on both, and
   * cloud-init would let that key in at once. @default false
   */
  rootAlone?: boolean;
  /** Further files to be written before anything runs. @default none */
  files?: readonly ConfigFile[];
}

/** The smallest limit of a cloud: EC2's, before base64. */
export const userDataLimit = 16_384;

/**
 * User data for cloud-init: what makes a fresh machine ready to be pushed to, with no secret of the tunnel. Packages,
 * kernel modules, a firewall that lets in nothing but SSH from administrators, and the SSH keys; the file
 * `/var/lib/vpn-gateway/ready` is written last.
 *
 * @throws Error if it has more than 16,384 bytes, with what takes the room.
 */
export function renderUserData(args: UserDataArgs): string {
  const { spec, hostKey, authorizedKeys } = args;
  const facts = platform(spec.platform);
  const config = {
    hostname: spec.name,
    // Parts are pushed as root; a password opens nothing.
    disable_root: false,
    ...(args.rootAlone ? { users: [], allow_public_ssh_keys: false } : {}),
    ssh_pwauth: false,
    ...(args.loginWhenReady ? {} : { ssh_authorized_keys: authorizedKeys.map((key) => key.trim()) }),
    ...(hostKey === undefined
      ? {}
      : {
          ssh_deletekeys: true,
          ssh_keys: {
            ed25519_private: hostKey.privateKey.trimEnd() + "\n",
            ed25519_public: hostKey.publicKey.trim(),
          },
        }),
    package_update: true,
    packages: packagesOf(spec, facts),
    write_files: filesOf(args, facts).map(({ path, mode, content }) => ({
      path,
      permissions: mode.toString(8).padStart(4, "0"),
      content,
    })),
    runcmd: commands(args, facts),
  };
  // Version 1.1, as cloud-init's parser reads it: a bare `no` would be false there.
  const text = `#cloud-config\n${stringify(config, { version: "1.1", lineWidth: 0 })}`;
  refuseTooLong(text, config);
  return text;
}

/** The packages that a gateway needs before it is pushed to. */
export function packagesOf(spec: GatewaySpec, facts: Platform): string[] {
  return [...facts.packages, ...(spec.ikev2 ? facts.ikev2Packages : []), ...(spec.l2tp || spec.lac ? facts.l2tpPackages : []), ...(spec.pair && !bothActive(spec.pair) ? facts.pairPackages : []), ...(spec.bgp ? facts.bgpPackages : [])];
}

/** The files that the first boot writes. */
export function filesOf(args: UserDataArgs, facts: Platform): ConfigFile[] {
  const { spec, files = [] } = args;
  const written = [
    { path: paths.firewall, content: renderClosedFirewall(spec) },
    { path: paths.firewallUnit, content: renderFirewallUnit(spec) },
    { path: paths.modules, content: renderModules(spec) },
    { path: paths.sshd, content: sshd(spec) },
    ...(needsKernel(spec, facts) ? [{ path: readyUnit, content: renderReadyUnit(readyCommand(args)) }] : []),
    ...(args.loginWhenReady ? [{ path: waitingKeys, content: args.authorizedKeys.map((key) => `${key.trim()}\n`).join("") }] : []),
  ];
  return [...written.map((file) => ({ ...file, mode: 0o644 })), ...files];
}

function sshd(spec: GatewaySpec): string {
  return [
    "# Written by pulumi-vpn-gateway.",
    ...(spec.sshPort === 22 ? [] : [`Port ${spec.sshPort}`]),
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "",
  ].join("\n");
}

const readyUnit = "/etc/systemd/system/vpn-gateway-ready.service";
const waitingKeys = "/etc/vpn-gateway/authorized_keys";
const ready = `mkdir -p ${paths.ready.replace(/\/[^/]+$/, "")} && touch ${paths.ready}`;

function readyCommand({ loginWhenReady }: UserDataArgs): string {
  return loginWhenReady ? `install -D -m 600 ${waitingKeys} /root/.ssh/authorized_keys && ${ready}` : ready;
}

/** What the first boot runs once packages and files are there, as lines of a POSIX shell's. */
export function commands(args: UserDataArgs, facts: Platform): string[] {
  const { spec } = args;
  return [
    // Reads all units anew, which is wanted once: what follows finds the files above.
    `systemctl enable --now ${facts.units.firewall}`,
    // Where sshd was already running (Ubuntu starts it by socket), it has not seen its port yet.
    ...(spec.sshPort === 22 ? [] : ["systemctl try-restart ssh.socket ssh.service"]),
    ...(needsKernel(spec, facts) ? kernelCommands(facts) : []),
    "systemctl restart systemd-modules-load.service || true",
    readyCommand(args),
  ];
}

function needsKernel(spec: GatewaySpec, facts: Platform): boolean {
  return (spec.l2tp !== undefined || spec.lac === true) && facts.l2tpKernelPackages.length > 0;
}

/**
 * A kernel without PPP gets what it lacks; where that is another kernel, the machine boots into it and is ready then.
 * A machine that cannot get it does not call itself ready: `cloud-init status` says why.
 */
function kernelCommands(facts: Platform): string[] {
  const install = `apt-get install -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5 ${facts.l2tpKernelPackages.join(" ")}`;
  if (facts.name === "ubuntu2404") return [`modprobe -qn l2tp_ppp || ${install} || exit 1`];
  const bootInto = [
    `${install} || exit 1`,
    "mkdir -p /etc/default/grub.d",
    // Evaluated by each update-grub, so that a newer kernel is booted in its turn.
    "echo 'GRUB_TOP_LEVEL=$(ls /boot/vmlinuz-* | grep -v cloud | sort -V | tail -n 1)' > /etc/default/grub.d/vpn-gateway.cfg",
    "update-grub",
    "systemctl enable vpn-gateway-ready.service",
    "systemctl reboot",
    "exit 0",
  ];
  return [`modprobe -qn l2tp_ppp || { ${bootInto.join("; ")}; }`];
}

function renderReadyUnit(ready: string): string {
  return renderUnit([
    {
      name: "Unit",
      directives: [directive("Description", "Say that the first boot of the VPN gateway is over"), directive("ConditionPathExists", `!${paths.ready}`)],
    },
    // Not in a kernel that lacks what the machine was restarted for.
    { name: "Service", directives: [directive("Type", "oneshot"), directive("ExecStartPre", "/sbin/modprobe -qn l2tp_ppp"), directive("ExecStart", `/bin/sh -c '${ready}'`)] },
    { name: "Install", directives: [directive("WantedBy", "multi-user.target")] },
  ]);
}

function refuseTooLong(text: string, config: object): void {
  const parts = Object.entries(config).flatMap(([key, value]) =>
    key === "write_files" ? (value as { path: string; content: string }[]) : [{ path: key, content: JSON.stringify(value) }],
  );
  refuseTooMuch(text, parts);
}

/** @throws Error for a text that is longer than {@link userDataLimit}, with the largest of what it is made of. */
export function refuseTooMuch(text: string, parts: readonly { path: string; content: string }[]): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= userDataLimit) return;
  const largest = parts
    .map(({ path, content }) => ({ path, size: Buffer.byteLength(content) }))
    .sort((a, b) => b.size - a.size)
    .slice(0, 4)
    .map(({ path, size }) => `${path} ${size}`)
    .join(", ");
  throw new Error(`user data has ${bytes} bytes, and clouds take ${userDataLimit} at most. The largest: ${largest} bytes`);
}
