"""Going back by itself: a systemd timer for the unconfirmed time, and a unit for a boot within it."""

import os
import time

from . import files, systemd
from .gateway import Gateway
from .store import State

# Between arming and the end of the push daemons restart and are verified; the real deadline is set after that.
SLACK = 180  # seconds
RECOVER = "vpn-gateway-recover.service"
# Before everything that reads a file of ours. The confirmed files are put back, and then the machine boots with them.
RECOVER_TEXT = """\
[Unit]
Description=Put back the last confirmed configuration of the VPN gateway
DefaultDependencies=no
RequiresMountsFor=/var/lib/vpn-gateway /etc /usr
After=local-fs.target
Before=sysinit.target network-pre.target systemd-sysctl.service systemd-modules-load.service nftables.service
Before=strongswan.service xl2tpd.service shutdown.target
Conflicts=shutdown.target
ConditionPathExists=/var/lib/vpn-gateway/parts

[Service]
Type=oneshot
ExecStart=/usr/sbin/vpn-gateway recover --boot

[Install]
WantedBy=sysinit.target
"""


def unit(part: str, generation: int) -> str:
    return f"vpn-gateway-revert-{part}-{generation}"


def arm(gateway: Gateway, part: str, generation: int, seconds: int) -> None:
    """Runs `revert --unconfirmed` in `seconds`, from systemd: no session and no process of ours is needed for it."""
    disarm(gateway, part, generation)
    gateway.programs.must(
        "could not arm the automatic revert, so nothing was changed",
        "systemd-run",
        "--quiet",
        "--collect",
        f"--unit={unit(part, generation)}",
        f"--description=Revert part {part} of the VPN gateway unless it is confirmed",
        f"--on-active={seconds}s",
        "--timer-property=AccuracySec=100ms",
        "/usr/sbin/vpn-gateway",
        "revert",
        part,
        "--unconfirmed",
        str(generation),
    )


def disarm(gateway: Gateway, part: str, generation: int) -> None:
    gateway.programs.run("systemctl", "stop", f"{unit(part, generation)}.timer")


def waiting(gateway: Gateway, generation: int, seconds: int) -> dict[str, object]:
    """What the state says of an unconfirmed generation."""
    return {
        "generation": generation,
        "seconds": seconds,
        "deadline": int(time.time()) + seconds,
        "boot": gateway.paths.boot_id(),
        "connection": connection(),
    }


def connection() -> str:
    """The SSH connection that this command came through; empty under sudo, which hides it."""
    return os.environ.get("SSH_CONNECTION", "")


def expired(gateway: Gateway, state: State) -> bool:
    """The unconfirmed generation's time is over, or the machine was booted meanwhile."""
    waits = state.unconfirmed
    if waits is None:
        return False
    return time.time() >= int(waits["deadline"]) or waits["boot"] != gateway.paths.boot_id()


def install_recovery(gateway: Gateway) -> None:
    """Sees to it that a boot begins with what is confirmed. Part of the command, not of any part."""
    path = gateway.paths.of(f"/etc/systemd/system/{RECOVER}")
    if files.look(path).text == RECOVER_TEXT.encode():
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    files.write_now(path, RECOVER_TEXT.encode(), 0o644)
    systemd.enable(gateway, RECOVER)
