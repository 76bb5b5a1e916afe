import { network } from "../../addressing";
import { lacInterface, lacNames } from "../names";
import type { LacConnectionSpec } from "../spec";

/** What the follower (host/vpn_gateway/follower.py, lac.py) needs to know: as of a site connection, with a mode of its own. */
export function renderLacDescription(spec: LacConnectionSpec): string {
  const networks = (texts: readonly string[]) => texts.map((text) => network(text).text);
  const names = lacNames(spec.name);
  return (
    JSON.stringify(
      {
        name: spec.name,
        connection: names.connection,
        child: spec.name,
        peer: "LNS",
        endpoint: spec.lns,
        mode: "l2tp",
        near: networks(spec.near),
        far: networks(spec.networks),
        dialAfterSeconds: 1,
        interface: lacInterface(spec.name),
        port: spec.port,
        redialSeconds: spec.redial,
        unit: names.unit,
        user: spec.user,
      },
      undefined,
      2,
    ) + "\n"
  );
}
