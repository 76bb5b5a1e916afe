import { network, parseAddress } from "../addressing";
import { renderPppOptions, renderPppSecrets } from "../formats/pppOptions";
import { pathMtu } from "../mtu";
import type { GatewaySecrets, GatewaySpec, L2tpSpec } from "../spec";
import { passwordOf } from "./passwordOf";

/** Options of the pppd that xl2tpd starts for each session: pppd(8). */
export function renderPppd(spec: GatewaySpec): string {
  const mtu = pathMtu(spec).l2tp;
  if (mtu === undefined) throw new Error("pppd: no L2TP in this spec");
  // The protocol has room for two (RFC 1877).
  const servers = spec.dns.filter((server) => parseAddress(server)?.family === 4).slice(0, 2);
  return renderPppOptions(
    [
      { option: "name", args: [spec.name] },
      { option: "auth" },
      { option: "require-mschap-v2" },
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
      { option: "hide-password" },
    ],
    `PPP sessions of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** /etc/ppp/chap-secrets: pppd reads it at each log-in, so a change needs no reload. */
export function renderChapSecrets(spec: GatewaySpec, l2tp: L2tpSpec, secrets: GatewaySecrets): string {
  const address = network(l2tp.pool).text;
  return renderPppSecrets(
    spec.users.map(({ name }) => ({ client: name, server: spec.name, secret: passwordOf(secrets, name), address })),
    "Passwords of L2TP. Written by pulumi-vpn-gateway.",
  );
}
