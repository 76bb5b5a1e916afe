import { network } from "../../addressing";
import { because, context, line, renderFrr } from "../../formats/frr";
import { renderShell } from "../../formats/shell";
import { refuseUnprintable } from "../../formats/text";
import { linkAddresses, linkPrefix, ofFamily, speaksBgp } from "../bgp";
import { authorityName } from "../names";
import { isAead, parseProposal } from "../proposals";
import { siteBgpEntries } from "../render/bgp";
import type { SiteSecrets, SiteView } from "../spec";
import { tunnelNumber } from "./addresses";
import { heading, keyOf, type DeviceKind, type DeviceStep } from "./device";

/** Libreswan's words (ipsec.conf(5), `ike=` and `esp=`; lib/libswan/ike_alg_*.c) for strongSwan's. */
const groups: Record<string, string> = {
  x25519: "dh31", ecp521: "dh21", ecp384: "dh20", ecp256: "dh19", modp4096: "dh16", modp3072: "dh15", modp2048: "dh14",
};
const hashes: Record<string, string> = { sha512: "sha2_512", sha384: "sha2_384", sha256: "sha2_256", sha1: "sha1" };

/**
 * ipsec.conf(5) and ipsec.secrets(5) of Libreswan, version 4 and 5: by the kernel's IPsec policies, or, with BGP, by an
 * interface of its own (`ipsec-interface=`), for which routes are FRR's alone: with the same subnet at both ends Libreswan makes none.
 */
function render(view: SiteView, secrets: SiteSecrets): DeviceStep[] {
  const { spec, near, far } = view;
  const id = (identity: string) => (/^[0-9.]+$|:/.test(identity) ? identity : `@${identity}`);
  const subnets = (texts: readonly string[]) => texts.map((text) => network(text).text);
  const bgp = speaksBgp(view);
  const certificate = spec.authentication === "certificate";
  const [own, other] = bgp ? [["0.0.0.0/0"], ["0.0.0.0/0"]] : [subnets(near.networks), subnets(far.networks)];
  const several = own.length > 1 || other.length > 1;
  const lines = [
    `# ${heading(view)}`,
    ...(spec.version === 1 ? [`# Libreswan 5 drops IKEv1 unless it is told to take it.`, `config setup`, `    ikev1-policy=accept`, ``] : []),
    `conn ${spec.name}`,
    `    ikev2=${spec.version === 2 ? "yes" : "no"}`,
    ...(certificate ? [`    authby=rsasig`, `    leftcert=${spec.name}`, `    leftsendcert=always`, `    rightca="CN=${authorityName(spec.name)}"`] : [`    authby=secret`]),
    // Behind a NAT the machine's own address is another than the one that is dialled.
    `    left=%defaultroute`,
    `    leftid=${id(near.identity)}`,
    several ? `    leftsubnets={${own.join(" ")}}` : `    leftsubnet=${own[0]}`,
    `    right=${far.endpoint ?? "%any"}`,
    `    rightid=${id(far.identity)}`,
    several ? `    rightsubnets={${other.join(" ")}}` : `    rightsubnet=${other[0]}`,
    `    ike=${near.proposals.ike.map(ikeProposal).join(",")}`,
    `    esp=${near.proposals.esp.map(espProposal).join(",")}`,
    `    ikelifetime=${2 * spec.ikeLifetime}s`,
    `    salifetime=${2 * spec.childLifetime}s`,
    `    dpddelay=5`,
    `    dpdtimeout=20`,
    ...(spec.version === 1 ? [`    dpdaction=restart`] : []),
    `    keyingtries=%forever`,
    ...(spec.encapsulate ? [`    encapsulation=yes`] : []),
    ...(bgp ? [`    ipsec-interface=${tunnelNumber(spec.name)}`] : []),
    `    auto=${far.endpoint === undefined ? "add" : "start"}`,
  ];
  for (const line of lines) refuseUnprintable("ipsec.conf", line);
  return [
    { title: `/etc/ipsec.d/${spec.name}.conf`, text: `${lines.join("\n")}\n` },
    ...(certificate
      ? certificateSteps(view, secrets)
      : [{ title: `/etc/ipsec.d/${spec.name}.secrets (mode 0600)`, text: `${id(near.identity)} ${id(far.identity)} : PSK "${refuseUnprintable("ipsec.secrets", keyOf(view, secrets))}"\n` }]),
    ...(bgp ? [{ title: `/etc/frr/${spec.name}.conf (with bgpd and bfdd on in /etc/frr/daemons; then \`vtysh -f\` it, and \`write\`)`, text: frr(view) }] : []),
  ];
}

