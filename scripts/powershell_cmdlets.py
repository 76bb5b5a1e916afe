"""Are the commands of a script those that Windows has, with parameters and words that they take?

PowerShell itself would say so at the run only, and cannot be had here. The cmdlets below are all that the scripts may call,
by their pages at learn.microsoft.com (modules VpnClient, PKI, CimCmdlets and PowerShell's own). A parameter has the words that
it takes, or None where it takes anything; what is in MANDATORY must be given.
"""

COMMON = ("ErrorAction", "Verbose", "Debug", "WarningAction", "OutVariable", "WhatIf", "Confirm")
CIPHERS = ("DES", "DES3", "AES128", "AES192", "AES256", "GCMAES128", "GCMAES192", "GCMAES256", "None")


def anything(*names):
    return dict.fromkeys(names)


CMDLETS = {
    "Add-VpnConnection": {
        **anything("Name", "ServerAddress", "AllUserConnection", "RememberCredential", "SplitTunneling", "Force", "PassThru", "L2tpPsk",
                   "UseWinlogonCredential", "ServerList", "DnsSuffix", "IdleDisconnectSeconds", "EapConfigXmlStream",
                   "MachineCertificateIssuerFilter", "MachineCertificateEKUFilter"),
        "TunnelType": ("Pptp", "L2tp", "Sstp", "Ikev2", "Automatic"),
        "AuthenticationMethod": ("Pap", "Chap", "MSChapv2", "Eap", "MachineCertificate"),
        "EncryptionLevel": ("NoEncryption", "Optional", "Required", "Maximum", "Custom"),
    },
    "Set-VpnConnectionIPsecConfiguration": {
        **anything("ConnectionName", "PassThru", "Force", "AllUserConnection"),
        "AuthenticationTransformConstants": ("MD596", "SHA196", "SHA256128", "GCMAES128", "GCMAES192", "GCMAES256", "None"),
        "CipherTransformConstants": CIPHERS,
        "DHGroup": ("None", "Group1", "Group2", "Group14", "ECP256", "ECP384", "Group24"),
        "EncryptionMethod": ("DES", "DES3", "AES128", "AES192", "AES256", "GCMAES128", "GCMAES256"),
        "IntegrityCheckMethod": ("MD5", "SHA1", "SHA256", "SHA384"),
        "PfsGroup": ("None", "PFS1", "PFS2", "PFS2048", "ECP256", "ECP384", "PFSMM", "PFS24"),
    },
    "Add-VpnConnectionRoute": anything("ConnectionName", "DestinationPrefix", "RouteMetric", "PassThru", "AllUserConnection"),
    "Get-VpnConnection": anything("Name", "AllUserConnection"),
    "Remove-VpnConnection": anything("Name", "Force", "PassThru", "AllUserConnection"),
    "New-EapConfiguration": anything("Tls", "Ttls", "Peap", "UserCertificate", "UseWinlogonCredential", "VerifyServerIdentity"),
    "Import-PfxCertificate": anything("FilePath", "CertStoreLocation", "Password", "Exportable"),
    "Get-CimInstance": anything("ClassName", "Namespace", "Filter", "Property"),
    "Get-ItemProperty": anything("Path", "Name"),
    "Set-ItemProperty": anything("Path", "Name", "Value", "Type", "Force"),
    "New-ItemProperty": {**anything("Path", "Name", "Value", "Force"), "PropertyType": ("String", "ExpandString", "Binary", "DWord", "MultiString", "QWord")},
    "Remove-ItemProperty": anything("Path", "Name", "Force"),
    # DeleteKey: of the certificate provider (about_Certificate_Provider).
    "Remove-Item": anything("Path", "Recurse", "Force", "DeleteKey"),
    "New-Item": anything("Path", "Name", "ItemType", "Value", "Force"),
    "Get-ChildItem": anything("Path", "Filter", "Recurse"),
    "Test-Path": anything("Path", "PathType"),
    "Join-Path": anything("Path", "ChildPath"),
    "Start-Process": {**anything("FilePath", "ArgumentList", "Verb", "Wait", "PassThru", "WorkingDirectory")},
    "Get-Process": anything("Id", "Name"),
    "New-Object": anything("TypeName", "ArgumentList"),
    "Read-Host": anything("AsSecureString", "Prompt"),
    "Write-Host": anything("Object"),
    "Write-Warning": anything("Message"),
    "Where-Object": anything("FilterScript"),
    "ForEach-Object": anything("Process"),
    "Out-Null": {},
    "Set-StrictMode": anything("Version", "Off"),
}

