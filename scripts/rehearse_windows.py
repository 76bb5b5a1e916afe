"""The Windows scripts' way through a Windows of a few dictionaries: what they make, say, put back and leave.

`rehearse_windows.py FOLDER`: the golden trees. Each case has its twin: a script that is changed must fail it.
"""

import os
import sys

import tree_sitter
import tree_sitter_powershell

import powershell_cmdlets
from powershell_rehearsal import NOTHING, Rehearsal, ScriptError, Thing

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
MARKS = "hklm:\\software\\pulumi-vpn-gateway"
AGENT = "hklm:\\system\\currentcontrolset\\services\\policyagent"
RULE = "assumeudpencapsulationcontextonsendrule"


class Windows:
    """Registry, certificates and connections; `now` and `booted` are numbers."""

    def __init__(self, rule=None, trusted=(), elevated=False):
        self.registry = {AGENT: {} if rule is None else {RULE: rule}}
        self.certificates = {f"cert:\\localmachine\\root\\{each}".lower() for each in trusted}
        self.connections, self.calls, self.said = {}, [], []
        self.elevated, self.now, self.booted, self.prompts = elevated, 100, 50, 0
        self.fails, self.status = None, "Disconnected"
        self.script = None

    def run(self, script, **parameters):
        self.calls, self.said, self.script = [], [], script
        root = PARSER.parse(script.encode()).root_node
        wrong = ["no PowerShell"] if root.has_error else list(powershell_cmdlets.problems(root))
        if wrong:
            raise ValueError("; ".join(wrong))
        return Rehearsal(self).run(root, parameters)

    def cmdlet(self, name, given, positional, piped):
        path = str(given.get("path", positional[0] if positional else "")).lower()
        quiet = given.get("erroraction") == "SilentlyContinue"
        if name in ("Out-Null", "Set-StrictMode"):
            return []
        if name in ("Write-Host", "Write-Warning"):
            self.said.append(f"{'warning: ' if name == 'Write-Warning' else ''}{positional[0]}")
            return []
        if name == self.fails:
            raise ScriptError("The parameter is incorrect.")
        if name == "Join-Path":
            return ["\\".join(positional)]
        if name == "Test-Path":
            return [path in self.registry or path in self.certificates]
        if name == "Get-ItemProperty":
            value = self.registry.get(path, {}).get(given["name"].lower())
            return [] if value is None else [Thing(**{given["name"]: value})]
        if name == "Get-ChildItem":
            return [Thing(PSPath=key) for key in sorted(self.registry) if key.startswith(path + "\\")]
        if name == "New-Object":
            return [self.thing(positional[0], given.get("argumentlist"))]
        if name == "Get-CimInstance":
            return [Thing(LastBootUpTime=self.booted)]
        if name == "Get-Process":
            return [Thing(Path="powershell.exe")]
        if name == "Read-Host":
            return ["secure"]
        if name == "New-EapConfiguration":
            return [Thing(EapConfigXmlStream="<eap/>")]
        if name == "Get-VpnConnection":
            found = self.connections.get(given["name"])
            if found is None and not quiet:
                raise ScriptError("no connection")
            return [] if found is None else [self.connection(found)]
        self.calls.append((name, given))
        return self.change(name, given, path)

    def change(self, name, given, path):
        machine = path.startswith(("hklm:", "cert:")) or name == "Import-PfxCertificate"
        if machine and not self.elevated:
            raise ScriptError(f"{name}: Requested registry access is not allowed.")
        if name == "New-Item":
            self.registry.setdefault(path, {})
        elif name in ("Set-ItemProperty", "New-ItemProperty"):
            self.registry[path][given["name"].lower()] = given["value"]
        elif name == "Remove-ItemProperty":
            for each in given["name"] if isinstance(given["name"], list) else [given["name"]]:
                self.registry[path].pop(each.lower(), None)
        elif name == "Remove-Item":
            self.certificates.discard(path)
            for key in [key for key in self.registry if key == path or key.startswith(path + "\\")]:
                del self.registry[key]
        elif name == "Add-VpnConnection":
            if given["name"] in self.connections:
                raise ScriptError("the connection is there already")
            self.connections[given["name"]] = {"given": given, "ipsec": None, "routes": []}
        elif name == "Set-VpnConnectionIPsecConfiguration":
            self.connections[given["connectionname"]]["ipsec"] = given
        elif name == "Add-VpnConnectionRoute":
            self.connections[given["connectionname"]]["routes"].append(given["destinationprefix"])
        elif name == "Remove-VpnConnection":
            del self.connections[given["name"]]
        elif name == "Start-Process":
            return [Thing(ExitCode=self.prompt(given["argumentlist"]))]
        elif name == "Import-PfxCertificate":
            self.certificates.add("cert:\\localmachine\\my\\" + self.own.lower())
        else:
            raise NotImplementedError(name)
        return []

    own = "another each time"

    def prompt(self, words):
        """The second PowerShell, which an administrator has let begin."""
        self.prompts += 1
        before, self.elevated = self.elevated, True
        code = Rehearsal(self).run(PARSER.parse(self.script.encode()).root_node, {"machine": "-Machine" in words, "remove": "-Remove" in words})
        self.elevated = before
        return code

    def connection(self, found):
        given = found["given"]
        return Thing(
            ServerAddress=given["serveraddress"], TunnelType=given["tunneltype"], SplitTunneling=given.get("splittunneling", False), ConnectionStatus=self.status,
            L2tpIPsecAuth="Psk" if given.get("l2tppsk") else "Certificate",
            # As a CIM object has an array without elements.
            Routes=[Thing(DestinationPrefix=each) for each in found["routes"]] or None,
        )

    def thing(self, kind, words):
        if kind.endswith("X509Certificate2"):
            return Thing(Thumbprint="AUTHORITY")
        if kind.endswith("X509Store"):
            return Thing(store=words)
        return Thing(kind=kind)

    def static(self, kind, name, words):
        if name == "UtcNow":
            return Thing(now=self.now)
        if (kind, name) == ("DateTime", "Parse"):
            return int(words[0])
        return "C:\\temp" if name == "GetTempPath" else NOTHING if name == "WriteAllBytes" else f"{kind}.{name}"

    def method(self, owner, name, words):
        if name == "ToUniversalTime":
            return owner
        if name == "ToString":
            return str(owner.properties["now"])
        if name == "IsInRole":
            return self.elevated
        if name in ("Add", "Remove") and not self.elevated:
            raise ScriptError("Access is denied.")
        if name == "Add":
            self.certificates.add(f"cert:\\localmachine\\root\\{words[0].properties['thumbprint']}".lower())
        if name == "Remove":
            self.certificates.discard(f"cert:\\localmachine\\root\\{words[0].properties['thumbprint']}".lower())
        return NOTHING

    def trusts(self):
        return "cert:\\localmachine\\root\\authority" in self.certificates

    def due(self):
        return any("Restart Windows" in line for line in self.said)


