/**
 * A connection to somebody's L2TP network server (LNS) as plain data: the gateway is the access concentrator (LAC), and
 * dials. Every input resolved, every default filled in. `validate.ts` judges it, `parts.ts` turns it into files.
 */

import type { SiteProposals } from "../site/spec";

/** The gateway that dials. */
export interface LacGatewaySpec {
  name: string;
  /** @default "debian13" */
  platform?: string;
  /** Does it make room for such connections? */
  room: boolean;
  /** Address or DNS name that others dial it by. */
  endpoint: string;
  /** Pools of its clients, in CIDR notation: no network beyond the LNS may overlap them. */
  pools: string[];
  /** MTU of its link to the outside, in bytes (1280–9216). */
  outsideMtu: number;
}

/** A connection that the gateway dials. */
export interface LacConnectionSpec {
  /** Lower-case DNS label of at most 40 characters; another than any other connection's of the gateway. */
  name: string;
  gateway: LacGatewaySpec;
  /** IPv4 address or DNS name of the LNS. */
  lns: string;
  /** Whom the LNS says it is by IKE: an address or a name. */
  identity: string;
  /** As whom the gateway logs in. */
  user: string;
  /** Networks that may go through it, IPv4 CIDR. */
  near: string[];
  /** Networks that are reached through it, IPv4 CIDR. */
  networks: string[];
  /** Hide the near networks behind the address that the LNS gives? */
  masquerade: boolean;
  /** UDP port that the gateway dials from; another for each connection. */
  port: number;
  /** Largest packet within the session, in bytes; none: what fits. */
  mtu?: number;
  /** Seconds between two tries to dial (1–3600). */
  redial: number;
  /** Offered to the LNS, in swanctl's notation, in order of preference. */
  proposals: SiteProposals;
}

/** What proves the gateway to the LNS. */
export interface LacSecrets {
  /** Of IKE. */
  preSharedKey: string;
  /** Of the user. */
  password: string;
}
