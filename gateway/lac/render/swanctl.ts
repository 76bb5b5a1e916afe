import { renderStrongswanConf, section, setting } from "../../formats/strongswanConf";
import { encodedSecret } from "../../render/swanctl";
import { siteDeadPeerDelay } from "../../site/render/swanctl";
import { lacNames } from "../names";
import type { LacConnectionSpec, LacSecrets } from "../spec";

/** Seconds until new keys. An IKE SA of IKEv1 is made anew with them, and keeps its child. */
const lifetimes = { ike: 14_400, child: 3600 } as const;

/** L2TP/IPsec as the side that dials: IKEv1 with a pre-shared key, transport mode for this connection's L2TP alone (RFC 3193). */
export function renderLacConnection(spec: LacConnectionSpec): string {
  const names = lacNames(spec.name);
  return renderStrongswanConf(
    [
      section("connections", [
        section(names.connection, [
          setting("version", 1),
          setting("local_addrs", "%any"),
          setting("remote_addrs", spec.lns),
          setting("proposals", spec.proposals.ike),
          setting("fragmentation", true),
          setting("unique", "no", "Another connection may lead to the same LNS."),
          setting("keyingtries", 0, "It is dialled until it answers."),
          setting("dpd_delay", `${siteDeadPeerDelay}s`),
          setting("dpd_timeout", `${4 * siteDeadPeerDelay}s`),
          setting("rekey_time", `${lifetimes.ike}s`),
          setting("reauth_time", "0s"),
          section("local", [setting("auth", "psk")], "As its own address, which is what an LNS expects of those who dial."),
          section("remote", [setting("auth", "psk"), setting("id", spec.identity)]),
          section("children", [
            section(spec.name, [
              setting("mode", "transport"),
              setting("local_ts", `dynamic[udp/${spec.port}]`),
              setting("remote_ts", "dynamic[udp/1701]"),
              setting("esp_proposals", spec.proposals.esp),
              setting("rekey_time", `${lifetimes.child}s`),
              setting("start_action", "none", "The follower dials, also where the name of the LNS could not be resolved at first."),
              setting("close_action", "none"),
              setting("dpd_action", "restart"),
              setting("replay_window", 1024, "With the usual 32, packets that several cores reorder count as replayed and are dropped."),
            ]),
          ]),
        ]),
      ]),
    ],
    `Connection ${spec.name} to the LNS ${spec.lns}: IPsec. Written by pulumi-vpn-gateway.`,
  );
}

/** The pre-shared key, for this LNS alone: that of the gateway's own L2TP server is for anybody else. */
export function renderLacSecret({ name, identity }: LacConnectionSpec, { preSharedKey }: LacSecrets): string {
  return renderStrongswanConf(
    [section("secrets", [section(`ike-${lacNames(name).connection}`, [setting("id-lns", identity), setting("secret", encodedSecret(preSharedKey))])])],
    `Pre-shared key of the connection ${name}, in base64. Written by pulumi-vpn-gateway.`,
  );
}
