import { emptyPart, readable, secret, type Part } from "../bundle";
import { lacNames, lacStrongswan } from "./names";
import { renderLacDescription } from "./render/description";
import { renderLacFirewall } from "./render/firewall";
import { renderLacPassword, renderLacPppd } from "./render/pppd";
import { renderLacConnection, renderLacSecret } from "./render/swanctl";
import { renderLacUnit } from "./render/unit";
import { renderLacDaemon } from "./render/xl2tpd";
import type { LacConnectionSpec, LacSecrets } from "./spec";

/** What anybody may read of a connection. Expects one that `validateLac` has no error for. */
export function lacPart(spec: LacConnectionSpec): Part {
  const names = lacNames(spec.name);
  return {
    ...emptyPart(names.part, false),
    modules: ["l2tp_ppp"],
    services: [names.unit],
    files: [
      readable(names.firewall, renderLacFirewall(spec)),
      readable(lacStrongswan(spec.name, spec.gateway.platform).connection, renderLacConnection(spec)),
      readable(names.daemon, renderLacDaemon(spec)),
      readable(names.pppOptions, renderLacPppd(spec)),
      readable(names.unitFile, renderLacUnit(spec)),
      readable(names.description, renderLacDescription(spec)),
    ],
  };
}

/** What nobody may read of it. Pushed first: without it the other part could not log in. */
export function lacSecretPart(spec: LacConnectionSpec, secrets: LacSecrets): Part {
  const names = lacNames(spec.name);
  return {
    ...emptyPart(names.secretPart, true),
    files: [secret(lacStrongswan(spec.name, spec.gateway.platform).preSharedKey, renderLacSecret(spec, secrets)), secret(names.password, renderLacPassword(spec, secrets))],
  };
}
