import { network, parseAddress } from "../../addressing";
import { renderStrongswanConf, section, setting, type Entry } from "../../formats/strongswanConf";
import { encodedSecret } from "../../render/swanctl";
import { linkAddresses, speaksBgp, toDevice } from "../bgp";
import { siteInterfaceId, siteNames } from "../names";
import { followsActive, needsList, otherSide, type Side, type SiteConnectionSpec, type SiteSecrets, type SiteView } from "../spec";

/** Seconds of silence before the other end is asked whether it lives. */
export const siteDeadPeerDelay = 5;

/** The connection as its end `near` has it: swanctl.conf(5), without a secret. */
export function renderSiteConnection(view: SiteView): string {
  const { spec, near, far } = view;
  const names = siteNames(spec.name);
  const certificate = spec.authentication === "certificate";
  const proof = (end: "near" | "far"): Entry[] => [
    setting("auth", certificate ? "pubkey" : "psk"),
    setting("id", (end === "near" ? near : far).identity),
    ...(certificate && end === "near" ? [setting("certs", `site-${spec.name}.pem`)] : []),
    ...(certificate && end === "far" ? [setting("cacerts", `site-${spec.name}.pem`, "No other authority speaks for this site."), ...revocation(view)] : []),
  ];
  return renderStrongswanConf(
    [
      section("connections", [
        section(names.connection, [
          setting("version", spec.version),
          setting("local_addrs", localAddresses(view), followsActive(near) ? "Of the pair: only the active machine is reached at it." : undefined),
          remoteAddresses(view),
          setting("proposals", near.proposals.ike),
          setting("fragmentation", true),
          setting("mobike", spec.version === 2 && mayChange(view), "Only where an address may change."),
          ...(spec.encapsulate ? [setting("encap", true, "There is a network in between that carries no ESP but within UDP.")] : []),
          ...(certificate ? [setting("send_cert", "always")] : []),
          setting("unique", "replace", "There is one of the other end: a new connection is in the old one's stead."),
          setting("keyingtries", 0, "It is dialled until it answers."),
          setting("dpd_delay", `${siteDeadPeerDelay}s`),
          ...(spec.version === 1 ? [setting("dpd_timeout", `${4 * siteDeadPeerDelay}s`)] : []),
          setting("rekey_time", `${spec.ikeLifetime}s`),
          setting("reauth_time", "0s", spec.version === 1 ? undefined : "New keys without new proof: that would cut the tunnel for a moment."),
          section("local", proof("near")),
          section("remote", proof("far")),
          section("children", [section(spec.name, child(view))]),
        ]),
      ]),
    ],
    `Site connection ${spec.name}: ${near.name} to ${far.name}. Written by pulumi-vpn-gateway.`,
  );
}

/**
 * Without the list nobody comes in. What is revoked is named, so that the connection's text is another with each of them: a
 * tunnel that was made by the text before is made anew, and then the list decides.
 */
function revocation(view: SiteView): Entry[] {
  if (!needsList(view)) return [];
  const named = revoked(view.spec, otherSide(view.side));
  return [setting("revocation", "strict", `Certificates that hold no longer: ${named.join(", ") || "none"}.`)];
}

/** Of what the far end may show. */
function revoked({ deviceProof, revocation: between }: SiteConnectionSpec, far: Side): string[] {
  if (between !== undefined) return [...(between.revoked[far] ? [`the ${far} end's own`] : []), ...between.revokedSerials];
  return [...(deviceProof?.revoked === true ? ["the device's own"] : []), ...(deviceProof?.revokedSerials ?? [])];
}

