import { network, parseAddress } from "../../addressing";
import { renderPowerShell } from "../../formats/powershell";
import { bgpEnds, linkAddresses, speaksBgp } from "../bgp";
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

/**
 * What BGP needs of the virtual network gateway: its own address on the link, beside those that it has. The address prefixes of the
 * local network gateway stay empty: whatever stood there would be a static route (learn.microsoft.com/azure/vpn-gateway/vpn-gateway-vpn-faq).
 */
const bgpOfGateway = `
if ($virtual.BgpSettings.Asn -ne [uint32]$OwnAs) { throw "The AS number of $VirtualNetworkGateway is $($virtual.BgpSettings.Asn), and device.as says $OwnAs." }
if ($virtual.IpConfigurations.Count -ne 1) { throw "$VirtualNetworkGateway is active-active, and this connection has one tunnel." }
$configuration = $virtual.IpConfigurations[0].Id
$known = @($virtual.BgpSettings.BgpPeeringAddresses | Where-Object { $_.IpconfigurationId -eq $configuration } | ForEach-Object { $_.CustomBgpIpAddresses })
$addresses = New-AzIpConfigurationBgpPeeringAddressObject -IpConfigurationId $configuration -CustomAddress @($known + $OwnAddress | Select-Object -Unique)
$virtual = Set-AzVirtualNetworkGateway -VirtualNetworkGateway $virtual -IpConfigurationBgpPeeringAddresses $addresses
$own = New-AzGatewayCustomBgpIpConfigurationObject -IpConfigurationId $configuration -CustomBgpIpAddress $OwnAddress`;

const body = (bgp: boolean) => `
$ErrorActionPreference = 'Stop'
$virtual = Get-AzVirtualNetworkGateway -ResourceGroupName $ResourceGroup -Name $VirtualNetworkGateway${bgp ? bgpOfGateway : ""}
$common = @{ Name = $Name; ResourceGroupName = $ResourceGroup; Location = $virtual.Location }
$local = if ($GatewayIsAddress) {
  New-AzLocalNetworkGateway @common -GatewayIpAddress $Gateway ${bgp ? "-Asn ([uint32]$GatewayAs) -BgpPeeringAddress $GatewayAddress" : "-AddressPrefix $Networks"}
} else {
  New-AzLocalNetworkGateway @common -Fqdn $Gateway ${bgp ? "-Asn ([uint32]$GatewayAs) -BgpPeeringAddress $GatewayAddress" : "-AddressPrefix $Networks"}
}
$policy = New-AzIpsecPolicy -IkeEncryption $IkeEncryption -IkeIntegrity $IkeIntegrity -DhGroup $DhGroup \`
  -IpsecEncryption $IpsecEncryption -IpsecIntegrity $IpsecIntegrity -PfsGroup $PfsGroup \`
  -SALifeTimeSeconds ([int]$SaLifeTime) -SADataSizeKilobytes 102400000
New-AzVirtualNetworkGatewayConnection @common -VirtualNetworkGateway1 $virtual -LocalNetworkGateway2 $local \`
  -ConnectionType IPsec -ConnectionProtocol IKEv2 -SharedKey $SharedKey -IpsecPolicies $policy${bgp ? " -EnableBgp $true -GatewayCustomBgpIpAddress $own" : ""}`;

function bgpVariables(view: SiteView): Record<string, string> {
  const [links, ends] = [linkAddresses(view), bgpEnds(view)];
  return { OwnAs: String(ends.near.as), OwnAddress: links.near.ipv4, GatewayAs: String(ends.far.as), GatewayAddress: links.far.ipv4 };
}

/** learn.microsoft.com/azure/vpn-gateway/vpn-gateway-vpn-faq: kept by Azure; 65515 is a gateway's own, unless it says otherwise. */
const keptAs = { gateway: [8074, 8075, 12_076, 65_515, 65_517, 65_518, 65_519, 65_520], device: [8074, 8075, 12_076, 65_517, 65_518, 65_519, 65_520] };

function render(view: SiteView, secrets: SiteSecrets): DeviceStep[] {
  const { near, far, spec } = view;
  const [ikeText, espText] = [near.proposals.ike[0], near.proposals.esp[0]];
  const [ike, esp] = [translated(words.ike, ikeText), translated(words.esp, espText)];
  const gateway = gatewayEndpoint(view);
  const bgp = speaksBgp(view);
  const variables = {
    Name: siteNames(spec.name).connection,
    Gateway: gateway,
    GatewayIsAddress: parseAddress(gateway) !== undefined,
    ...(bgp ? bgpVariables(view) : { Networks: far.networks.map((text) => network(text).text) }),
    IkeEncryption: ike.encryption[0],
    IkeIntegrity: prfOf(words.ike, ikeText),
    DhGroup: ike.groups[0],
    IpsecEncryption: esp.encryption[0],
    IpsecIntegrity: espIntegrity(espText, esp),
    PfsGroup: esp.groups[0] ?? "None",
    SaLifeTime: String(deviceLifetimes(view).child),
    SharedKey: keyOf(view, secrets),
  };
  return [{ title: "PowerShell with the module Az.Network", text: renderPowerShell(parameters, variables, body(bgp), untried(view, title)) }];
}

export const azure: DeviceKind = {
  title,
  profile: "azure",
  render,
  words,
  bgp: {
    linkPrefixes: [30],
    linksWithin: ["169.254.21.0/24", "169.254.22.0/24"],
    bfd: false,
    timers: { keepalive: 60, hold: 180 },
    refusesTimers: ({ keepalive, hold }) => (keepalive === 60 && hold === 180 ? undefined : "Azure has 60 and 180 s, and negotiates no others"),
    refusesAs: (as, whose) => (keptAs[whose].includes(as) ? "is one that Azure keeps for itself (VPN Gateway FAQ)" : undefined),
    source:
      "learn.microsoft.com/azure/vpn-gateway: vpn-gateway-howto-aws-bgp (169.254.21.0 to 169.254.22.255; the other end begins the session), vpn-gateway-vpn-faq (kept AS numbers, empty address space, 4-byte numbers by PowerShell), timers of 60 and 180 s that are not negotiated (Microsoft's Azure networking blog, BGP Timer Mismatches); Az.Network: New-AzLocalNetworkGateway, Set-AzVirtualNetworkGateway, New-AzIpConfigurationBgpPeeringAddressObject, New-AzGatewayCustomBgpIpConfigurationObject",
  },
  oneSuite: { ike: true, esp: true },
  dials: "ipv4OrName",
  identity: "address",
  addressLater: true,
  preSharedKey: {
    pattern: /^[\x21-\x2c\x2e-\x7d]{1,128}$/,
    says: "1 to 128 printable ASCII characters without spaces, hyphens and tildes (learn.microsoft.com/azure/vpn-gateway/vpn-gateway-vpn-faq)",
  },
};
