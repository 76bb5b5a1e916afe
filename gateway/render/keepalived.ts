import { block, line, renderKeepalived } from "../formats/keepalived";
import { pairTimers } from "../pair";
import { paths } from "../platforms";
import type { AwsMoveSpec, GatewaySpec, PairSpec } from "../spec";

/** keepalived.conf(5): VRRPv3 (RFC 5798) between two machines that know each other, in unicast. */
export function renderVrrp(spec: GatewaySpec, pair: PairSpec): string {
  return renderKeepalived(
    [
      block("global_defs", [
        line(["router_id", `${spec.name}-${pair.member}`]),
        line(["vrrp_version", 3]),
        line("enable_script_security"),
        line(["script_user", "root"]),
        line(["vrrp_garp_master_repeat", 3]),
        line(["vrrp_garp_master_refresh", 10], "Neighbours that missed the news of a move learn it again."),
      ]),
      block(["vrrp_script", "fit"], [
        line(["script", paths.fitScript], "Whether IKE has answered of late."),
        line(["interval", 1]),
        line(["timeout", 3], "A machine that is busy for a moment is not unfit: each move costs every client its tunnel. What hangs is seen by what the script reads."),
        line(["fall", 1]),
        line(["rise", 2]),
        line("init_fail"),
      ]),
      block(
        ["track_file", "aside"],
        [line(["file", "/run/vpn-gateway/stand-aside"]), line(["weight", 0]), line(["init_file", 0])],
        "1 in it: somebody asked this machine to stand aside. Seen at once, while the script is asked each second.",
      ),
      ...(pair.sharedAddress === undefined
        ? []
        : [block("static_ipaddress", [line([`${pair.sharedAddress}/32`, "dev", "lo", "scope", "host"])], "The load balancer's address, to which its packets come as they are: on both machines, whoever is active.")]),
      block(["vrrp_instance", "gateway"], [
        line(["state", "BACKUP"], "Both begin as standby, and the active one stays it: a move costs every client its tunnel."),
        line("nopreempt"),
        // None on AWS, where its name differs between generations of instances: unicast needs none (keepalived.conf(5)).
        ...(pair.interface === undefined ? [] : [line(["interface", pair.interface])]),
        line(["virtual_router_id", pair.virtualRouterId]),
        line(["priority", pair.member === 1 ? 100 : 99], "Who stays where a cut link made both active."),
        line(["advert_int", pairTimers.advertisement]),
        line(["unicast_src_ip", pair.address]),
        line("check_unicast_src"),
        block("unicast_peer", [line(pair.peer)]),
        ...(pair.floating.length > 0
          ? [block("virtual_ipaddress", pair.floating.map(({ address, interface: card }) => line([address, "dev", card])))]
          : [line("no_virtual_ipaddress", "What moves is not the machine's to put on a link.")]),
        block("track_script", [line("fit")]),
        block("track_file", [line("aside")]),
        line(["notify", paths.stateScript]),
      ]),
    ],
    `Which machine of ${spec.name} is active. Written by pulumi-vpn-gateway.`,
  );
}

/** What the watch needs to know of the pair. */
export function renderPair(spec: GatewaySpec, pair: PairSpec): string {
  return (
    JSON.stringify(
      {
        name: spec.name,
        member: pair.member,
        front: pair.front,
        endpoint: spec.endpoint,
        address: pair.address,
        peer: pair.peer,
        healthPort: pair.healthPort,
        checkSeconds: pairTimers.check,
        unfitAfterSeconds: pairTimers.unfitAfter,
        floating: pair.floating,
        ...(pair.peerEndpoint === undefined ? {} : { peerEndpoint: pair.peerEndpoint }),
        ...(pair.drainSeconds === undefined ? {} : { drainSeconds: pair.drainSeconds }),
        ...(pair.move === undefined ? {} : { move: moveOf(pair.move) }),
      },
      undefined,
      2,
    ) + "\n"
  );
}

/** What this machine needs of it: the other has its own. */
function moveOf({ region, allocationId, publicIp, networkInterfaceId, privateAddress, routes }: AwsMoveSpec) {
  return { region, allocationId, publicIp, networkInterfaceId, privateAddress, routes };
}

/** Run each second, so with nothing but the shell's own words: no process is made but the shell. */
export function renderFitScript(): string {
  return [
    "#!/bin/sh",
    "# Is this machine fit to be the active one? Written by pulumi-vpn-gateway.",
    "# The watch writes the uptime at which the IKE daemon last answered; a watch that died lets it grow old.",
    "read -r answered </run/vpn-gateway/ike-answered || exit 1",
    "read -r now rest </proc/uptime",
    `[ $((\${now%.*} - \${answered%.*})) -le ${pairTimers.unfitAfter} ]`,
    "",
  ].join("\n");
}

/** keepalived calls it with: type, name, state, priority. */
export function renderStateScript(): string {
  return [
    "#!/bin/sh",
    "# Writes down what keepalived decided. Written by pulumi-vpn-gateway.",
    'echo "$3" >/run/vpn-gateway/pair-state.new && mv /run/vpn-gateway/pair-state.new /run/vpn-gateway/pair-state',
    "",
  ].join("\n");
}
