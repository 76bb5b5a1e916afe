import { renderPppOptions } from "../../formats/pppOptions";
import { asksOn } from "../../render/pppd";
import { lacMtu } from "../mtu";
import { lacInterface, lacNames } from "../names";
import type { LacConnectionSpec, LacSecrets } from "../spec";

/** Seconds between two questions whether the LNS is there; four without an answer end the session. */
const echoInterval = 5;

/** Options of the pppd that logs in at the LNS: pppd(8). Its password is in a file that root alone reads. */
export function renderLacPppd(spec: LacConnectionSpec): string {
  const mtu = spec.mtu ?? lacMtu(spec);
  const names = lacNames(spec.name);
  return renderPppOptions(
    [
      { option: "user", args: [spec.user] },
      { option: "file", args: [names.password] },
      { option: "noauth", why: "The LNS has no account here: IPsec has proved it." },
      { option: "refuse-pap", why: "MS-CHAPv2 or nothing: no other keeps the password from who asks for it, or asks the LNS for proof." },
      ...["refuse-chap", "refuse-mschap", "refuse-eap"].map((option) => ({ option })),
      { option: "ifname", args: [lacInterface(spec.name)] },
      { option: "mtu", args: [mtu], why: "What fits one packet outside, with the largest suite offered and NAT traversal." },
      { option: "mru", args: [mtu] },
      { option: "noipdefault", why: "The LNS says which address." },
      ...["ipcp-accept-local", "ipcp-accept-remote"].map((option) => ({ option })),
      { option: "nodefaultroute", why: "The follower routes the connection's networks, and no others." },
      { option: "noipv6" },
      { option: "noccp", why: "Compression and MPPE within encrypted packets cost time and gain nothing." },
      ...["nobsdcomp", "nodeflate", "novj", "novjccomp"].map((option) => ({ option })),
      { option: "lcp-echo-interval", args: [echoInterval] },
      { option: "lcp-echo-failure", args: [4] },
      asksOn,
      { option: "hide-password" },
    ],
    `Connection ${spec.name} to the LNS ${spec.lns}: PPP. Written by pulumi-vpn-gateway.`,
  );
}

export function renderLacPassword({ name }: LacConnectionSpec, { password }: LacSecrets): string {
  return renderPppOptions([{ option: "password", args: [password] }], `Password of the connection ${name}. Written by pulumi-vpn-gateway.`);
}