function child(view: SiteView): Entry[] {
  const { spec, near, far } = view;
  const selectors = (networks: readonly string[], own: string[]) =>
    speaksBgp(view) ? everything(toDevice(spec) ? ["0.0.0.0/0"] : ["0.0.0.0/0", "::/0"]) : spec.anySelectors ? everything([...near.networks, ...own]) : [...networks.map((text) => network(text).text), ...own];
  const links = spec.layerTwo === undefined ? undefined : linkAddresses(view);
  const [here, there] = [links?.near, links?.far].map((one) => (one === undefined ? [] : [`${one.ipv4}/32`]));
  const id = siteInterfaceId(spec.name);
  return [
    setting("mode", "tunnel"),
    setting("local_ts", selectors(near.networks, here)),
    setting("remote_ts", selectors(far.networks, there)),
    setting("esp_proposals", near.proposals.esp),
    setting("rekey_time", `${spec.childLifetime}s`),
    ...(spec.mode === "route"
      ? [setting("if_id_in", id, "Only what is routed into the connection's own interface goes into the tunnel."), setting("if_id_out", id)]
      : []),
    ...actions(view),
    setting("replay_window", 1024, "With the usual 32, packets that several cores reorder count as replayed and are dropped."),
    setting("copy_df", false, "Where a path swallows large packets and the ICMP about them, ESP is fragmented rather than lost."),
  ];
}

/** What charon does by itself. Of a pair it cannot know which machine is active: the follower dials, and nobody else. */
function actions({ near, far, dialsFirst }: SiteView): Entry[] {
  const byItself = far.endpoint !== undefined && !followsActive(near);
  return [
    setting(
      "start_action",
      !byItself ? "none" : dialsFirst ? "trap|start" : "trap",
      followsActive(near) ? "Of a pair the active machine alone dials, and charon does not know which it is: the follower does." : "A packet for the other site brings the tunnel up, and never leaves without one.",
    ),
    setting("close_action", byItself ? "trap" : "none"),
    setting("dpd_action", byItself ? "restart" : "clear"),
  ];
}

/** MOBIKE would tell the other end of all addresses that a machine of a pair has, and go on from its own where the pair's has moved on. */
function mayChange({ near, far }: SiteView): boolean {
  return (near.endpoint === undefined || far.endpoint === undefined) && !followsActive(near) && !followsActive(far);
}

/**
 * charon dials what the name stands for, which it looks up for each try, and lets in who comes from one of these addresses
 * (ike_cfg.c): an end that has moved is there before its name is.
 */
function remoteAddresses({ spec, far: { endpoint } }: SiteView): Entry {
  if (endpoint === undefined) return setting("remote_addrs", "%any", "Its address changes: it dials.");
  if (parseAddress(endpoint) !== undefined || spec.version === 1) return setting("remote_addrs", endpoint);
  return setting("remote_addrs", [endpoint, "0.0.0.0/0", "::/0"], "Dialled by its name, and let in by its proof from wherever it is, while the name still says another address, too.");
}

/** Of the far end's address family, so that an end with both takes the right one. */
function localAddresses({ far, localAddress }: SiteView): string {
  return localAddress ?? (far.endpoint?.includes(":") ? "%any6" : "%any");
}

/** All addresses, of each family that is behind an end. */
export function everything(networks: readonly string[]): string[] {
  const families = new Set(networks.map((text) => network(text).family));
  return [...(families.has(4) ? ["0.0.0.0/0"] : []), ...(families.has(6) ? ["::/0"] : [])];
}

/** The connection's pre-shared key, for its two identities alone. */
export function renderSiteSecret({ spec, near, far }: SiteView, { preSharedKey }: SiteSecrets): string {
  if (!preSharedKey) throw new Error(`site ${spec.name}: no pre-shared key`);
  return renderStrongswanConf(
    [
      section("secrets", [
        section(`ike-${siteNames(spec.name).connection}`, [
          setting("id-near", near.identity),
          setting("id-far", far.identity),
          setting("secret", encodedSecret(preSharedKey)),
        ]),
      ]),
    ],
    `Pre-shared key of the site connection ${spec.name}, in base64. Written by pulumi-vpn-gateway.`,
  );
}
