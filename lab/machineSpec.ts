/** What a lab machine is, as plain data, and what is wrong with it if something is. */

import * as net from "node:net";
import type { ImageName } from "./image";

/** One network card that is a point-to-point wire to another machine of the same lab. */
export interface LinkSpec {
  /** The card's name inside the machine, such as wan0 (at most 15 characters). */
  name: string;
  /** The server listens on the wire's socket, the client dials it; they may start in either order. */
  role: "server" | "client";
  /** The wire's name in the lab: both ends say the same, such as `outside`. */
  socket: string;
  /** Default: derived from the machine's and the card's names. */
  mac?: string;
  /** With prefix length, such as 192.0.2.11/24 or 2001:db8:1::11/64. Default: none. */
  addresses?: string[];
  gateway4?: string;
  gateway6?: string;
  /** Further routes through this card. Default: none. */
  routes?: { to: string; via: string }[];
  /** Bytes. Default 1500. */
  mtu?: number;
}

export interface MachineSpec {
  /** Host name and name within the lab: letters, digits and hyphens. */
  name: string;
  /** The lab that the machine belongs to: a short id, letters, digits and hyphens. */
  lab: string;
  /** Default 2. */
  vcpus?: number;
  /** Default 384. */
  memoryMegabytes?: number;
  /** cloud-init user data, as text. It may hold the SSH host key: it is kept in files of mode 0600. */
  userData: string;
  /** Default "trimmed". A "bare" one is started once SSH answers: its first boot may take far longer. */
  image?: ImageName;
  /** Default: none (only the management card with SSH). */
  links?: LinkSpec[];
  /** Seconds until the machine must be ready. Default 300 emulated, 60 with KVM. */
  bootTimeoutSeconds?: number;
  /**
   * Default route and name server by the management card (QEMU's user network, the internet as the
   * host has it). Default: true for a machine none of whose links has a gateway.
   */
  managementDefaultRoute?: boolean;
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;
const LAB = /^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/;
const CARD = /^[a-z][a-z0-9.-]{0,14}$/;
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

const isWholeNumber = (value: unknown, least: number, most: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;

function isCidr(text: unknown): boolean {
  if (typeof text !== "string") return false;
  const [address, length, ...rest] = text.split("/");
  const family = net.isIP(address);
  return rest.length === 0 && family !== 0 && /^\d{1,3}$/.test(length ?? "") && Number(length) <= (family === 4 ? 32 : 128);
}

function linkProblems(link: LinkSpec, where: string): string[] {
  const problems: string[] = [];
  if (!CARD.test(link.name ?? "") || link.name === "lo" || link.name === "mgmt")
    problems.push(`${where}.name is ${JSON.stringify(link.name)}: at most 15 small letters, digits, dots or hyphens, not lo or mgmt`);
  if (link.role !== "server" && link.role !== "client") problems.push(`${where}.role is ${JSON.stringify(link.role)}: must be "server" or "client"`);
  if (!NAME.test(link.socket ?? "")) problems.push(`${where}.socket is ${JSON.stringify(link.socket)}: at most 32 small letters, digits or hyphens`);
  if (link.mac !== undefined && !MAC.test(link.mac)) problems.push(`${where}.mac is ${JSON.stringify(link.mac)}: six pairs of small hexadecimal digits`);
  if (link.mtu !== undefined && !isWholeNumber(link.mtu, 576, 65535)) problems.push(`${where}.mtu is ${JSON.stringify(link.mtu)}: 576 to 65535 bytes`);
  for (const address of link.addresses ?? [])
    if (!isCidr(address)) problems.push(`${where}.addresses has ${JSON.stringify(address)}: must be an address with its prefix length`);
  if (link.gateway4 !== undefined && !net.isIPv4(link.gateway4)) problems.push(`${where}.gateway4 is ${JSON.stringify(link.gateway4)}: must be an IPv4 address`);
  if (link.gateway6 !== undefined && !net.isIPv6(link.gateway6)) problems.push(`${where}.gateway6 is ${JSON.stringify(link.gateway6)}: must be an IPv6 address`);
  for (const route of link.routes ?? [])
    if (!isCidr(route.to) || !net.isIP(route.via)) problems.push(`${where}.routes has ${JSON.stringify(route)}: to must be a network, via an address`);
  return problems;
}

/** Every problem of a spec, in words; an empty list when it can be started. */
export function machineProblems(spec: MachineSpec): string[] {
  if (typeof spec !== "object" || spec === null) return ["the machine's specification must be a JSON object"];
  const problems: string[] = [];
  if (!NAME.test(spec.name ?? "")) problems.push(`name is ${JSON.stringify(spec.name)}: at most 32 small letters, digits or hyphens`);
  if (!LAB.test(spec.lab ?? "")) problems.push(`lab is ${JSON.stringify(spec.lab)}: at most 32 letters, digits or hyphens`);
  if (spec.vcpus !== undefined && !isWholeNumber(spec.vcpus, 1, 64)) problems.push(`vcpus is ${JSON.stringify(spec.vcpus)}: 1 to 64`);
  if (spec.memoryMegabytes !== undefined && !isWholeNumber(spec.memoryMegabytes, 192, 65536))
    problems.push(`memoryMegabytes is ${JSON.stringify(spec.memoryMegabytes)}: 192 to 65536`);
  if (typeof spec.userData !== "string" || spec.userData === "") problems.push("userData is missing: without an SSH key in it nobody gets into the machine");
  if (!["trimmed", "bare", undefined].includes(spec.image)) problems.push(`image is ${JSON.stringify(spec.image)}: must be "trimmed" or "bare"`);
  if (spec.bootTimeoutSeconds !== undefined && !isWholeNumber(spec.bootTimeoutSeconds, 1, 3600))
    problems.push(`bootTimeoutSeconds is ${JSON.stringify(spec.bootTimeoutSeconds)}: 1 to 3600`);
  const links = spec.links ?? [];
  links.forEach((link, index) => problems.push(...linkProblems(link, `links[${index}]`)));
  for (const key of ["name", "socket"] as const) {
    const twice = links.map((link) => link[key]).find((value, index, all) => all.indexOf(value) !== index);
    if (twice !== undefined) problems.push(`two links have the ${key} ${JSON.stringify(twice)}`);
  }
  return problems;
}

/** Throws one error that says all problems. */
export function checkMachineSpec(spec: MachineSpec): void {
  const problems = machineProblems(spec);
  if (problems.length > 0) throw new Error(`the machine cannot be started:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
}
