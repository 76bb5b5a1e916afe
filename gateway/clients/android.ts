import { proposalsFor } from "../cipherSuites";
import { renderValues } from "../formats/values";
import { certificateBase64, stableUuid, tunnelNetworks, tunnelScope, type ClientAccess } from "./access";
import { container, containerPath } from "./container";
import { typedEachTime } from "./typedEachTime";

/**
 * A profile of the strongSwan app: JSON, docs.strongswan.org "VPN Profile Import for the Android VPN Client"; what the app
 * reads is VpnProfileImportActivity.java. It has no place for a password: the app asks for it.
 */
export function renderStrongswanApp(access: ClientAccess): string {
  const { spec, user, ikev2 } = access;
  if (ikev2 === undefined) throw new Error(".sswan: no IKEv2");
  const { ike, esp } = proposalsFor("ikev2", "android");
  const [suite] = esp;
  return (
    JSON.stringify(
      {
        uuid: stableUuid(access, "android"),
        name: spec.name,
        type: ikev2.credential === undefined ? "ikev2-eap" : "ikev2-cert",
        remote: { addr: spec.endpoint, id: spec.endpoint, ...(ikev2.authority === undefined ? {} : { cert: certificateBase64(ikev2.authority) }) },
        // Older versions of Android read the legacy form alone. The app asks for the container's password.
        local: ikev2.credential === undefined ? { eap_id: user.name } : { id: user.name, p12: container(access, "legacy") },
        // The app takes one proposal. It encrypts by libipsec, which has no extended sequence numbers.
        "ike-proposal": ike[0],
        "esp-proposal": [suite.suite, ...(suite.groups ?? [])].join("-"),
        ...splitTunneling(access),
      },
      undefined,
      2,
    ) + "\n"
  );
}

function splitTunneling(access: ClientAccess): object {
  if (tunnelScope(access, "ikev2") === "split") return { "split-tunneling": { subnets: tunnelNetworks(access, "ikev2") } };
  // A full tunnel without IPv6 inside lets no IPv6 pass it by.
  return access.ikev2?.spec.pool6 === undefined ? { "split-tunneling": { "block-ipv6": true } } : {};
}

/** What to type into Android's own form, "IKEv2/IPSec MSCHAPv2" or "IKEv2/IPSec RSA" (Android 11 and newer). */
export function renderAndroidValues(access: ClientAccess): string {
  const { spec, user, password, codes, ikev2 } = access;
  const own: [string, string][] =
    ikev2?.credential === undefined
      ? [["Username", user.name], ["Password", codes === undefined ? password : typedEachTime]]
      : [["IPSec user certificate", `${spec.name} VPN (install ${containerPath(access, "legacy")} first, as a VPN & app user certificate)`]];
  return renderValues(`${spec.name}: Android's own VPN client`, [
    {
      title: "Settings > Network & internet > VPN > +",
      values: [
        ["Name", spec.name],
        ["Type", ikev2?.credential === undefined ? "IKEv2/IPSec MSCHAPv2" : "IKEv2/IPSec RSA"],
        ["Server address", spec.endpoint],
        ["IPSec identifier", user.name],
        ["IPSec CA certificate", ikev2 !== undefined && ikev2.authority === undefined ? "none of your own: the gateway's certificate is of a public CA" : `${spec.name} (install authority.crt first: Settings > Security > Encryption & credentials > Install a certificate > CA certificate)`],
        ["IPSec server certificate", "Received from server"],
        ...own,
      ],
      notes: tunnelScope(access, "ikev2") === "split" ? ["The tunnel carries what the gateway allows and no more: Android takes its networks from the gateway."] : [],
    },
  ]);
}