/** What the gateway's certificate is of, and the device's own certificate where it is of the same, into Libreswan's NSS database. */
const importing = (own: boolean) => `
set -e
umask 077
cd /etc/ipsec.d
certutil -A -d sql:/var/lib/ipsec/nss -n "$name-authority" -t CT,, -a -i "$name-authority.pem"
${own ? `# The device's own certificate is in the database by the name $name already.` : `certutil -F -d sql:/var/lib/ipsec/nss -n "$name" 2>/dev/null || :
# Of no worth: the container is gone again at once.
openssl pkcs12 -export -in "$name.pem" -name "$name" -passout pass:import -out "$name.p12"
pk12util -i "$name.p12" -d sql:/var/lib/ipsec/nss -W import
rm "$name.p12" "$name.pem"`}`;

function certificateSteps({ spec }: SiteView, { certificate, privateKey, authority }: SiteSecrets): DeviceStep[] {
  const own = spec.deviceProof?.ownAuthority === true;
  const needed = (text: string | undefined) => {
    if (!text) throw new Error(`site ${spec.name}: needs a certificate, its key and its authority`);
    return text.trimEnd();
  };
  return [
    { title: `/etc/ipsec.d/${spec.name}-authority.pem`, text: `${needed(authority)}\n` },
    ...(own ? [] : [{ title: `/etc/ipsec.d/${spec.name}.pem (mode 0600)`, text: `${needed(privateKey)}\n${needed(certificate)}\n` }]),
    { title: "A shell, as root, with the tools of NSS and OpenSSL, before the connection is loaded", text: renderShell({ name: spec.name }, importing(own), `Certificates of the site connection ${spec.name}. Written by pulumi-vpn-gateway.`) },
  ];
}

/** FRR's share, as a gateway of ours has it, and the addresses and routes that our follower makes there. */
function frr(view: SiteView): string {
  const { spec, far } = view;
  const address = `${linkAddresses(view).near.ipv4}/${linkPrefix(view)}`;
  const held = ofFamily(far.networks, 4).map(({ text }) => line("ip", "route", text, "blackhole", 254));
  return renderFrr(
    [
      because("Libreswan makes the interface, FRR gives it its address.", context(["interface", `ipsec${tunnelNumber(spec.name)}`], [line("ip", "address", address)])),
      ...held.map((one, index) => (index === 0 ? because("Without BGP's word nothing leaves for the other site in clear.", one) : one)),
      ...siteBgpEntries(view),
    ],
    heading(view),
  );
}

function encryption(cipher: string): string {
  const bits = /\d+/.exec(cipher)![0];
  return isAead(cipher) ? `aes_gcm${bits}` : `aes${bits}`;
}

/** `encryption-prf-group`; each list joined by `+`. */
function ikeProposal(text: string): string {
  const { encryption: ciphers, integrity, prf, groups: exchanges } = parseProposal(text);
  const digests = prf.length > 0 ? prf.map((word) => word.slice("prf".length)) : integrity;
  return [ciphers.map(encryption), digests.map((hash) => hashes[hash]), exchanges.map((group) => groups[group])].map((list) => list.join("+")).join("-");
}

/** `encryption[-integrity]-group`: the group is that of the renewals. */
function espProposal(text: string): string {
  const { encryption: ciphers, integrity, groups: exchanges } = parseProposal(text);
  const words = [ciphers.map(encryption), isAead(ciphers[0]) ? ["none"] : integrity.map((hash) => hashes[hash]), exchanges.map((group) => groups[group])];
  return words.filter((list) => list.length > 0).map((list) => list.join("+")).join("-");
}

const same = (words: readonly string[]) => Object.fromEntries(words.map((word) => [word, word]));
const encryptions = same(["aes256gcm16", "aes192gcm16", "aes128gcm16", "aes256", "aes192", "aes128"]);

export const libreswan: DeviceKind = {
  title: "Libreswan",
  profile: "libreswan",
  ikev1: { profile: "libreswan-ikev1", espLacks: ["ecp256", "ecp384", "ecp521"] },
  certificates: true,
  render,
  words: {
    ike: { encryption: encryptions, integrity: hashes, prf: same(["prfsha512", "prfsha384", "prfsha256", "prfsha1"]), groups },
    // `esn=` is `either` by itself.
    esp: { encryption: encryptions, integrity: hashes, groups, sequenceNumbers: same(["esn", "noesn"]) },
  },
  oneSuite: { ike: false, esp: false },
  dials: "anything",
  identity: "anything",
  inside6: true,
  bgp: {
    linkPrefixes: [31, 30],
    bfd: true,
    source: "libreswan/libreswan, configs/d.ipsec.conf/conn/ipsec-interface.xml (with leftsubnet= equal to rightsubnet= routing is a routing daemon's); FRR's user guide, bgp.rst, bfd.rst, zebra.rst, static.rst",
  },
  // ipsec.secrets(5): between double quotes anything but them.
  preSharedKey: { pattern: /^[\x20-\x7e]+$/, says: "printable ASCII" },
};