def seen(condition, what):
    if not condition:
        raise AssertionError(what)


def made(script, name, **wanted):
    windows = Windows()
    seen(windows.run(script) == 0, f"ends well: {windows.said}")
    connection = windows.connections[name]
    for key, value in wanted.items():
        part = connection if key == "routes" else connection["ipsec"] if key in connection["ipsec"] else connection["given"]
        seen(part.get(key) == value, f"{key} is {part.get(key)!r}, not {value!r}")
    seen(connection["ipsec"] is not None and any("is ready" in line for line in windows.said), "is ready")
    seen(windows.prompts == 1, "asks once for an administrator")
    before = [list(windows.registry), dict(windows.connections), set(windows.certificates)]
    seen(windows.run(script, check=True) == 0 and windows.calls == [], "-Check finds all of it, and changes nothing")
    seen(windows.run(script) == 0 and windows.prompts == 1 and before == [list(windows.registry), windows.connections, windows.certificates], "a second run needs no administrator and ends with the same")
    return windows


def rule(script):
    """The rule is 2, is looked at again, and needs a restart exactly until there was one."""
    windows = Windows()
    seen(windows.run(script) == 0 and windows.registry[AGENT] == {RULE: 2}, "is set")
    seen(windows.due(), "a restart is due")
    seen(windows.run(script, check=True) == 0 and windows.due(), "and is at the next run")
    windows.booted = 150
    seen(windows.run(script, check=True) == 0 and not windows.due(), "and is not after it")
    windows.registry[AGENT][RULE] = 0
    seen(windows.run(script, check=True) == 1 and any("809" in line for line in windows.said), "-Check sees that it is another again")
    windows.now = 200
    seen(windows.run(script) == 0 and windows.registry[AGENT] == {RULE: 2} and windows.due(), "it is set again, and a restart is due again")
    windows = Windows(rule=2)
    seen(windows.run(script) == 0 and not windows.due(), "none is due where it was 2 before")


