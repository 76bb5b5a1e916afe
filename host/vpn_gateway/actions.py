"""What a set of changed files needs, in a fixed order, and nothing else."""

from __future__ import annotations

import time

from . import acme, admitted, charon, frr, keepalived, kernel, lac, layer2, moving, nftables, own_radius, pair, policies, ppp, rates, site_firewall, sites, strongswan_conf, systemd, users
from .errors import Failure
from .gateway import Gateway
from .part import Part
from .swap import Effect

XL2TPD_FILES = ("/etc/xl2tpd/", "/etc/default/xl2tpd")


def act(gateway: Gateway, effects: list[Effect], source: Part | None, target: Part | None) -> bool:
    """Makes the running machine follow its files. True if a service was started or restarted."""
    # While systemd still knows what else is to go with them, such as their folders under /run.
    _dropped_services(gateway, source, target)
    if any(systemd.unit_of(effect.path) for effect in effects):
        systemd.daemon_reload(gateway)
    extended = [effect for effect in effects if layer2.is_description(effect.path)]
    for effect in extended:
        layer2.take_away(gateway, effect.before, effect.after)
    # Before a daemon starts, which reads them.
    given = acme.install(gateway)
    _modules(gateway, effects)
    _sysctls(gateway, effects)
    site_firewall.follow(gateway, effects)
    _rulesets(gateway, effects, target)
    routing = frr.write(gateway, [effect.path for effect in effects])
    started = _restarts(gateway, effects)
    for unit in target.services if target else ():
        if systemd.ensure(gateway, unit):
            gateway.report.say(f"started {unit}")
            started.add(unit)
    if routing and frr.UNIT not in started:
        frr.reload(gateway)
    if own_radius.UNIT in started:
        own_radius.remember(gateway)
    elif any(effect.path == own_radius.USERS for effect in effects):
        own_radius.reload(gateway)
    if policies.UNIT in started:
        policies.refill(gateway)  # the unit has just loaded the file once more, with nobody in it
    if rates.UNIT in started:
        rates.refill(gateway)
    if any(effect.path == rates.SETTINGS and effect.after is None for effect in effects):
        rates.take_away(gateway)
    described = [effect for effect in effects if sites.is_description(effect.path)]
    for effect in described:
        sites.follow_files(gateway, effect.before, effect.after)
    for effect in extended:
        layer2.follow_files(gateway, effect.before, effect.after)
    swanctl = [effect for effect in effects if charon.is_swanctl(effect.path)]
    if charon.running(gateway):
        users.end_sessions_of_changed_connections(gateway, swanctl)
    if (swanctl or given or charon.UNIT in started) and charon.running(gateway):
        if given or charon.UNIT in started:
            charon.load_all(gateway, [*given, *(effect.path for effect in swanctl)])
        else:
            charon.load_changed(gateway, swanctl)
        charon.end_orphans(gateway, _gone_connections(gateway, swanctl))
        sites.renew(gateway, sites.changed_connections(swanctl))
    for effect in described:
        sites.take_away(gateway, effect.before, effect.after)
    for effect in effects:
        if effect.path == users.PATH and effect.after is not None:
            users.follow(gateway, effect.before, effect.after)
            parts = [*gateway.others(target.name).values(), target] if target else []
            users.settle_secrets(gateway, parts)
    if target and rates.SETTINGS in target.files:
        rates.follow_now(gateway)
    return bool(started)


def _modules(gateway: Gateway, effects: list[Effect]) -> None:
    for effect in effects:
        if effect.path.startswith(kernel.MODULE_FOLDER) and effect.after is not None:
            kernel.load_modules(gateway, kernel.modules_in(effect.after))


def _sysctls(gateway: Gateway, effects: list[Effect]) -> None:
    for effect in effects:
        if effect.path.startswith(kernel.SYSCTL_FOLDER):
            before = kernel.sysctls_in(effect.before or b"")
            after = kernel.sysctls_in(effect.after or b"")
            kernel.write_sysctls(gateway, after)
            gone = [key for key in before if key not in after]
            if gone:
                kernel.restore_sysctls(gateway, gone)


