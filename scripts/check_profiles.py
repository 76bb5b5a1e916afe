"""What scripts/check-profiles runs. Each kind of file also has a twin, a file that is broken, which must not be read."""

import json
import os
import plistlib
import subprocess
import sys

import tree_sitter
import tree_sitter_powershell

import powershell_cmdlets

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def network_manager(text):
    """nmcli reads the connection and writes it out again: nothing of it may be lost or other."""
    environment = {**os.environ, "LD_LIBRARY_PATH": os.environ["NMCLI_LIBRARY"]}
    done = subprocess.run([os.environ["NMCLI"], "--offline", "connection", "modify", "connection.autoconnect", "no"],
                          input=text, capture_output=True, env=environment, check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.decode().strip())
    lost = entries(text) - entries(done.stdout)
    if lost:
        raise ValueError(f"nmcli reads it otherwise: {sorted(lost)}")


def entries(text):
    return {line for line in text.decode().splitlines() if "=" in line and not line.startswith("#")}


def property_list(text):
    profile = plistlib.loads(text)
    for payload in profile["PayloadContent"]:
        if payload["PayloadType"] == "com.apple.security.root":
            subprocess.run(["openssl", "x509", "-inform", "DER", "-noout"], input=payload["PayloadContent"], check=True, capture_output=True)


def power_shell(text):
    root = PARSER.parse(text).root_node
    if root.has_error:
        raise ValueError("tree-sitter's grammar finds an error in it")
    wrong = list(powershell_cmdlets.problems(root))
    if wrong:
        raise ValueError("; ".join(wrong))


def certificate(text):
    subprocess.run(["openssl", "x509", "-noout"], input=text, check=True, capture_output=True)


# Reader, and the ways to break a file of its kind: what is put in the place of what, where it stands last.
KINDS = {
    ".nmconnection": (network_manager, [(b"type=vpn", b"type=nothing")]),
    ".mobileconfig": (property_list, [(b"</dict>", b"")]),
    ".sswan": (lambda text: json.loads(text), [(b"}", b"")]),
    ".ps1": (power_shell, [
        (b"}", b""),
        (b"Add-VpnConnection @", b"Add-VpnConection @"),
        (b"-DestinationPrefix", b"-Destination"),
        (b"PfsGroup = ", b"PfsGruop = "),
        (b"DHGroup = 'ECP384'", b"DHGroup = 'ECP521'"),
        (b"EncryptionLevel = 'Required'", b"EncryptionLevel = 'Requested'"),
        (b"AuthenticationMethod = 'M", b"AuthenticationMethod = 'N"),
        (b"        CipherTransformConstants = $CipherTransformConstants\n", b""),
    ]),
    ".crt": (certificate, [(b"M", b"!")]),
}


def is_read(read, text, what, otherwise):
    try:
        read(otherwise.join(text.rsplit(what, 1)))
        return True
    except Exception:
        return False


def main(directory):
    passed = failed = 0
    for folder, _, names in sorted(os.walk(directory)):
        for name in sorted(names):
            kind = KINDS.get(os.path.splitext(name)[1])
            if kind is None:
                continue
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                text = file.read()
            read, twins = kind
            try:
                read(text)
                problem = None
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if problem is None:
                problem = next((f"its broken twin is read, too: {otherwise!r} for {what!r}" for what, otherwise in twins if is_read(read, text, what, otherwise)), None)
            passed, failed = (passed + 1, failed) if problem is None else (passed, failed + 1)
            print(f"{'ok  ' if problem is None else 'FAIL'} {os.path.relpath(path, directory)}{'' if problem is None else f': {problem}'}")
    print(f"\n{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


sys.exit(main(sys.argv[1]))