def no_rule(script):
    windows = made(script, "office")
    seen(windows.registry[AGENT] == {} and not windows.due(), "no rule")


def administrators_part(script):
    """Where it fails nothing else is done, and it is said; who is an administrator is not asked for one."""
    windows = Windows()
    windows.fails = "New-ItemProperty"
    seen(windows.run(script) == 1 and windows.connections == {}, "no connection without it")
    seen(any("needs an administrator failed" in line for line in windows.said), "it is said")
    windows.fails = None
    seen(windows.run(script) == 0 and windows.registry[AGENT] == {RULE: 2} and windows.due(), "the next run does it")
    windows.run(script, remove=True)
    seen(windows.registry == {AGENT: {}}, "and what was there before is remembered rightly")
    windows = Windows(elevated=True)
    seen(windows.run(script) == 0 and windows.prompts == 0 and windows.registry[AGENT] == {RULE: 2}, "as an administrator")


def removal(script, name, own):
    """-Remove puts back what was there, and nothing of ours is left."""
    for before in (None, 1):
        windows = Windows(rule=before)
        windows.connections["another's"] = {"given": {}, "ipsec": None, "routes": []}
        windows.run(script)
        seen(windows.run(script, remove=True) == 0 and list(windows.connections) == ["another's"], "the connection goes, and no other")
        seen(windows.registry == {AGENT: {} if before is None else {RULE: before}}, f"the registry is as it was: {windows.registry}")
        seen(windows.certificates == set(), "no certificate is left")
    windows = Windows(trusted=["AUTHORITY"])
    windows.run(script)
    windows.run(script, remove=True)
    seen(windows.trusts(), "an authority that was trusted before stays")
    windows = Windows()
    windows.run(script)
    windows.status = "Connected"
    seen(windows.run(script, remove=True) == 1 and name in windows.connections and any("in use" in line for line in windows.said), "not while it is in use")
    windows.status = "Disconnected"
    # Another script's connection that needs the same.
    other = MARKS + "\\another"
    windows.registry[other] = {"tunneltype": "L2tp", "authority": "AUTHORITY", "certificate": own}
    had = set(windows.certificates)
    seen(windows.run(script, remove=True) == 0 and windows.certificates == had, "what another connection needs stays")
    seen((RULE in windows.registry[AGENT]) == (windows.registry[MARKS].get("rulebefore") is not None), "the rule, too, with what was before it")


def failure(script, name):
    """What fails half-way is taken away again, and said."""
    for cmdlet in ("Set-VpnConnectionIPsecConfiguration", "Add-VpnConnection"):
        windows = Windows()
        windows.fails = cmdlet
        seen(windows.run(script) == 1 and windows.connections == {}, f"no half of a connection after {cmdlet}")
        seen(not any("is ready" in line for line in windows.said), "and no word of success")
    windows = Windows()
    windows.fails = "Set-VpnConnectionIPsecConfiguration"
    windows.run(script)
    seen(any(f"There is no connection '{name}' now" in line for line in windows.said), "it is said what is left")
    windows.fails = None
    seen(windows.run(script) == 0 and name in windows.connections, "and the next run makes it")


