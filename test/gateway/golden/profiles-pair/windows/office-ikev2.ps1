# VPN connection to office for Windows 10 and 11. Written by pulumi-vpn-gateway.

<#
.SYNOPSIS
Makes the VPN connection, or makes it anew. Run it as the person who will use it:
  powershell -ExecutionPolicy Bypass -File SCRIPT
.PARAMETER Check
Changes nothing; says what is missing, and ends with 1 where something is.
.PARAMETER Remove
Takes the connection away, and what it needed of the machine unless another script's connection needs it.
.PARAMETER Machine
For the script's own use: the part that needs an administrator.
#>
[CmdletBinding()]
param([switch]$Check, [switch]$Remove, [switch]$Machine)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$Name = 'office'
$Id = '9038d876-33c3-584c-a2e4-f674a5bb7036'
$Server = '192.0.2.11'
$User = 'alice'
$TunnelType = 'Ikev2'
$PreSharedKey = ''
$Authority = 'MIIELzCCApegAwIBAgIUP1QptZUrCOi5dkBnNj6nQ1MlvxEwDQYJKoZIhvcNAQELBQAwHzEdMBsGA1UEAwwUb2ZmaWNlIFZQTiBhdXRob3JpdHkwHhcNMjYxMTIxMjI1NjQ5WhcNMzYxMTE4MjI1NjQ5WjAfMR0wGwYDVQQDDBRvZmZpY2UgVlBOIGF1dGhvcml0eTCCAaIwDQYJKoZIhvcNAQEBBQADggGPADCCAYoCggGBAKOcIgAxQHxaQKeriE7QH5DOsdSr7yQsMH9JR6cZzfJs/L0p8SSkYQDI5mHzUZtSllKDoJiS5JJbyR5+7+5qvBYc53IDz3/xC+UfAAbocTEwbwS9FB1nraXuR2A6i6MuZWDVZsdQFOWevOMAgc4lC0WEhalcVEBY7E93ikTaCT/uI19TSPmdE4O0mlvdICejfaEj02C5XPaV8uL7bV0Cwuq09OPwjDYgH90JjG2HouoC4ZVE7HSqKVj6u1JwJRJG/NqM8VpfSHW4Xtmfic7LtuOyvdBXV+hYn9iemr5ybJ3U8xQHtQk0eLZirYVfS9DwSuwLTicThfBy9oOdXI2fSNDieI/VcMBIgOtbwN1GAETfvunMyYG5E7DA9Ak6xAdKyNLISg+ViMMDi8cHg0YyawngmxskGueuOfId0ERvgkcgz2TJbXhLr7vtlHtVIRg6oH9a8SPg0bHqavecmHnl/LxkBsGqhzZ9k+moxMK2D5kc16JM4mgdg/MnMAXaQ4irjwIDAQABo2MwYTAdBgNVHQ4EFgQUneJd7Iwisk0kAsw7w/yriEGkHRMwHwYDVR0jBBgwFoAUneJd7Iwisk0kAsw7w/yriEGkHRMwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwDQYJKoZIhvcNAQELBQADggGBAAG2DYcySj7oEBVEFQGITlQnROtKaZVYHUkK59OjvNqsBQtHubj/vFQ7T+Pv5gRUvaH9L7NdZk12+5M9l/IAbemKnHuEEPH1LLH4hXpwshlCh2IqLpGPQNyRdvPsXsR2WMGxiC8AQ/sOOeDNluoW39tjSb26f/M3vTdPDEtKCa5lOzNBDaMfdqBy3PF3MWcLlKLAV/Lv4/xDMu491OrMvOqfnaXLwSPQwTvM01htuLU3Y7K5EFlhsfOb93Hkm05HSK6TjLFKiXpHVPcKQOl048qVfpTbUdVZtNiWCm8PxcaUBzXkheT01OhzlCQMk53uLGXC9+oFHRWP4Io+ffbrAlErWSDp6ugMTLk3VhVjApX+YXrRVUbOQV/dgA+6E5S8UAcex4+HN6Bya6+GYgyA7k0MhwqZwctMKSwk1LtNLCTnKnPj91wR5Pmz6Nm6RpyT+DhCmzutc2YqNypyvLj7FxrpgcEQ2naZerbu6T0qEkc3ct4gDBwYx19lGwFtUWWcLg=='
$SplitTunneling = $false
$Routes = @()
$EncryptionMethod = 'AES256'
$IntegrityCheckMethod = 'SHA384'
$DHGroup = 'ECP384'
$CipherTransformConstants = 'GCMAES256'
$AuthenticationTransformConstants = 'GCMAES256'
$PfsGroup = 'None'

$Marks = 'HKLM:\SOFTWARE\pulumi-vpn-gateway'
$OwnMark = Join-Path $Marks $Id
$Agent = 'HKLM:\SYSTEM\CurrentControlSet\Services\PolicyAgent'
$Rule = 'AssumeUDPEncapsulationContextOnSendRule'

