import { renderShell } from "../formats/shell";
import { setting } from "../formats/strongswanConf";
import { maximumSegmentSize, pathMtu } from "../mtu";
import { ipv4Networks, tunnelScope, type ClientAccess } from "./access";
import { ikev2Name, renderSwanctlIkev2 } from "./linux";

const updown = (access: ClientAccess): string => `/etc/swanctl/${ikev2Name(access)}-updown`;

/**
 * What an OpenWrt router dials by IKEv2 with, by path. As swanctl's own files, for its /etc/config/ipsec knows no EAP: its
 * /etc/init.d/swanctl takes psk and pubkey, and one for both sides. /etc/swanctl outlives an upgrade of the router.
 */
export function openWrtFiles(access: ClientAccess): Record<string, string> {
  const { root, credential } = access.ikev2!;
  if (root === undefined) throw new Error("OpenWrt: no root of the gateway's certificate");
  const name = ikev2Name(access);
  const at = (path: string) => `openwrt${path}`;
  return {
    [at(`/etc/swanctl/conf.d/${name}.conf`)]: renderSwanctlIkev2(access, { ipv4Only: true, child: [setting("start_action", "start"), setting("updown", updown(access))] }),
    [at(`/etc/swanctl/x509ca/${name}.pem`)]: `${root.trim()}\n`,
    ...(credential === undefined ? {} : { [at(`/etc/swanctl/x509/${name}.pem`)]: credential.certificate, [at(`/etc/swanctl/private/${name}.pem`)]: credential.privateKey }),
    [at(updown(access))]: renderUpdown(access),
  };
}

/**
 * The gateway gives the router one address: what comes from behind the router is translated to it, before OpenWrt's own
 * masquerading would take the WAN's, and goes by charon's policy then. A table of its own, which fw4 does not flush. charon
 * calls this for each network of the SA; all of them come and go together. In a full tunnel charon's default route (table 220)
 * would take what is for the LAN, too: the main table's routes come first, but for its own default route.
 */
function renderUpdown(access: ClientAccess): string {
  const mtu = pathMtu(access.spec).ikev2!;
  return renderShell(
    { table: `vpn-${ikev2Name(access)}`, networks: ipv4Networks(access).join(", "), segment: String(maximumSegmentSize(mtu, 4)), scope: tunnelScope(access, "ikev2") },
    String.raw`
rule="pref 219 lookup main suppress_prefixlength 0"
case $PLUTO_VERB in
up-client)
  # Another child's, or one of IPv6 alone.
  [ -n "$PLUTO_MY_SOURCEIP4_1" ] || exit 0
  nft -f - <<END
table ip $table
delete table ip $table
table ip $table {
  chain translate {
    type nat hook postrouting priority 90; policy accept;
    oifname "$PLUTO_INTERFACE" fib saddr type != local ip daddr { $networks } snat to $PLUTO_MY_SOURCEIP4_1
  }
  chain segments {
    type filter hook forward priority -150; policy accept;
    oifname "$PLUTO_INTERFACE" ip daddr { $networks } tcp flags & (syn | rst) == syn tcp option maxseg size > $segment tcp option maxseg size set $segment
    iifname "$PLUTO_INTERFACE" ip saddr { $networks } tcp flags & (syn | rst) == syn tcp option maxseg size > $segment tcp option maxseg size set $segment
  }
}
END
  if [ "$scope" = full ]; then
    ip -4 rule del $rule 2>/dev/null || true
    ip -4 rule add $rule
  fi
  ;;
down-client)
  nft delete table ip "$table" 2>/dev/null || true
  [ "$scope" != full ] || ip -4 rule del $rule 2>/dev/null || true
  ;;
esac
`,
    `From behind this router to ${access.spec.name}. Written by pulumi-vpn-gateway.`,
  );
}