MANDATORY = {
    "Add-VpnConnection": ("Name", "ServerAddress"),
    "Set-VpnConnectionIPsecConfiguration": ("ConnectionName", "AuthenticationTransformConstants", "CipherTransformConstants", "DHGroup",
                                            "EncryptionMethod", "IntegrityCheckMethod", "PfsGroup"),
    "Add-VpnConnectionRoute": ("ConnectionName", "DestinationPrefix"),
    "Remove-VpnConnection": ("Name",),
    "Import-PfxCertificate": ("FilePath",),
}


def problems(root):
    """What is wrong with the script of this tree (tree-sitter's), a line each."""
    nodes = list(walk(root))
    functions = {text(child).lower() for node in nodes if node.type == "function_statement" for child in node.children if child.type == "function_name"}
    variables, tables = assignments(nodes)
    for node in nodes:
        if node.type == "command":
            yield from of_command(node, functions, variables, tables)


def of_command(node, functions, variables, tables):
    name = next((text(child) for child in node.children if child.type == "command_name"), "")
    if name.lower() in functions:
        return
    cmdlet = next((known for known in CMDLETS if known.lower() == name.lower()), None)
    if cmdlet is None:
        yield f"{name!r} is none of the cmdlets that these scripts may call, and no function"
        return
    takes = {parameter.lower(): words for parameter, words in CMDLETS[cmdlet].items()}
    takes.update({parameter.lower(): None for parameter in COMMON})
    given = {}
    elements = [child for outer in node.children if outer.type == "command_elements" for child in outer.children if child.is_named and child.type != "command_argument_sep"]
    for index, element in enumerate(elements):
        if element.type == "command_parameter":
            value = elements[index + 1] if index + 1 < len(elements) and elements[index + 1].type != "command_parameter" else None
            given[text(element)[1:]] = None if value is None else constant(value, variables)
        elif text(element).startswith("@") and not text(element).startswith(("@(", "@{")):
            table = tables.get(text(element)[1:].lower())
            if table is None:
                yield f"{cmdlet}: {text(element)} is no table of parameters"
                return
            given.update(table)
    for parameter, values in given.items():
        if parameter.lower() not in takes:
            yield f"{cmdlet} has no parameter {parameter}"
            continue
        words = takes[parameter.lower()]
        for value in values or ():
            if words is not None and value.lower() not in [word.lower() for word in words]:
                yield f"{cmdlet} -{parameter} takes no {value!r}"
    splatted_or_named = {parameter.lower() for parameter in given}
    positional = len(elements) > 0 and elements[0].type not in ("command_parameter",) and not text(elements[0]).startswith("@")
    for parameter in MANDATORY.get(cmdlet, ()):
        if parameter.lower() not in splatted_or_named and not positional:
            yield f"{cmdlet} is not told its {parameter}"


def assignments(nodes):
    """Variables with the constants that they are given, and tables for splatting: of each parameter the constants, None if not known."""
    variables, tables = {}, {}
    for node in nodes:
        if node.type != "assignment_expression":
            continue
        left, right = text(node.children[0]), node.children[-1]
        table = only(right, "hash_literal_expression")
        if table is not None:
            entries = {}
            for entry in (found for found in walk(table) if found.type == "hash_entry"):
                key = next(text(child) for child in entry.children if child.type == "key_expression")
                entries[key] = constant(next(child for child in entry.children if child.type == "pipeline"), variables)
            tables[left[1:].lower()] = entries
        elif "." in left:
            owner, key = left[1:].split(".", 1)
            if owner.lower() in tables:
                # In one branch this, in the other that.
                known = constant(right, variables)
                before = tables[owner.lower()].get(key, [])
                tables[owner.lower()][key] = None if known is None or before is None else [*before, *known]
        else:
            value = constant(right, variables)
            variables.setdefault(left[1:].lower(), [] if value is not None else None)
            if value is not None and variables[left[1:].lower()] is not None:
                variables[left[1:].lower()].extend(value)
    return variables, tables


def constant(node, variables):
    """The texts that an expression can be, or None where that is not known."""
    string = only(node, "string_literal")
    if string is not None and text(string).startswith("'"):
        return [text(string)[1:-1].replace("''", "'")]
    variable = only(node, "variable")
    if variable is not None:
        return variables.get(text(variable)[1:].lower())
    return [text(node)] if node.type == "generic_token" else None


def only(node, kind):
    """The node of this kind that is all that there is in the other; None where there is more."""
    while node.type != kind:
        named = [child for child in node.children if child.is_named]
        if len(named) != 1 or text(named[0]) != text(node):
            return None
        node = named[0]
    return node


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def text(node):
    return node.text.decode()
