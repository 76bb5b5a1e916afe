import { bgpEnds, speaksBgp } from "../bgp";
import type { SiteSecrets, SiteView } from "../spec";
import { bgpVariables, commandLineSteps, phaseWords } from "./commandLine";
import type { DeviceKind, DeviceStep } from "./device";
import { plainSequenceNumbers, type DeviceWords } from "./words";

const title = "AWS Site-to-Site VPN";
const ciphers = { aes256gcm16: "AES256-GCM-16", aes128gcm16: "AES128-GCM-16", aes256: "AES256", aes128: "AES128" };
const hashes = { sha512: "SHA2-512", sha384: "SHA2-384", sha256: "SHA2-256", sha1: "SHA1" };
const groups = { ecp521: "21", ecp384: "20", ecp256: "19", modp4096: "16", modp3072: "15", modp2048: "14" };

/** EC2 API Reference, VpnTunnelOptionsSpecification. A PRF cannot be chosen: it is of the integrity algorithm's hash. */
const words: DeviceWords = {
  ike: { encryption: ciphers, integrity: hashes, prf: { prfsha512: "SHA2-512", prfsha384: "SHA2-384", prfsha256: "SHA2-256", prfsha1: "SHA1" }, groups },
  esp: { encryption: ciphers, integrity: hashes, groups, sequenceNumbers: plainSequenceNumbers },
};

const values = (list: readonly string[]) => list.map((Value) => ({ Value }));
const numbers = (list: readonly string[]) => list.map((text) => ({ Value: Number(text) }));

/** What `aws ec2 create-vpn-connection` takes as `--options`: the first tunnel is the connection, the second is AWS's own. */
function options(view: SiteView, preSharedKey: string): object {
  const { spec } = view;
  const { ike, esp } = phaseWords(words, view);
  const bgp = speaksBgp(view);
  return {
    StaticRoutesOnly: !bgp,
    TunnelOptions: [
      {
        ...(bgp ? { TunnelInsideCidr: spec.bgp!.link } : {}),
        PreSharedKey: preSharedKey,
        IKEVersions: [{ Value: "ikev2" }],
        Phase1EncryptionAlgorithms: values(ike.encryption),
        Phase1IntegrityAlgorithms: values([...new Set([...ike.prf, ...ike.integrity])]),
        Phase1DHGroupNumbers: numbers(ike.groups),
        Phase1LifetimeSeconds: Math.min(28_800, spec.ikeLifetime + 3600),
        Phase2EncryptionAlgorithms: values(esp.encryption),
        // The API wants one beside AES-GCM, too.
        Phase2IntegrityAlgorithms: values(esp.integrity.length > 0 ? esp.integrity : ["SHA2-256"]),
        Phase2DHGroupNumbers: numbers(esp.groups),
        Phase2LifetimeSeconds: Math.min(3600, spec.childLifetime + 600),
        StartupAction: "start",
        DPDTimeoutAction: "restart",
      },
    ],
  };
}

/** From the customer gateway to a connection that is there, as `$connection`. */
export const connecting = (bgp: boolean, to: string) => `customer=$(aws ec2 create-customer-gateway --type ipsec.1 --ip-address "$gateway" ${bgp ? '"$as_option" "$gateway_as"' : "--bgp-asn 65000"} \\
  --tag-specifications "ResourceType=customer-gateway,Tags=[{Key=Name,Value=$name}]" --query CustomerGateway.CustomerGatewayId --output text)
connection=$(aws ec2 create-vpn-connection --type ipsec.1 --customer-gateway-id "$customer" ${to} \\
  --tag-specifications "ResourceType=vpn-connection,Tags=[{Key=Name,Value=$name}]" --options "file://$name.json" --query VpnConnection.VpnConnectionId --output text)
aws ec2 wait vpn-connection-available --vpn-connection-ids "$connection"
`;