def _rulesets(gateway: Gateway, effects: list[Effect], target: Part | None) -> None:
    changed = [effect for effect in effects if nftables.is_ruleset(effect.path)]
    for effect in changed:
        ours = target is not None and effect.path in target.files
        # The distribution's own ruleset comes back into the kernel only if it was there before us.
        service = gateway.originals.services.get("nftables.service", {"active": True})
        was_loaded = effect.path != nftables.MAIN or service["active"]
        if effect.after is not None and (ours or was_loaded):
            nftables.load(gateway, gateway.paths.of(effect.path), effect.before, effect.after, _filling(gateway, effect.path))
        elif effect.before is not None:
            nftables.unload(gateway, effect.before)
    if changed:
        parts = [*gateway.others(target.name if target else "").values(), *([target] if target else [])]
        contents = [file.content for part in parts for file in part.files.values() if nftables.is_ruleset(file.path)]
        nftables.remember(gateway, contents, [effect.after for effect in changed if effect.after is not None])


def _filling(gateway: Gateway, path: str) -> str:
    """What stands in a ruleset's maps and sets for those who are connected."""
    known = admitted.load(gateway) or {}
    if path == policies.PATH:
        return policies.filling(gateway, known, time.time())
    return rates.filling(gateway, known) if path == rates.PATH else ""


def _dropped_services(gateway: Gateway, source: Part | None, target: Part | None) -> None:
    if source is None:
        return
    used = {unit for part in gateway.others(source.name).values() for unit in part.services}
    used.update(target.services if target else ())
    for unit in source.services:
        if unit not in used:
            systemd.give_back(gateway, unit)


def _restarts(gateway: Gateway, effects: list[Effect]) -> set[str]:
    """Restarts the running services that cannot follow their files otherwise."""
    reasons: dict[str, list[str]] = {}
    reload_charon = reload_keepalived = False
    for effect in effects:
        unit = systemd.unit_of(effect.path) or lac.unit_of(effect.path)
        if unit:
            reasons.setdefault(unit, []).append(effect.path)
        elif charon.is_settings(effect.path):
            reload_charon = True
            for name in charon.needs_restart(effect.before, effect.after):
                reasons.setdefault(charon.UNIT, []).append(name)
        elif effect.path.startswith(XL2TPD_FILES):
            reasons.setdefault(ppp.L2TP_UNIT, []).append(effect.path)
        elif effect.path == frr.DAEMONS:
            reasons.setdefault(frr.UNIT, []).append(effect.path)
        elif effect.path in acme.FILES and effect.after is not None:
            reasons.setdefault(acme.TIMER, []).append(effect.path)
        elif effect.path == pair.FILE:
            reasons.setdefault(keepalived.WATCH, []).append(effect.path)
        elif effect.path == keepalived.FILE:
            reload_keepalived = True
    for path in own_radius.restart_reasons({effect.path: effect.after is not None for effect in effects}):
        reasons.setdefault(own_radius.UNIT, []).append(path)
    moved = _hand_over(gateway, reasons)
    try:
        restarted = _restart(gateway, reasons)
    finally:
        # Also where a daemon did not come up: what was there before is put back, and nobody would ask for it then.
        if moved:
            moving.rejoin(gateway)
    if reload_charon and charon.UNIT not in restarted and charon.running(gateway):
        charon.reload_settings(gateway)
    if reload_keepalived and keepalived.UNIT not in restarted:
        keepalived.reload(gateway)
    return restarted


def _restart(gateway: Gateway, reasons: dict[str, list[str]]) -> set[str]:
    restarted = set()
    # charon before xl2tpd: L2TP without its SA is refused.
    for unit in sorted(reasons, key=lambda name: (name != charon.UNIT, name)):
        if systemd.is_active(gateway, unit):
            if unit == charon.UNIT:
                charon.restart(gateway, reasons[unit])
            else:
                drops = ": established L2TP sessions drop" if unit == ppp.L2TP_UNIT else ""
                gateway.report.say(f"restarting {unit} ({', '.join(reasons[unit])}){drops}")
                systemd.restart(gateway, unit)
            restarted.add(unit)
    return restarted


def _hand_over(gateway: Gateway, reasons: dict[str, list[str]]) -> bool:
    """
    What drops tunnels is done on the standby: the active machine of a pair gives way first. Where the other does not
    answer, waiting for it would leave the change undone for ever, so it is said and done.
    """
    drops = {charon.UNIT, ppp.L2TP_UNIT, keepalived.UNIT} & set(reasons)
    if not drops or pair.load(gateway) is None or not pair.is_active(gateway):
        return False
    try:
        moving.hand_over(gateway)
        return True
    except Failure as failure:
        gateway.report.say(f"changing the active machine: {failure}")
        return False


def _gone_connections(gateway: Gateway, effects: list[Effect]) -> set[str]:
    before: set[str] = set()
    for effect in effects:
        if charon.is_conf(effect.path):
            before.update(strongswan_conf.connections((effect.before or b"").decode()))
    return before - charon.connection_names(gateway) if before else set()