def cases(folder):
    """Name, script, what to see, and what is put in the place of what so that it is not seen."""
    def script(tree, protocol):
        with open(os.path.join(folder, tree, "windows", f"office-{protocol}.ps1"), encoding="utf-8") as file:
            return file.read()

    full, split = script("profiles-full-tunnel", "ikev2"), script("profiles-split-tunnel", "ikev2")
    l2tp = script("profiles-full-tunnel", "l2tp")
    yield "IKEv2 is made with our proposals", full, lambda text: made(
        text, "office", tunneltype="Ikev2", authenticationmethod="Eap", serveraddress="192.0.2.11", encryptionmethod="AES256", integritycheckmethod="SHA384", dhgroup="ECP384",
        ciphertransformconstants="GCMAES256", pfsgroup="None", splittunneling=None, routes=[]), ("$given.AuthenticationMethod = 'Eap'", "$given.AuthenticationMethod = 'Pap'")
    yield "a full tunnel without routes is no error", full, lambda text: made(text, "office"), ("Where-Object { $null -ne $_ } | ", "")
    yield "IKEv2 needs no rule, and no restart", full, no_rule, ("return ($TunnelType -ne 'L2tp') -or", "return")
    yield "L2TP is made with our proposals", l2tp, lambda text: made(
        text, "office L2TP", tunneltype="L2tp", authenticationmethod="MSChapv2", l2tppsk="canary-of-the-pre-shared-key-8431", integritycheckmethod="SHA1", authenticationtransformconstants="SHA196"), ("$given.L2tpPsk = $PreSharedKey", "$given.L2tpPsk = $Server")
    yield "split tunnel has its routes", split, lambda text: made(text, "office", splittunneling=True, routes=["10.20.0.0/16", "2001:db8:20::/48"]), ("if ($SplitTunneling) {", "if ($false) {")
    yield "the rule is set, and looked at again", l2tp, rule, ("-PropertyType DWord -Value 2", "-PropertyType DWord -Value 1")
    yield "a restart is due exactly when it is", l2tp, rule, (".ToUniversalTime() -lt $when", ".ToUniversalTime() -gt $when")
    yield "the administrator's part", l2tp, administrators_part, ("if ($done.ExitCode -ne 0)", "if ($false)")
    for tree, protocol, name in (("profiles-full-tunnel", "ikev2", "office"), ("profiles-full-tunnel", "l2tp", "office L2TP"), ("profiles-certificate", "ikev2", "office"), ("profiles-certificate", "l2tp", "office L2TP")):
        text = script(tree, protocol)
        removed = ("Remove-Item -Path $Marks -Recurse -Force", "$null") if tree.endswith("tunnel") else ("Remove-Item -Path ('Cert:", "Test-Path ('Cert:")
        if tree.endswith("certificate"):
            removed = ("if (($needed.Count -eq 0) -and (Test-Certificate))", "if ($false)")
        yield f"-Remove, {tree} {protocol}", text, lambda text, name=name: removal(text, name, Windows.own), removed
        yield f"half a connection, {tree} {protocol}", text, lambda text, name=name: failure(text, name), ("        Remove-VpnConnection -Name $Name -Force\n        throw", "        throw")
    yield "what was trusted before stays trusted", full, lambda text: removal(text, "office", Windows.own), ("-and ($null -ne (Get-Value $Marks $added))", "")


def main(folder):
    failed = passed = 0
    for name, script, check, (what, otherwise) in cases(folder):
        why = ""
        try:
            check(script)
            problem = None
        except AssertionError as error:
            problem = str(error)
        if problem is None:
            twin = script.replace(what, otherwise)
            try:
                check(twin)
                problem = f"its twin passes, too: {otherwise!r} for {what!r}"
            except AssertionError as error:
                why = f" (its twin: {error})"
        passed, failed = (passed + 1, failed) if problem is None else (passed, failed + 1)
        print(f"{'ok  ' if problem is None else 'FAIL'} {name}{why if problem is None else f': {problem}'}")
    print(f"\n{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
