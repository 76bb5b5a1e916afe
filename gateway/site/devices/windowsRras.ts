import { network } from "../../addressing";
import { renderPowerShell } from "../../formats/powershell";
import { siteNames } from "../names";
import type { SiteSecrets, SiteView } from "../spec";
import { type DeviceKind, deviceLifetimes, type DeviceStep, gatewayEndpoint, keyOf, untried } from "./device";
import { espIntegrity, microsoftEsp, microsoftIkeGroups, microsoftIntegrity } from "./microsoft";
import { translated, type DeviceWords } from "./words";

const title = "Windows Server's Routing and Remote Access";

/** learn.microsoft.com/powershell/module/remoteaccess/add-vpns2sinterface: accepted values of the custom policy. */
const words: DeviceWords = {
  ike: { encryption: { aes256: "AES256", aes192: "AES192", aes128: "AES128" }, integrity: microsoftIntegrity, groups: { ...microsoftIkeGroups, modp2048: "Group14" } },
  esp: microsoftEsp({ sha256: "SHA256128", sha1: "SHA196" }),
};

const body = `
$ErrorActionPreference = 'Stop'
if ((Get-RemoteAccess).VpnS2SStatus -ne 'Installed') { Install-RemoteAccess -VpnType VpnS2S }
# A metric of 100: a route of the network's own wins.
Add-VpnS2SInterface -Name $Name -Destination $Gateway -Protocol IKEv2 -AuthenticationMethod PSKOnly -ResponderAuthenticationMethod PSKOnly \`
  -SharedSecret $SharedSecret -IPv4Subnet $Subnets -Persistent -AutoConnectEnabled $true -NumberOfTries 0 -NetworkOutageTimeSeconds 15 \`
  -CustomPolicy -EncryptionMethod $EncryptionMethod -IntegrityCheckMethod $IntegrityCheckMethod -DHGroup $DhGroup \`
  -CipherTransformConstants $Cipher -AuthenticationTransformConstants $Authentication -PfsGroup $PfsGroup \`
  -MMSALifeTimeSeconds ([uint32]$MainModeLifetime) -SALifeTimeSeconds ([uint32]$QuickModeLifetime)
Connect-VpnS2SInterface -Name $Name`;

function render(view: SiteView, secrets: SiteSecrets): DeviceStep[] {
  const { near, far, spec } = view;
  const [ike, esp] = [translated(words.ike, near.proposals.ike[0]), translated(words.esp, near.proposals.esp[0])];
  const lifetimes = deviceLifetimes(view);
  const variables = {
    Name: siteNames(spec.name).connection,
    Gateway: gatewayEndpoint(view),
    Subnets: far.networks.map((text) => `${network(text).text}:100`),
    EncryptionMethod: ike.encryption[0],
    IntegrityCheckMethod: ike.integrity[0],
    DhGroup: ike.groups[0],
    Cipher: esp.encryption[0],
    Authentication: espIntegrity(near.proposals.esp[0], esp),
    PfsGroup: esp.groups[0] ?? "None",
    MainModeLifetime: String(lifetimes.ike),
    QuickModeLifetime: String(lifetimes.child),
    SharedSecret: keyOf(view, secrets),
  };
  return [{ title: "PowerShell, as administrator", text: renderPowerShell("#Requires -RunAsAdministrator", variables, body, untried(view, title)) }];
}

export const windowsRras: DeviceKind = {
  title,
  profile: "windows-rras",
  render,
  words,
  bgp: { none: "no document of Microsoft's was found that gives its IKEv2 interface an address to speak BGP from" },
  oneSuite: { ike: true, esp: true },
  dials: "ipv4OrName",
  identity: "address",
  preSharedKey: { pattern: /^[\x20-\x7e]+$/, says: "printable ASCII" },
};
