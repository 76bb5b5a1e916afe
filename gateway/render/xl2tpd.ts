import { l2tpShare } from "../pair";
import { renderIni } from "../formats/ini";
import { paths } from "../platforms";
import type { GatewaySpec, L2tpSpec } from "../spec";

/** xl2tpd.conf(5): an L2TP network server for any client whose packets come through IPsec. */
export function renderXl2tpd(spec: GatewaySpec, l2tp: L2tpSpec): string {
  const addresses = l2tpShare(l2tp.pool, spec.pair);
  return renderIni(
    [
      {
        name: "global",
        settings: [
          { key: "port", value: 1701 },
          ...listenAddress(spec),
          { key: "access control", value: false },
        ],
      },
      {
        name: "lns default",
        settings: [
          { key: "ip range", value: `${addresses.first}-${addresses.last}` },
          { key: "local ip", value: addresses.gateway },
          {
            key: "require authentication",
            value: true,
            why: "Which method: see the options file. \"require chap\" here would let CHAP with MD5 in beside MS-CHAPv2.",
          },
          { key: "name", value: spec.name },
          { key: "pppoptfile", value: paths.pppOptions },
        ],
      },
    ],
    `L2TP server of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** Left to itself xl2tpd answers from the machine's own address, which no client has asked. */
function listenAddress({ pair }: GatewaySpec) {
  const outside = pair?.front === "floatingAddress" ? pair.floating.find((each) => each.interface === pair.interface) : undefined;
  const address = pair?.sharedAddress ?? pair?.move?.privateAddress ?? outside?.address.split("/")[0];
  if (address === undefined) return [];
  return [{ key: "listen-addr", value: address, why: pair?.sharedAddress === undefined ? "Answers from the address that moves (net.ipv4.ip_nonlocal_bind lets the standby wait on it)." : "Answers from the load balancer's address, which clients asked." }];
}
