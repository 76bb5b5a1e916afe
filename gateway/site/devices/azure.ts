import { network, parseAddress } from "../../addressing";
import { renderPowerShell } from "../../formats/powershell";
import { siteNames } from "../names";
import type { SiteSecrets, SiteView } from "../spec";
import { type DeviceKind, deviceLifetimes, type DeviceStep, gatewayEndpoint, keyOf, untried } from "./device";
import { espIntegrity, microsoftEsp, microsoftIkeGroups, microsoftIntegrity } from "./microsoft";
import { prfOf, translated, type DeviceWords } from "./words";

const title = "Azure VPN Gateway";
const prfs = { prfsha384: "SHA384", prfsha256: "SHA256", prfsha1: "SHA1" };

/**
 * learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-compliance-crypto: `IkeIntegrity` is the PRF, too, and beside
 * AES-GCM nothing but that. IPsec knows SHA-256 and SHA-1 alone beside AES-CBC.
 */
const words: DeviceWords = {
  ike: {
    encryption: { aes256gcm16: "GCMAES256", aes128gcm16: "GCMAES128", aes256: "AES256", aes192: "AES192", aes128: "AES128" },
    integrity: microsoftIntegrity,
    prf: prfs,
    groups: { ...microsoftIkeGroups, modp2048: "DHGroup14" },
  },
  esp: microsoftEsp({ sha256: "SHA256", sha1: "SHA1" }),
};

const parameters = `
param(
  [Parameter(Mandatory)] [string] $ResourceGroup,
  # Its name. Route-based, and not of the Basic SKU, which takes no policy.
  [Parameter(Mandatory)] [string] $VirtualNetworkGateway
)`;

const body = `
$ErrorActionPreference = 'Stop'
$virtual = Get-AzVirtualNetworkGateway -ResourceGroupName $ResourceGroup -Name $VirtualNetworkGateway
$common = @{ Name = $Name; ResourceGroupName = $ResourceGroup; Location = $virtual.Location }
$local = if ($GatewayIsAddress) {
  New-AzLocalNetworkGateway @common -GatewayIpAddress $Gateway -AddressPrefix $Networks
} else {
  New-AzLocalNetworkGateway @common -Fqdn $Gateway -AddressPrefix $Networks
}
$policy = New-AzIpsecPolicy -IkeEncryption $IkeEncryption -IkeIntegrity $IkeIntegrity -DhGroup $DhGroup \`
  -IpsecEncryption $IpsecEncryption -IpsecIntegrity $IpsecIntegrity -PfsGroup $PfsGroup \`
  -SALifeTimeSeconds ([int]$SaLifeTime) -SADataSizeKilobytes 102400000
New-AzVirtualNetworkGatewayConnection @common -VirtualNetworkGateway1 $virtual -LocalNetworkGateway2 $local \`
  -ConnectionType IPsec -ConnectionProtocol IKEv2 -SharedKey $SharedKey -IpsecPolicies $policy`;

function render(view: SiteView, secrets: SiteSecrets): DeviceStep[] {
  const { near, far, spec } = view;
  const [ikeText, espText] = [near.proposals.ike[0], near.proposals.esp[0]];
  const [ike, esp] = [translated(words.ike, ikeText), translated(words.esp, espText)];
  const gateway = gatewayEndpoint(view);
  const variables = {
    Name: siteNames(spec.name).connection,
    Gateway: gateway,
    GatewayIsAddress: parseAddress(gateway) !== undefined,
    Networks: far.networks.map((text) => network(text).text),
    IkeEncryption: ike.encryption[0],
    IkeIntegrity: prfOf(words.ike, ikeText),
    DhGroup: ike.groups[0],
    IpsecEncryption: esp.encryption[0],
    IpsecIntegrity: espIntegrity(espText, esp),
    PfsGroup: esp.groups[0] ?? "None",
    SaLifeTime: String(deviceLifetimes(view).child),
    SharedKey: keyOf(view, secrets),
  };
  return [{ title: "PowerShell with the module Az.Network", text: renderPowerShell(parameters, variables, body, untried(view, title)) }];
}

export const azure: DeviceKind = {
  title,
  profile: "azure",
  render,
  words,
  bgp: { none: "nobody looked yet" },
  oneSuite: { ike: true, esp: true },
  dials: "ipv4OrName",
  identity: "address",
  addressLater: true,
  preSharedKey: {
    pattern: /^[\x21-\x2c\x2e-\x7d]{1,128}$/,
    says: "1 to 128 printable ASCII characters without spaces, hyphens and tildes (learn.microsoft.com/azure/vpn-gateway/vpn-gateway-vpn-faq)",
  },
};