export const saying = `# The first tunnel's address: give it to the SiteConnection as device.endpoint, and run \`pulumi up\` again.
aws ec2 describe-vpn-connections --vpn-connection-ids "$connection" \\
  --query 'VpnConnections[0].Options.TunnelOptions[0].OutsideIpAddress' --output text
`;

const script = (bgp: boolean) => `
: "\${VPN_GATEWAY_ID:?is not set: the id of your virtual private gateway}"
set -e
${bgp ? `theirs=$(aws ec2 describe-vpn-gateways --vpn-gateway-ids "$VPN_GATEWAY_ID" --query 'VpnGateways[0].AmazonSideAsn' --output text)
[ "$theirs" = "$own_as" ] || { echo "the AS number of $VPN_GATEWAY_ID is $theirs, and device.as says $own_as" >&2; exit 1; }
` : ""}${connecting(bgp, '--vpn-gateway-id "$VPN_GATEWAY_ID"')}${bgp ? `# What it learns comes into the VPC's route tables that are named here, and into no other.
for table in \${ROUTE_TABLE_IDS:-}; do
  aws ec2 enable-vgw-route-propagation --gateway-id "$VPN_GATEWAY_ID" --route-table-id "$table"
done` : `for network in $networks; do
  aws ec2 create-vpn-connection-route --vpn-connection-id "$connection" --destination-cidr-block "$network"
done`}
${saying}`;

/** What is attached to a virtual private gateway, and what to a transit gateway, differ in the script alone. */
function render(view: SiteView, secrets: SiteSecrets): DeviceStep[] {
  return awsSteps(view, secrets, "a virtual private gateway's", script);
}

/**
 * Numbers of 4 bytes whose first bit is set have an option of their own (EC2 API Reference, CreateCustomerGateway).
 *
 * @param whose account and region the script is to be run in
 */
export function awsSteps(view: SiteView, secrets: SiteSecrets, whose: string, text: (bgp: boolean) => string): DeviceStep[] {
  const bgp = speaksBgp(view);
  const variables = bgp ? { ...bgpVariables(view), as_option: bgpEnds(view).far.as > 0x7fffffff ? "--bgp-asn-extended" : "--bgp-asn" } : {};
  return commandLineSteps(view, secrets, title, `the AWS CLI 2 (in ${whose} account and region)`, (key) => options(view, key), text(bgp), variables);
}

/** docs.aws.amazon.com/vpn/latest/s2svpn/cgw-options.html: kept by AWS, some of them in one region. */
const keptAs = [7224, 9059, 10_124, 17_943];

export const aws: DeviceKind = {
  title,
  profile: "aws",
  render,
  words,
  bgp: {
    linkPrefixes: [30],
    linksKept: ["169.254.0.0/30", "169.254.1.0/30", "169.254.2.0/30", "169.254.3.0/30", "169.254.4.0/30", "169.254.5.0/30", "169.254.169.252/30"],
    first: true,
    bfd: false,
    timers: { keepalive: 10, hold: 30 },
    refusesAs: (as, whose) => (whose === "gateway" && keptAs.includes(as) ? "is one that AWS keeps for itself (Site-to-Site VPN User Guide, customer gateway options)" : undefined),
    source:
      "EC2 API Reference: VpnTunnelOptionsSpecification (TunnelInsideCidr: a /30, and which are kept), CreateCustomerGateway (BgpAsn, BgpAsnExtended), EnableVgwRoutePropagation, VpnGateway (AmazonSideAsn); awsdocs/amazon-vpc-network-administrator-guide, doc_source/GenericConfig.md and Cisco.md (AWS has the first address, hold time 30 s)",
  },
  oneSuite: { ike: false, esp: false },
  dials: "ipv4",
  identity: "address",
  addressLater: true,
  preSharedKey: { pattern: /^[A-Za-z1-9._][A-Za-z0-9._]{7,63}$/, says: "8 to 64 letters, digits, dots and underscores, the first no 0 (EC2 API Reference, PreSharedKey)" },
};
