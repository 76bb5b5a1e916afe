import { renderIni } from "../../formats/ini";
import { lacNames } from "../names";
import type { LacConnectionSpec } from "../spec";

/** xl2tpd.conf(5) of the connection's own daemon: to start it anew ends no session of the gateway's L2TP server. */
export function renderLacDaemon(spec: LacConnectionSpec): string {
  return renderIni(
    [
      {
        name: "global",
        settings: [
          { key: "port", value: spec.port },
          { key: "access control", value: true, why: "It dials; nobody dials it." },
          { key: "max retries", value: 3, why: "A call over a tunnel that the LNS has forgotten is given up after seconds." },
        ],
      },
      {
        name: `lac ${spec.name}`,
        settings: [
          { key: "lns", value: spec.lns },
          { key: "autodial", value: true },
          { key: "redial", value: true },
          { key: "redial timeout", value: spec.redial, why: "And without end: there is no `max redials`." },
          { key: "require authentication", value: false, why: "The LNS has proved itself by IPsec, and does again within MS-CHAPv2." },
          { key: "pppoptfile", value: lacNames(spec.name).pppOptions },
        ],
      },
    ],
    `Connection ${spec.name} to the LNS ${spec.lns}: L2TP. Written by pulumi-vpn-gateway.`,
  );
}
