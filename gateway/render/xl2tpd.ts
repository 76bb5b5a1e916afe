import { l2tpAddresses, network } from "../addressing";
import { renderIni } from "../formats/ini";
import { paths } from "../platforms";
import type { GatewaySpec, L2tpSpec } from "../spec";

/** xl2tpd.conf(5): an L2TP network server for any client whose packets come through IPsec. */
export function renderXl2tpd(spec: GatewaySpec, l2tp: L2tpSpec): string {
  const addresses = l2tpAddresses(network(l2tp.pool));
  return renderIni(
    [
      {
        name: "global",
        settings: [
          { key: "port", value: 1701 },
          { key: "access control", value: false },
          { key: "force userspace", value: false, why: "Packets stay in the kernel (l2tp_ppp)." },
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
          { key: "length bit", value: true },
          { key: "pppoptfile", value: paths.pppOptions },
        ],
      },
    ],
    `L2TP server of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}
