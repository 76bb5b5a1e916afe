import type { SiteView } from "../spec";
import { commandLineSteps, phaseWords } from "./commandLine";
import type { DeviceKind } from "./device";
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


/** A Classic VPN gateway with static routes: HA VPN takes its routes by BGP alone. */
export const gcp: DeviceKind = {
  title,
  profile: "gcp",
  render: (view, secrets) => commandLineSteps(view, secrets, title, "gcloud", (key) => flags(view, key), script),
  words,
  bgp: { none: "nobody looked yet" },
  oneSuite: { ike: false, esp: false },
  dials: "ipv4",
  identity: "address",
  addressLater: true,
  preSharedKey: { pattern: /^[\x20-\x7e]{1,128}$/, says: "1 to 128 printable ASCII characters" },
};
