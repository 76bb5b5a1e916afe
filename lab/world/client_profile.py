"""A client that connects by the files of its profile as they are, where its instructions say that they go."""

import glob
import os
import shutil
import time

from client import IKE_TIMEOUT_SECONDS, Client, reasons, refused
from shell import Failure, write


def connect(client: Client, wanted):
    """`files`: text by absolute path under /etc; `name`: of the child SA, and for L2TP of the LAC."""
    for key, kind in (("protocol", str), ("name", str), ("files", dict)):
        if not isinstance(wanted.get(key), kind):
            raise Failure(f"{key} is missing")
    client.disconnect()
    client.start()
    install(client, wanted["files"])
    client.swanctl("--reload-settings")
    began = time.monotonic()
    loaded = client.swanctl("--load-all", "--clear", "--noprompt")
    if loaded.returncode != 0:
        return refused(began, reasons(loaded.stdout + loaded.stderr))
    name = wanted["name"]
    initiated = client.swanctl("--initiate", "--child", name, "--timeout", str(IKE_TIMEOUT_SECONDS), timeout=IKE_TIMEOUT_SECONDS + 20)
    if initiated.returncode != 0:
        reason = reasons(initiated.stdout + initiated.stderr)
        client.swanctl("--terminate", "--ike", name, "--force", "--timeout", "3")
        return refused(began, reason)
    if wanted["protocol"] == "l2tp":
        failed = client.dial(name)
        if failed:
            client.disconnect()
            return refused(began, failed)
    return {"connected": True, "seconds": round(time.monotonic() - began, 2), **client.addresses()}


def install(client, files):
    """The client's /etc as a machine has it that was never connected, and the files of the profile in it."""
    client.charon_settings({})
    # The unit of charon holds this folder itself: what is in it goes, not the folder.
    for kind in ("conf.d/*", "x509ca/*", "x509/*", "private/*", "*-updown"):
        for old in glob.glob(f"{client.etc}/swanctl/{kind}"):
            os.remove(old)
    for folder in ("ppp", "xl2tpd"):
        shutil.rmtree(f"{client.etc}/{folder}", ignore_errors=True)
        shutil.copytree(f"/etc/{folder}", f"{client.etc}/{folder}", symlinks=True)
    for path, text in files.items():
        parts = path.split("/")
        if parts[:2] != ["", "etc"] or parts[2] not in ("swanctl", "ppp", "xl2tpd", "strongswan.d") or ".." in parts:
            raise Failure(f"no file of a profile: {path}")
        script = "ip-up.d" in parts or "ip-down.d" in parts or path.endswith("-updown")
        write(client.etc + path[len("/etc"):], text, 0o755 if script else 0o600)
