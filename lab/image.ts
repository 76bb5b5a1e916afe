/**
 * The disk images that lab machines start from, made by mmdebstrap: Debian 13 with its stock kernel, trimmed so that it
 * boots fast under emulation; and a bare one that is as a cloud's. They hold no key and no identity: those come with each
 * machine's user data.
 */

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cached, labCacheDirectory } from "./cache";
import { findProgram, installPackages, missingPackages, searchPath } from "./hostPackages";
import { mustRun } from "./process";
import { type Say, withProgress } from "./progress";

export interface LabImage {
  /** Raw, opened read-only: every machine writes to an overlay of its own. */
  root: string;
  /** What QEMU boots; none: the disk boots by itself. */
  boot?: { kernel: string; initrd: string };
  /** Short hash of the recipe: what a machine was started from. */
  recipe: string;
  /** Only when this call built it. */
  buildSeconds?: number;
}

const SUITE = "trixie";

/** Nothing is recommended in by itself: what the lab uses is named here. */
export const PACKAGES = [
  // the machine
  "linux-image-amd64", "systemd-sysv", "dbus", "udev", "kmod", "procps", "busybox-static",
  "cloud-init", "openssh-server", "python3", "ca-certificates", "curl", "openssl",
  // the gateway and its clients
  "charon-systemd", "strongswan-swanctl", "libcharon-extra-plugins", "libcharon-extauth-plugins",
  "libstrongswan-standard-plugins", "libstrongswan-extra-plugins", "xl2tpd", "ppp", "nftables", "conntrack", "keepalived", "frr", "frr-pythontools", "dehydrated",
  // the world and its measurements
  "iproute2", "iputils-ping", "iperf3", "tcpdump", "socat", "netcat-openbsd", "ethtool", "traceroute",
  "freeradius", "freeradius-utils", "freeradius-postgresql", "pebble",
];

/** The trimmed one has all that gateways and clients need; the bare one what Debian's images for clouds have, or less. */
export type ImageName = "trimmed" | "bare";

interface Recipe {
  packages: string[];
  /** The first one is the hook; the others are beside it. */
  scripts: string[];
  leaves: string[];
  title: string;
}

const RECIPES: Record<ImageName, Recipe> = {
  trimmed: { packages: PACKAGES, scripts: ["finish.sh", "trim.sh", "initramfs.sh", "park.sh"], leaves: ["root.img", "vmlinuz", "initrd", "packages"], title: "the machines' Debian 13 image" },
  bare: {
    packages: [
      "linux-image-cloud-amd64", "initramfs-tools", "grub2-common", "grub-pc-bin", "systemd-sysv", "dbus", "udev", "kmod", "procps",
      "cloud-init", "openssh-server", "python3", "ca-certificates", "iproute2",
    ],
    scripts: ["bare.sh"],
    leaves: ["root.img", "packages"],
    title: "a bare Debian 13 disk as clouds have it",
  },
};

/** The folder with the shell parts: beside this file, or in the sources when this runs from dist/. */
export function labSource(...parts: string[]): string {
  for (const base of [__dirname, path.join(__dirname, "..", "..", "lab")]) {
    const candidate = path.join(base, ...parts);
    if (fs.existsSync(candidate)) return candidate;
  }
  throw new Error(`lab/${parts.join("/")} is not beside ${__dirname}: is the package complete?`);
}

/** Hash of everything that decides what the image holds. */
export function recipeHash(scripts: Record<string, string>, packages: string[] = PACKAGES, suite: string = SUITE): string {
  const hash = createHash("sha256").update(JSON.stringify([suite, packages]));
  for (const name of Object.keys(scripts).sort()) hash.update(`\0${name}\0${scripts[name]}`);
  return hash.digest("hex").slice(0, 16);
}

function readScripts({ scripts }: Recipe): Record<string, string> {
  return Object.fromEntries(scripts.map((name) => [name, fs.readFileSync(labSource("image", name), "utf8")]));
}

export function mmdebstrapCommand(hook: string, out: string, packages: string[] = PACKAGES, mirror?: string): string[] {
  return [
    findProgram("mmdebstrap") ?? "mmdebstrap",
    "--variant=apt",
    "--format=null",
    `--include=${packages.join(",")}`,
    '--aptopt=Apt::Install-Recommends "false"',
    `--customize-hook=sh '${hook}' "$1" '${out}'`,
    SUITE,
    "/dev/null",
    ...(mirror ? [mirror] : []),
  ];
}

async function build(recipe: Recipe, temporary: string, scripts: Record<string, string>, say: Say): Promise<void> {
  // In a user namespace mmdebstrap's root is a stranger to our folders: it gets one that
  // anybody may enter, and what it leaves is copied into a file of ours.
  const rootless = process.getuid?.() !== 0;
  const work = fs.mkdtempSync(path.join(rootless ? process.env.TMPDIR || "/tmp" : temporary, "lab-image-"));
  try {
    const out = path.join(work, "out");
    fs.mkdirSync(out);
    fs.chmodSync(work, 0o755);
    fs.chmodSync(out, rootless ? 0o777 : 0o755);
    for (const [name, text] of Object.entries(scripts)) fs.writeFileSync(path.join(work, name), text, { mode: 0o755 });
    let last = "";
    await withProgress(
      say,
      `building ${recipe.title} (once)`,
      "1 to 3 minutes",
      () =>
        mustRun(mmdebstrapCommand(path.join(work, recipe.scripts[0]), out, recipe.packages, process.env.PULUMI_VPN_GATEWAY_MIRROR), {
          env: { ...process.env, PATH: searchPath().join(":") },
          onOutput: (text) => {
            last = text.trim().split("\n").filter((line) => line.startsWith("I: ")).pop()?.slice(3) ?? last;
          },
        }),
      () => last,
    );
    for (const name of recipe.leaves) {
      const from = path.join(out, name);
      const to = path.join(temporary, name);
      if (rootless) await mustRun(["cp", "--sparse=always", from, to]);
      else fs.renameSync(from, to);
    }
  } finally {
    // What a namespace's root made in a folder of mode 777 may be beyond us to remove.
    try {
      fs.rmSync(work, { recursive: true, force: true });
    } catch {
      say(`left behind, please remove: ${work}`);
    }
  }
}

/** The image, from the cache or built now (1 to 3 minutes); missing host packages are installed. */
export async function labImage(say: Say, name: ImageName = "trimmed"): Promise<LabImage> {
  const made = RECIPES[name];
  const scripts = readScripts(made);
  const recipe = recipeHash(scripts, made.packages);
  const directory = path.join(labCacheDirectory(), recipe);
  const startedAt = Date.now();
  let built = false;
  await cached(directory, say, async (temporary) => {
    await installPackages(missingPackages(), say);
    await build(made, temporary, scripts, say);
    built = true;
  });
  return {
    root: path.join(directory, "root.img"),
    ...(made.leaves.includes("vmlinuz") ? { boot: { kernel: path.join(directory, "vmlinuz"), initrd: path.join(directory, "initrd") } } : {}),
    recipe,
    ...(built ? { buildSeconds: Math.round((Date.now() - startedAt) / 1000) } : {}),
  };
}
