import { renderStrongswanConf, section, setting, type Entry } from "../formats/strongswanConf";
import type { GatewaySpec, L2tpSpec, UserSpec } from "../spec";
import { nameInSections, ownL2tpConnections } from "../users";
import { swanctlIdentity } from "./identity";
import { l2tpConnection } from "./swanctl";
import { distinguishedName, vouched } from "./userConnections";

/**
 * L2TP connections of each user who has a certificate for it: swanctl.conf(5). In IKEv1 the client says in its first
 * message which method it means, and in its third who it is (main_mode.c, phase1.c: select_config), so that charon finds
 * the one connection of that method and name: the one for the pre-shared key can stand beside these and is not tried.
 */
export function renderL2tpUserConnections(spec: GatewaySpec, l2tp: L2tpSpec): string {
  return renderStrongswanConf(
    [section("connections", ownL2tpConnections(spec).flatMap((user) => connections(spec, l2tp, user)))],
    `L2TP connections of the users of ${spec.name} with a certificate. Written by pulumi-vpn-gateway.`,
  );
}

function connections(spec: GatewaySpec, l2tp: L2tpSpec, user: UserSpec): Entry[] {
  const name = nameInSections(user.name);
  const own = {
    local: [setting("auth", "pubkey"), setting("certs", "vpn-gateway.pem")],
    sending: [setting("send_cert", "always", "Also to a client that does not ask for it.")],
  };
  return [
    l2tpConnection(spec, l2tp, { ...own, name: `l2tp-${name}`, remote: [setting("auth", "pubkey"), setting("id", swanctlIdentity(user.name)), ...vouched] }),
    l2tpConnection(spec, l2tp, {
      ...own,
      name: `l2tpdn-${name}`,
      remote: [setting("auth", "pubkey"), setting("id", distinguishedName(user.name), "The certificate's subject, which is what a client gives that is told no name."), ...vouched],
    }),
  ];
}
