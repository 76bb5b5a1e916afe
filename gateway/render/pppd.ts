import { network, parseAddress } from "../addressing";
import { renderPppOptions, renderPppSecrets, type PppOption } from "../formats/pppOptions";
import { pathMtu } from "../mtu";
import { asksRadius } from "../radius";
import type { GatewaySecrets, GatewaySpec, L2tpSpec } from "../spec";
import { plainAddress, speaks } from "../users";
import { pppRadiusOptions } from "./radius";
import { passwordOf } from "./passwordOf";

/** Of any pppd that an xl2tpd starts: in steps of three seconds (pppd(8), lcp-restart). */
export const asksOn: PppOption = {
  option: "lcp-max-configure",
  args: [1200],
  why: "Asks for an hour, not for half a minute: xl2tpd's pppd is passive at both ends, and where both gave up asking each would wait for the other for ever.",
};

/** Options of the pppd that xl2tpd starts for each session: pppd(8). */
export function renderPppd(spec: GatewaySpec): string {
  const mtu = pathMtu(spec).l2tp;
  if (mtu === undefined) throw new Error("pppd: no L2TP in this spec");
  // pppd keeps the first that it is told: where one user has others, each user's are in their own line of chap-secrets.
  const servers = ownServers(spec) ? [] : pppServers(spec.dns);
  return renderPppOptions(
    [
      { option: "name", args: [spec.name] },
      { option: "auth" },
      { option: "require-mschap-v2" },
      ...pppRadiusOptions(spec),
      { option: "refuse-pap", why: "Nobody shall make the gateway log in to them." },
      ...["refuse-chap", "refuse-mschap", "refuse-mschap-v2", "refuse-eap"].map((option) => ({ option })),
      { option: "mtu", args: [mtu], why: "What fits one packet outside, with the largest suite accepted and NAT traversal." },
      { option: "mru", args: [mtu] },
      ...servers.map((server) => ({ option: "ms-dns", args: [server] })),
      { option: "nodefaultroute" },
      { option: "noipv6" },
      { option: "noccp", why: "Compression and MPPE within encrypted packets cost time and gain nothing." },
      ...["nobsdcomp", "nodeflate", "novj", "novjccomp"].map((option) => ({ option })),
      { option: "lcp-echo-interval", args: [spec.deadPeerDelay] },
      { option: "lcp-echo-failure", args: [4] },
      asksOn,
      { option: "hide-password" },
    ],
    `PPP sessions of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** /etc/ppp/chap-secrets: pppd reads it at each log-in, so a change needs no reload. */
export function renderChapSecrets(spec: GatewaySpec, l2tp: L2tpSpec, secrets: GatewaySecrets): string {
  const pool = network(l2tp.pool).text;
  const own = ownServers(spec);
  return renderPppSecrets(
    spec.users.filter((user) => speaks(user, "l2tp")).map(({ name, l2tpAddress, dns }) => ({
      client: name,
      server: spec.name,
      secret: passwordOf(secrets, name),
      // A single address is what pppd suggests instead of xl2tpd's, and insists on (auth.c, set_allowed_addrs).
      address: l2tpAddress === undefined ? pool : plainAddress(l2tpAddress),
      ...(own ? { options: pppServers(dns ?? spec.dns).flatMap((server) => ["ms-dns", server]) } : {}),
    })),
    "Passwords of L2TP. Written by pulumi-vpn-gateway.",
  );
}

/** The protocol has room for two (RFC 1877). */
export function pppServers(dns: string[]): string[] {
  return dns.filter((server) => parseAddress(server)?.family === 4).slice(0, 2);
}

/** With RADIUS they come with its answer, which replaces what the options say (radius.c, radius_setparams). */
function ownServers(spec: GatewaySpec): boolean {
  return !asksRadius(spec, "l2tp") && spec.users.some((user) => user.dns !== undefined && speaks(user, "l2tp"));
}
