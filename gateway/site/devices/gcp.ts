import { kindOfAs, speaksBgp } from "../bgp";
import type { SiteSecrets, SiteView } from "../spec";
import { bgpVariables, commandLineSteps, phaseWords } from "./commandLine";
import type { DeviceKind, DeviceStep } from "./device";
import { plainSequenceNumbers, type DeviceWords } from "./words";

const title = "Google Cloud VPN";
const ciphers = { aes256gcm16: "AES-GCM-16-256", aes192gcm16: "AES-GCM-16-192", aes128gcm16: "AES-GCM-16-128", aes256: "AES-CBC-256", aes192: "AES-CBC-192", aes128: "AES-CBC-128" };
const hashes = { sha512: "HMAC-SHA2-512-256", sha384: "HMAC-SHA2-384-192", sha256: "HMAC-SHA2-256-128", sha1: "HMAC-SHA1-96" };
const groups = { ecp521: "Group-21", ecp384: "Group-20", ecp256: "Group-19", modp4096: "Group-16", modp3072: "Group-15", modp2048: "Group-14" };

/** docs.cloud.google.com/network-connectivity/docs/vpn/concepts/supported-ike-ciphers; `gcloud compute vpn-tunnels create --help`. */
const words: DeviceWords = {
  ike: { encryption: ciphers, integrity: hashes, prf: { prfsha512: "PRF-HMAC-SHA2-512", prfsha384: "PRF-HMAC-SHA2-384", prfsha256: "PRF-HMAC-SHA2-256", prfsha1: "PRF-HMAC-SHA1" }, groups },
  esp: { encryption: ciphers, integrity: hashes, groups, sequenceNumbers: plainSequenceNumbers },
};

/** For gcloud's `--flags-file` (YAML, of which JSON is a part): the key is on no command line. */
function flags(view: SiteView, preSharedKey: string): object {
  const { ike, esp } = phaseWords(words, view);
  const listed = (name: string, list: readonly string[]) => (list.length > 0 ? { [name]: list } : {});
  return {
    "--shared-secret": preSharedKey,
    "--ike-version": 2,
    ...listed("--phase1-encryption", ike.encryption), ...listed("--phase1-integrity", ike.integrity), ...listed("--phase1-prf", ike.prf), ...listed("--phase1-dh", ike.groups),
    ...listed("--phase2-encryption", esp.encryption), ...listed("--phase2-integrity", esp.integrity), ...listed("--phase2-pfs", esp.groups),
  };
}

const script = `
: "\${REGION:?is not set}" "\${NETWORK:?is not set: the name of your VPC network}"
set -e
gcloud compute target-vpn-gateways create "$name" --network "$NETWORK" --region "$REGION"
gcloud compute addresses create "$name" --region "$REGION"
address=$(gcloud compute addresses describe "$name" --region "$REGION" --format 'value(address)')
for what in ESP UDP:500 UDP:4500; do
  port=\${what#ESP}; port=\${port#UDP:}
  gcloud compute forwarding-rules create "$name-$(echo "$what" | tr 'A-Z:' 'a-z-')" --region "$REGION" --address "$address" \\
    --target-vpn-gateway "$name" --ip-protocol "\${what%%:*}" \${port:+--ports "$port"}
done
gcloud compute vpn-tunnels create "$name" --region "$REGION" --target-vpn-gateway "$name" --peer-address "$gateway" \\
  --local-traffic-selector 0.0.0.0/0 --remote-traffic-selector 0.0.0.0/0 --flags-file "$name.json"
number=0
for network in $networks; do
  number=$((number + 1))
  gcloud compute routes create "$name-$number" --network "$NETWORK" --destination-range "$network" \\
    --next-hop-vpn-tunnel "$name" --next-hop-vpn-tunnel-region "$REGION"
done
# Give this to the SiteConnection as device.endpoint, and run \`pulumi up\` again.
echo "$address"
`;


/** One tunnel of an HA VPN gateway, whose first interface it begins at, and a Cloud Router that is told which networks it announces. */
const bgpScript = `
: "\${REGION:?is not set}" "\${NETWORK:?is not set: the name of your VPC network}"
set -e
gcloud compute vpn-gateways create "$name" --network "$NETWORK" --region "$REGION"
gcloud compute external-vpn-gateways create "$name" --interfaces "0=$gateway"
gcloud compute routers create "$name" --network "$NETWORK" --region "$REGION" --asn "$own_as" --keepalive-interval "$keepalive"
gcloud compute vpn-tunnels create "$name" --region "$REGION" --vpn-gateway "$name" --interface 0 \\
  --peer-external-gateway "$name" --peer-external-gateway-interface 0 --router "$name" --flags-file "$name.json"
gcloud compute routers add-interface "$name" --region "$REGION" --interface-name "$name" --vpn-tunnel "$name" --ip-address "$own_address" --mask-length 30
gcloud compute routers add-bgp-peer "$name" --region "$REGION" --peer-name "$name" --interface "$name" --peer-ip-address "$gateway_address" --peer-asn "$gateway_as" \\
  --advertisement-mode custom --set-advertisement-ranges "$(echo "$own_networks" | tr ' ' ',')"
# Give this to the SiteConnection as device.endpoint, and run \`pulumi up\` again.
gcloud compute vpn-gateways describe "$name" --region "$REGION" --format 'value(vpnInterfaces[0].ipAddress)'
`;

function render(view: SiteView, secrets: SiteSecrets): DeviceStep[] {
  const steps = (text: string, variables = {}) => commandLineSteps(view, secrets, title, "gcloud", (key) => flags(view, key), text, variables);
  return speaksBgp(view) ? steps(bgpScript, bgpVariables(view)) : steps(script);
}

/** A Classic VPN gateway with static routes, since HA VPN takes its routes by BGP alone; with BGP an HA VPN gateway. */
export const gcp: DeviceKind = {
  title,
  profile: "gcp",
  render,
  words,
  bgp: {
    linkPrefixes: [30],
    bfd: false,
    timers: { keepalive: 20, hold: 60 },
    refusesTimers: ({ keepalive }) => (keepalive < 20 || keepalive > 60 ? "a Cloud Router takes a keepalive of 20 to 60 s" : undefined),
    refusesAs: (as, whose) => (whose === "device" && as !== 16_550 && kindOfAs(as) === "public" ? "is nothing that a Cloud Router can have: a private one (RFC 6996) or 16550" : undefined),
    source:
      "gcloud compute vpn-gateways create, external-vpn-gateways create, routers create (--asn, --keepalive-interval), routers add-interface, routers add-bgp-peer (docs.cloud.google.com/sdk/gcloud/reference/compute); docs.cloud.google.com/network-connectivity/docs/router/how-to/managing-bgp-timers: keepalive 20 s, hold time three times it",
  },
  oneSuite: { ike: false, esp: false },
  dials: "ipv4",
  identity: "address",
  addressLater: true,
  preSharedKey: { pattern: /^[\x20-\x7e]{1,128}$/, says: "1 to 128 printable ASCII characters" },
};
