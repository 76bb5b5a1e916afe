/** cloud-init's network configuration (version 2) and meta data of a lab machine. */

import { createHash } from "node:crypto";
import { stringify } from "yaml";
import type { MachineSpec } from "./machineSpec";

/** A locally administered address that is the same at every start of the same machine. */
export function macAddress(machine: string, card: string): string {
  const digest = createHash("sha256").update(`${machine}/${card}`).digest("hex");
  return ["52", "54", "00", digest.slice(0, 2), digest.slice(2, 4), digest.slice(4, 6)].join(":");
}

interface Ethernet {
  match: { macaddress: string };
  "set-name": string;
  [key: string]: unknown;
}

export function renderNetworkConfig(spec: MachineSpec): string {
  const links = spec.links ?? [];
  const useManagementRoute = spec.managementDefaultRoute ?? !links.some((link) => link.gateway4 || link.gateway6);
  const ethernets: Record<string, Ethernet> = {
    mgmt: {
      match: { macaddress: macAddress(spec.name, "mgmt") },
      "set-name": "mgmt",
      dhcp4: true,
      // QEMU's user network announces itself as an IPv6 router, too.
      "accept-ra": false,
      "link-local": [],
      // SSH from the host arrives from the card's own network and needs no route.
      ...(useManagementRoute ? {} : { "dhcp4-overrides": { "use-routes": false, "use-dns": false } }),
    },
  };
  for (const link of links) {
    const routes = [
      ...(link.gateway4 ? [{ to: "0.0.0.0/0", via: link.gateway4 }] : []),
      ...(link.gateway6 ? [{ to: "::/0", via: link.gateway6 }] : []),
      ...(link.routes ?? []),
    ];
    ethernets[link.name] = {
      match: { macaddress: link.mac ?? macAddress(spec.name, link.name) },
      "set-name": link.name,
      dhcp4: false,
      "accept-ra": false,
      ...(link.addresses?.length ? { addresses: link.addresses } : {}),
      ...(routes.length ? { routes } : {}),
      mtu: link.mtu ?? 1500,
    };
  }
  // Version 1.1 quotes the words that cloud-init's parser would take for booleans.
  return stringify({ version: 2, ethernets }, { version: "1.1", lineWidth: 0 });
}

/** The instance id changes with the user data, so that cloud-init takes a new one as a first boot. */
export function renderMetaData(spec: MachineSpec): string {
  const digest = createHash("sha256").update(spec.userData).digest("hex").slice(0, 12);
  return stringify({ "instance-id": `${spec.name}-${digest}`, "local-hostname": spec.name }, { version: "1.1", lineWidth: 0 });
}