function Get-Authority {
    if ($Authority -eq '') { return $null }
    return New-Object Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList @(, [Convert]::FromBase64String($Authority))
}

function Get-Value([string]$Path, [string]$Value) {
    $found = Get-ItemProperty -Path $Path -Name $Value -ErrorAction SilentlyContinue
    if ($null -eq $found) { return $null }
    return $found.$Value
}

function Test-Authority {
    $certificate = Get-Authority
    return ($null -eq $certificate) -or (Test-Path ('Cert:\LocalMachine\Root\' + $certificate.Thumbprint))
}

function Test-Rule {
    return ($TunnelType -ne 'L2tp') -or ((Get-Value $Agent $Rule) -eq 2)
}

# By IKEv2 with a certificate of a public CA nothing of the machine is needed, and nobody is asked for an administrator.
function Test-Machine {
    return (Test-Authority) -and (Test-Rule) -and ((Test-Path $OwnMark) -or (($Authority -eq '') -and ($TunnelType -ne 'L2tp')))
}

function Test-RestartDue {
    if ($TunnelType -ne 'L2tp') { return $false }
    $set = Get-Value $Marks 'RuleSetAt'
    if ($null -eq $set) { return $false }
    $when = [DateTime]::Parse($set, [Globalization.CultureInfo]::InvariantCulture, [Globalization.DateTimeStyles]::RoundtripKind)
    return (Get-CimInstance -ClassName Win32_OperatingSystem).LastBootUpTime.ToUniversalTime() -lt $when
}

function Test-Elevated {
    $me = New-Object Security.Principal.WindowsPrincipal -ArgumentList ([Security.Principal.WindowsIdentity]::GetCurrent())
    return $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Edit-RootStore([string]$Change) {
    $store = New-Object Security.Cryptography.X509Certificates.X509Store -ArgumentList 'Root', 'LocalMachine'
    $store.Open('ReadWrite')
    try {
        if ($Change -eq 'Add') { $store.Add((Get-Authority)) } else { $store.Remove((Get-Authority)) }
    } finally {
        $store.Close()
    }
}

function Set-Machine {
    if (-not (Test-Path $Marks)) { New-Item -Path $Marks | Out-Null }
    if (-not (Test-Authority)) {
        Set-ItemProperty -Path $Marks -Name ('Added ' + (Get-Authority).Thumbprint) -Value 'by a script'
        Edit-RootStore 'Add'
    }
    if (-not (Test-Rule)) {
        $before = Get-Value $Agent $Rule
        if ($null -eq $before) { $before = 'none' }
        if ($null -eq (Get-Value $Marks 'RuleBefore')) { Set-ItemProperty -Path $Marks -Name 'RuleBefore' -Value ([string]$before) }
        Set-ItemProperty -Path $Marks -Name 'RuleSetAt' -Value ([DateTime]::UtcNow.ToString('o'))
        New-ItemProperty -Path $Agent -Name $Rule -PropertyType DWord -Value 2 -Force | Out-Null
    }
    New-Item -Path $OwnMark -Force | Out-Null
    Set-ItemProperty -Path $OwnMark -Name 'TunnelType' -Value $TunnelType
    $certificate = Get-Authority
    $trusted = 'none'
    if ($null -ne $certificate) { $trusted = $certificate.Thumbprint }
    Set-ItemProperty -Path $OwnMark -Name 'Authority' -Value $trusted
}

function Clear-Machine {
    if (Test-Path $OwnMark) { Remove-Item -Path $OwnMark -Recurse -Force }
    $others = @(Get-ChildItem -Path $Marks -ErrorAction SilentlyContinue)
    $certificate = Get-Authority
    if ($null -ne $certificate) {
        $needed = @($others | Where-Object { (Get-Value $_.PSPath 'Authority') -eq $certificate.Thumbprint })
        $added = 'Added ' + $certificate.Thumbprint
        if (($needed.Count -eq 0) -and ($null -ne (Get-Value $Marks $added))) {
            if (Test-Authority) { Edit-RootStore 'Remove' }
            Remove-ItemProperty -Path $Marks -Name $added
        }
    }
    $needed = @($others | Where-Object { (Get-Value $_.PSPath 'TunnelType') -eq 'L2tp' })
    $before = Get-Value $Marks 'RuleBefore'
    if (($needed.Count -eq 0) -and ($null -ne $before)) {
        if ($before -eq 'none') {
            Remove-ItemProperty -Path $Agent -Name $Rule -ErrorAction SilentlyContinue
        } else {
            Set-ItemProperty -Path $Agent -Name $Rule -Value ([int]$before)
        }
        Remove-ItemProperty -Path $Marks -Name 'RuleBefore', 'RuleSetAt' -ErrorAction SilentlyContinue
    }
    if (($others.Count -eq 0) -and (Test-Path $Marks)) { Remove-Item -Path $Marks -Recurse -Force }
}

# Runs the part that needs an administrator: here, or in a second PowerShell that Windows asks for.
function Invoke-Machine {
    if (Test-Elevated) {
        if ($Remove) { Clear-Machine } else { Set-Machine }
        return
    }
    Write-Host 'Windows will ask for an administrator: the machine must trust the VPN gateway.'
    $words = @('-NoProfile', '-ExecutionPolicy', 'Bypass', '-File', ('"{0}"' -f $PSCommandPath), '-Machine')
    if ($Remove) { $words += '-Remove' }
    $done = Start-Process -FilePath (Get-Process -Id $PID).Path -ArgumentList $words -Verb RunAs -Wait -PassThru
    if ($done.ExitCode -ne 0) { throw 'The part that needs an administrator failed.' }
}

function Remove-Connection {
    $old = Get-VpnConnection -Name $Name -ErrorAction SilentlyContinue
    if ($null -eq $old) { return }
    if ($old.ConnectionStatus -ne 'Disconnected') { throw "The connection '$Name' is in use: disconnect it and run this again." }
    Remove-VpnConnection -Name $Name -Force
}

function Set-Connection {
    Remove-Connection
    $given = @{ Name = $Name; ServerAddress = $Server; TunnelType = $TunnelType; EncryptionLevel = 'Required'; RememberCredential = $true; Force = $true }
    if ($SplitTunneling) { $given.SplitTunneling = $true }
    if ($TunnelType -eq 'L2tp') {
        $given.AuthenticationMethod = 'MSChapv2'
        $given.L2tpPsk = $PreSharedKey
    } else {
        $given.AuthenticationMethod = 'Eap'
        # Without parameters this is EAP-MSCHAPv2.
        $given.EapConfigXmlStream = (New-EapConfiguration).EapConfigXmlStream
    }
    Add-VpnConnection @given
    $ipsec = @{
        ConnectionName = $Name
        EncryptionMethod = $EncryptionMethod
        IntegrityCheckMethod = $IntegrityCheckMethod
        DHGroup = $DHGroup
        CipherTransformConstants = $CipherTransformConstants
        AuthenticationTransformConstants = $AuthenticationTransformConstants
        PfsGroup = $PfsGroup
        Force = $true
    }
    # Half of it would look whole, and connect with other algorithms or beside the tunnel.
    try {
        Set-VpnConnectionIPsecConfiguration @ipsec
        foreach ($route in $Routes) { Add-VpnConnectionRoute -ConnectionName $Name -DestinationPrefix $route }
    } catch {
        Remove-VpnConnection -Name $Name -Force
        throw "There is no connection '$Name' now: it could not be made whole. $($_.Exception.Message)"
    }
}

# What is not as it must be, one line each.
function Get-Problem {
    $found = Get-VpnConnection -Name $Name -ErrorAction SilentlyContinue
    if ($null -eq $found) { return "There is no connection '$Name'." }
    if ($found.ServerAddress -ne $Server) { "The connection leads to $($found.ServerAddress), not to $Server." }
    if ($found.TunnelType -ne $TunnelType) { "The connection is of the type $($found.TunnelType), not $TunnelType." }
    if ([bool]$found.SplitTunneling -ne $SplitTunneling) { 'The connection sends the wrong part of your traffic through the tunnel.' }
    # Without any route it may be $null, which a pipeline takes for one element.
    $has = @($found.Routes | Where-Object { $null -ne $_ } | ForEach-Object { $_.DestinationPrefix })
    foreach ($route in $Routes) { if ($has -notcontains $route) { "The route to $route is missing." } }
    if (-not (Test-Authority)) { 'The machine does not trust the authority of the gateway.' }
    if (-not (Test-Rule)) { "$Rule is not 2: behind a NAT the connection fails with error 809." }
}

if ($Machine) {
    if ($Remove) { Clear-Machine } else { Set-Machine }
    exit 0
}
if ($Remove) {
    Remove-Connection
    if (Test-Path $OwnMark) { Invoke-Machine }
    Write-Host "The connection '$Name' is gone."
    exit 0
}
if (-not $Check) {
    if (-not (Test-Machine)) { Invoke-Machine }
    Set-Connection
}
$problems = @(Get-Problem)
foreach ($problem in $problems) { Write-Warning $problem }
if (Test-RestartDue) {
    Write-Warning 'Restart Windows before you connect (Restart, not Shut down): until then it does not send L2TP through a NAT.'
}
if ($problems.Count -gt 0) { exit 1 }
Write-Host "The connection '$Name' is ready. Windows asks once for a name, which is $User, and for the password."
exit 0
