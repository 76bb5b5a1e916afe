import { espProposals, ikeProposals } from "../cipherSuites";
import { renderIni } from "../formats/ini";
import { renderPppOptions } from "../formats/pppOptions";
import { renderShell } from "../formats/shell";
import { renderStrongswanConf, section, setting, type Entry } from "../formats/strongswanConf";
import { pathMtu } from "../mtu";
import { swanctlIdentity } from "../render/identity";
import { encodedSecret } from "../render/swanctl";
import { ipv4Networks, tunnelNetworks, tunnelScope, type ClientAccess } from "./access";
import { comingBack, renderRetransmissions } from "./comingBack";
import { neverInClear } from "./neverInClear";

/** Connections and children are called by this: the gateway's name, which is a DNS label. */
export const ikev2Name = ({ spec }: ClientAccess): string => spec.name;
export const l2tpName = ({ spec }: ClientAccess): string => `${spec.name}-l2tp`;

/**
 * /etc/swanctl/conf.d/NAME.conf, for `swanctl --load-all` and `--initiate --child NAME`: swanctl.conf(5).
 *
 * @param more what a router needs beyond: settings of the child; without IPv6, which it cannot pass on by one address
 */
export function renderSwanctlIkev2(access: ClientAccess, more: { child?: readonly Entry[]; ipv4Only?: boolean } = {}): string {
  const { spec, user, password, codes, ikev2 } = access;
  if (ikev2 === undefined) throw new Error("swanctl: no IKEv2");
  const byCertificate = ikev2.credential !== undefined;
  const name = ikev2Name(access);
  const identity = swanctlIdentity(user.name);
  return renderStrongswanConf(
    [
      section("connections", [
        section(name, [
          setting("version", 2),
          setting("remote_addrs", spec.endpoint),
          setting("vips", ["0.0.0.0", ...(ikev2.spec.pool6 === undefined || more.ipv4Only ? [] : ["::"])]),
          setting("proposals", ikeProposals("ikev2", ["linux"])),
          ...(codes === undefined ? [setting("keyingtries", 0, "Comes back by itself, however long the gateway is away.")] : []),
          setting("dpd_delay", `${comingBack(spec).ask}s`),
          ...(byCertificate ? [setting("send_cert", "always")] : []),
          section("local", byCertificate ? [setting("auth", "pubkey"), setting("certs", `${name}.pem`), setting("id", identity)] : [setting("auth", "eap-mschapv2"), setting("eap_id", identity)]),
          section("remote", [
            setting("auth", "pubkey"),
            setting("id", spec.endpoint),
            setting("cacerts", `${name}.pem`, "No other authority may vouch for the gateway."),
          ]),
          section("children", [
            section(name, [
              setting("remote_ts", more.ipv4Only ? ipv4Networks(access) : tunnelNetworks(access, "ikev2")),
              setting("esp_proposals", espProposals("ikev2", ["linux"])),
              setting("replay_window", 1024),
              setting("dpd_action", codes === undefined ? "restart" : "clear"),
              ...(more.child ?? []),
              ...told(access),
            ]),
          ]),
        ]),
      ]),
      ...(byCertificate || codes !== undefined ? [] : [section("secrets", [section(`eap-${name}`, [setting("id", identity), setting("secret", encodedSecret(password))])])]),
    ],
    `IKEv2 to ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** A machine of a pair that gives way ends its clients' tunnels, for them to dial the other; whoever types a code does so themselves. */
function told({ spec, codes }: ClientAccess) {
  return spec.pair === undefined || codes !== undefined ? [] : [setting("close_action", "start", "The gateway is two machines: where one says goodbye, the other is dialled.")];
}

/** What goes to /etc/strongswan.d, of a pair alone: its path there, and the text. */
export function strongswanSnippet({ spec }: ClientAccess): Record<string, string> {
  const text = renderRetransmissions(spec);
  return text === undefined ? {} : { [`${spec.name}-pair.conf`]: text };
}

/** The IPsec under L2TP, as a file of the same folder. */
export function renderSwanctlL2tp(access: ClientAccess): string {
  const { spec, user, codes, l2tp } = access;
  if (l2tp === undefined) throw new Error("swanctl: no L2TP");
  const name = l2tpName(access);
  const byCertificate = l2tp.credential !== undefined;
  return renderStrongswanConf(
    [
      section("connections", [
        section(name, [
          setting("version", 1),
          setting("remote_addrs", spec.endpoint),
          setting("proposals", ikeProposals("l2tp", ["linux"])),
          ...(codes === undefined ? [setting("keyingtries", 0)] : []),
          setting("dpd_delay", `${comingBack(spec).ask}s`),
          setting("dpd_timeout", `${comingBack(spec).giveUp}s`),
          ...(byCertificate ? [setting("send_cert", "always")] : []),
          section("local", byCertificate ? [setting("auth", "pubkey"), setting("certs", `${name}.pem`), setting("id", swanctlIdentity(user.name))] : [setting("auth", "psk")]),
          section("remote", [
            setting("auth", byCertificate ? "pubkey" : "psk"),
            setting("id", spec.endpoint),
            ...(byCertificate ? [setting("cacerts", `${name}.pem`, "No other authority may vouch for the gateway.")] : []),
          ]),
          section("children", [
            section(name, [
              setting("mode", "transport"),
              setting("local_ts", "dynamic[udp/1701]"),
              setting("remote_ts", "dynamic[udp/1701]"),
              setting("esp_proposals", espProposals("l2tp", ["linux"])),
              setting("replay_window", 1024),
              setting("dpd_action", codes === undefined ? "restart" : "clear"),
              ...told(access),
            ]),
          ]),
        ]),
        neverInClear(name, spec.endpoint),
      ]),
      // One identity of ours is not known beforehand; the gateway's is, and keeps the key from being tried on others.
      ...(l2tp.preSharedKey === undefined ? [] : [section("secrets", [section(`ike-${name}`, [setting("id", spec.endpoint), setting("secret", encodedSecret(l2tp.preSharedKey))])])]),
    ],
    `IPsec under L2TP to ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** xl2tpd.conf(5). A machine that has one already takes the [lac …] section into it. */
export function renderXl2tpdClient(access: ClientAccess): string {
  const { spec, codes } = access;
  const name = l2tpName(access);
  return renderIni(
    [
      {
        name: "global",
        settings: [
          { key: "port", value: 1701 },
          { key: "access control", value: false },
          ...(spec.pair === undefined ? [] : [{ key: "max retries", value: 1, why: "A tunnel that is dead is asked once: by default that takes half a minute." }]),
        ],
      },
      {
        name: `lac ${name}`,
        settings: [
          { key: "lns", value: spec.endpoint },
          { key: "require authentication", value: false, why: "The gateway has proved itself by IPsec." },
          { key: "pppoptfile", value: `/etc/ppp/options.${name}` },
          ...(codes === undefined ? [{ key: "redial", value: true }, { key: "redial timeout", value: comingBack(spec).redial }] : []),
          ...(spec.pair === undefined || codes !== undefined ? [] : [{ key: "max redials", value: 1000 }]),
        ],
      },
    ],
    `L2TP to ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** /etc/ppp/options.NAME: pppd(8). */
export function renderPppClient(access: ClientAccess): string {
  const { spec, user, password, codes } = access;
  const mtu = pathMtu(spec).l2tp!;
  return renderPppOptions(
    [
      { option: "user", args: [user.name] },
      codes === undefined ? { option: "password", args: [password] } : { option: "file", args: [pppPassword(access)], why: "There while connect.sh runs." },
      { option: "hide-password" },
      { option: "linkname", args: [l2tpName(access)], why: "By this name ip-up.d and ip-down.d know the link." },
      { option: "noauth" },
      ...["refuse-pap", "refuse-chap", "refuse-mschap", "refuse-eap"].map((option) => ({ option })),
      { option: "mtu", args: [mtu] },
      { option: "mru", args: [mtu] },
      { option: "noipv6" },
      { option: "noccp" },
      { option: "nodefaultroute", why: "Routes: ip-up.d." },
      { option: "usepeerdns" },
      { option: "lcp-echo-interval", args: [comingBack(spec).ask] },
      { option: "lcp-echo-failure", args: [comingBack(spec).echoes] },
      // Nobody answers a goodbye to a machine that is gone.
      ...(spec.pair === undefined ? [] : [{ option: "lcp-restart", args: [1] }, { option: "lcp-max-terminate", args: [1] }]),
    ],
    `PPP to ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** Where connect.sh has what was typed, until pppd has read it. */
export const pppPassword = (access: ClientAccess): string => `/run/${l2tpName(access)}.code`;

/** Where ip-up.d leaves what ip-down.d takes away. */
const kept = (access: ClientAccess): string => `/run/${l2tpName(access)}.peers`;

/**
 * /etc/ppp/ip-up.d/NAME. The gateway is reached outside of its own tunnel: the kernel says where its L2TP tunnels lead
 * (no name is asked for, since pppd may have changed the name servers by then). A full tunnel takes two halves of the
 * internet, so that the default route is untouched when the tunnel goes.
 */
export function renderIpUp(access: ClientAccess): string {
  const networks = tunnelScope(access, "l2tp") === "split" ? tunnelNetworks(access, "l2tp") : ["0.0.0.0/1", "128.0.0.0/1"];
  return renderShell(
    { link: l2tpName(access), networks: networks.join(" "), kept: kept(access) },
    String.raw`
[ "$LINKNAME" = "$link" ] || exit 0
: >"$kept"
for peer in $(ip l2tp show tunnel | sed -n 's/^ *From [^ ]* to \([0-9.]*\).*/\1/p' | sort -u); do
  way=
  set -- $(ip -4 route get "$peer")
  while [ $# -gt 1 ]; do
    case $1 in via | dev) way="$way $1 $2" ;; esac
    shift
  done
  # What runs through another tunnel stays as it is.
  case $way in *" dev ppp"*) continue ;; esac
  ip -4 route replace "$peer" $way && echo "$peer" >>"$kept"
done
for network in $networks; do
  ip -4 route replace "$network" dev "$PPP_IFACE"
done
`,
    `Routes of the tunnel to ${access.spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** /etc/ppp/ip-down.d/NAME: the tunnel's own routes go with its interface. */
export function renderIpDown(access: ClientAccess): string {
  return renderShell(
    { link: l2tpName(access), kept: kept(access) },
    String.raw`
[ "$LINKNAME" = "$link" ] && [ -e "$kept" ] || exit 0
while read -r peer; do
  ip -4 route del "$peer" || true
done <"$kept"
rm -f "$kept"
`,
    `Routes of the tunnel to ${access.spec.name}. Written by pulumi-vpn-gateway.`,
  );
}
