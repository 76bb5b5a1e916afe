import { createHash } from "crypto";
import { renderRadiusUsers, type RadiusReply, type RadiusUser } from "../formats/radiusUsers";
import { ntHash } from "../ntHash";
import { asksCode } from "../oneTimeCode";
import { passwordsByRadius } from "../radius";
import type { GatewaySecrets, GatewaySpec, ProtocolName, UserSpec } from "../spec";
import { plainAddress } from "../users";
import { passwordOf, seedOf } from "./passwordOf";
import { pppServers } from "./pppd";

/** The list of users as the gateway's own FreeRADIUS knows it: an entry for each protocol by which a user comes with a password. */
export function renderFreeradiusUsers(spec: GatewaySpec, secrets: GatewaySecrets): string {
  return renderRadiusUsers(
    spec.users.flatMap((user) =>
      passwordsByRadius(spec, user).map((protocol) => ({
        key: radiusKey(protocol, user.name),
        comment: user.name,
        proof: proof(user, secrets),
        reply: reply(spec, user, protocol),
      })),
    ),
    `Users of ${spec.name}, by protocol and SHA-256 of the name. Written by pulumi-vpn-gateway.`,
  );
}

/** Who types a code behind the password proves another text with each: of them alone FreeRADIUS has the password itself. */
function proof(user: UserSpec, secrets: GatewaySecrets): RadiusUser["proof"] {
  const password = passwordOf(secrets, user.name);
  return asksCode(user) ? { password: Buffer.from(password, "utf16le"), seed: seedOf(secrets, user.name) } : { ntHash: ntHash(password) };
}

/** As FreeRADIUS makes it of a request (render/freeradius.ts), and host/vpn_gateway/admitted.py of a name. */
export function radiusKey(protocol: ProtocolName, name: string): string {
  return `${protocol}-${createHash("sha256").update(name).digest("hex")}`;
}

function reply(spec: GatewaySpec, user: UserSpec, protocol: ProtocolName): RadiusReply[] {
  const address = protocol === "l2tp" ? user.l2tpAddress : user.ikev2Address;
  // By IKEv2 a pool tells its name servers to those alone whose address is its own.
  const dns = user.dns ?? (protocol === "ikev2" && address !== undefined ? spec.dns : []);
  const servers = protocol === "l2tp" || address !== undefined ? pppServers(dns) : [];
  return [
    ...(address === undefined ? [] : [{ attribute: "Framed-IP-Address", value: plainAddress(address) }]),
    ...servers.map((value, index) => ({ attribute: index === 0 ? "MS-Primary-DNS-Server" : "MS-Secondary-DNS-Server", value: plainAddress(value) })),
  ];
}
