"""
`vpn-gateway follow`, a service on gateways with site connections: keeps their interfaces, puts routes into a tunnel while
it stands and takes them away when it falls, gives an interface the MTU of the suite that was agreed on, dials where
nobody else does, and writes down since when a tunnel stands or why it does not. A connection to an LNS stands once there is
a session in its tunnel.
"""

from __future__ import annotations

import os
import sys
import time

from . import charon, files, lac, layer2, pair_sites, sites
from .errors import Failure, os_error
from .followed import Followed
from .gateway import Gateway
from .site_children import children, mtu_of
from .site_log import CONSEQUENCE, Exchanges, says_less
from .twice import Twice
from .vici import Vici

EVENTS = ("ike-updown", "child-updown", "child-rekey", "log")
TICK = 1.0  # seconds
AUDIT = 5.0  # seconds between two looks at what somebody else may have taken away
LONGEST_PAUSE = 30.0  # seconds between two tries to dial
SILENT = 120.0  # seconds down, after which charon does not dial without a pause any more
PATIENCE = 10.0  # seconds that it dials then; its messages of one try are out after 8
LONGEST_REST = 60.0  # seconds between two such tries
PROOF = 0.3  # seconds: what charon logs of one failure comes within this


class Follower:
    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.followed: dict[str, Followed] = {}
        before = files.read_json(gateway.paths.of(sites.STATE), {})
        self.before: dict[str, dict] = before if isinstance(before, dict) else {}
        self.described: list[sites.Site] = []
        self.exchanges = Exchanges()
        self.written: dict | None = None
        self.said: set[str] = set()
        self.audited = 0.0
        self.ahead: float | None = None  # seconds that the clock is ahead of the time since the boot
        self.turn = pair_sites.Turn(gateway)
        self.twice = Twice()
        self.extended: dict[str, tuple[bool, str | None]] = {}  # did the tunnel stand, and why does no frame cross

    def look(self, now: float) -> None:
        """One look at everything; nothing is done where nothing changed."""
        described = self.described = sites.described(self.gateway)
        for name in [name for name in self.followed if name not in {site["name"] for site in described}]:
            del self.followed[name]
        associations = self.take_turns(described, self.associations(described), now)
        routed = None
        if now - self.audited > AUDIT:
            self.audited, routed = now, sites.routed(self.gateway)
        for site in described:
            try:
                self.audit(site, routed)
                self.follow(site, associations, now)
                self.said.discard(site["name"])
            except Failure as failure:
                if site["name"] not in self.said:
                    self.say(f"{site['name']}: {failure}")
                self.said.add(site["name"])
        self.before = {}
        for connection, unique_id in self.twice.surplus(described, associations, now):
            self.say(f"{connection}: both ends have dialled: ending the older one of two tunnels")
            charon.terminate(self.gateway, unique_id, 1)
        self.extend(now, look_again=routed is not None)
        self.write()

    def mind_clock(self, now: float, monotonic: float) -> None:
        """Somebody may have set it, NTP after a boot above all."""
        by = 0.0 if self.ahead is None else now - monotonic - self.ahead
        if self.ahead is None or abs(by) > TICK:
            self.ahead = now - monotonic
            self.audited = 0.0
            self.twice = Twice()
            for one in self.followed.values() if by else ():
                one.clock_set(by)

    def of(self, name: str) -> Followed:
        if name not in self.followed:
            self.followed[name] = Followed(self.before.pop(name, None))
        return self.followed[name]

    def associations(self, described: list) -> list:
        if not described or not charon.running(self.gateway):
            return []
        found = charon.associations(self.gateway)
        # An IKE SA that gets new keys hands its children over to the next one, and charon, which tells one after the other, may
        # have told of either when they were with the other.
        if any(self.of(site["name"]).stands and not children(found, site) for site in described):
            found = charon.associations(self.gateway)
        return found

    def extend(self, now: float, look_again: bool) -> None:
        """Layer-2 extensions: asked about where their tunnel came or fell, and from time to time."""
        described = layer2.described(self.gateway)
        self.extended = {one["name"]: self.extended[one["name"]] for one in described if one["name"] in self.extended}
        for one in described:
            name, site = one["name"], self.followed.get(one["connection"])
            stands = site is not None and bool(site.stands)
            before = self.extended.get(name)
            # As it should be: what it cannot be for another reason than its tunnel is tried each time.
            if before is not None and not look_again and before[0] == stands == (before[1] is None):
                continue
            try:
                reason = layer2.follow(self.gateway, one, stands)
            except Failure as failure:
                reason = str(failure)
            if before is None or before[1] != reason:
                self.say(f"{name}: frames {'cross' if reason is None else f'do not cross: {reason}'}")
            self.extended[name] = (stands, reason)

    def audit(self, site: sites.Site, routed: set | None) -> None:
        """Routes that somebody else took away (a network daemon that restarts does) come back."""
        one = self.followed.get(site["name"])
        if routed is None or one is None or not one.stands or site["mode"] == "policy" or site.get("bgp"):
            return
        if site["mode"] == lac.MODE and lac.session(self.gateway, site) is None:
            return  # it fell since the last look, and its routes with it
        if any((text, site["interface"]) not in routed for text in site["far"]):
            self.say(f"{site['name']}: a route was taken away: putting it back")
            sites.route_into(self.gateway, site, True, one.mtu)

    def follow(self, site: sites.Site, associations: list, now: float) -> None:
        one = self.of(site["name"])
        if one.stands is None or (site["mode"] == "route" and not os.path.exists(self.gateway.paths.of(f"/sys/class/net/{site['interface']}"))):
            sites.ensure(self.gateway, site)
            one.stands = None
            if not sites.is_described(self.gateway, site):
                # It was removed since this look began, and what was made too late would stay.
                sites.remove(self.gateway, site)
                return
        stands, mtu, renewed = bool(children(associations, site)), mtu_of(associations, site), False
        if site["mode"] == lac.MODE:
            session = lac.session(self.gateway, site)
            self.call(site, one, children(associations, site), session, now)
            # Another interface has none of the routes that the last one had.
            renewed, one.session = session != one.session, session
            stands, mtu = stands and session is not None, session and session["mtu"]
        if stands != one.stands or mtu != one.mtu or renewed:
            sites.route_into(self.gateway, site, stands, mtu)
            if one.stands is not None or stands:
                self.say(f"{site['name']}: the tunnel {'stands' if stands else 'is down'}" + (f", {mtu} bytes fit" if mtu else ""))
            one.stands, one.mtu = stands, mtu
        one.saw(stands, now, self.turn.is_ours(site))
        if stands:
            one.missing_since, one.pause, one.reason = None, 1.0, None
        elif children(associations, site):
            one.missing_since = None  # an LNS has its tunnel, and is called
        elif self.turn.is_ours(site):
            self.dial(site, one, associations, now)
        else:
            one.missing_since, one.reason = None, None

    def take_turns(self, described: list, associations: list, now: float) -> list:
        """
        Of a pair the active machine alone has tunnels. One that becomes it dials at once, whoever dials first otherwise; what a
        standby has is ended, and so is what a machine had before its turn began anew. Gives the SAs that count.
        """
        begins = self.turn.changed()
        self.turn.look(described)
        ended = [site for site in described if pair_sites.follows_active(site) and (begins or not self.turn.is_ours(site))]
        if begins:
            self.say(f"this machine is {'the active one' if self.turn.since else 'not the active one'} now")
        for site in ended if begins and self.turn.since else ():
            one = self.of(site["name"])
            one.missing_since, one.next_dial, one.pause = now, now, 1.0
        if pair_sites.end(self.gateway, ended, associations, active=self.turn.since is not None):
            self.say(f"ended what it had of {', '.join(site['name'] for site in ended)}")
        gone = {site["connection"] for site in ended}
        return [(name, data) for name, data in associations if name not in gone]

    def call(self, site: sites.Site, one: Followed, found: list[dict], session: dict | None, now: float) -> None:
        """Has an LNS called anew where its session fell, or where a new tunnel came and has none: once for each."""
        child = str(found[-1].get("uniqueid")) if found else ""
        if not found or session is not None:
            one.owed = False
        elif child != one.child or one.session is not None:
            one.owed = True
        one.child = child
        if one.owed and now >= one.next_call and lac.dial_anew(self.gateway, site):
            self.say(f"{site['name']}: no session in the tunnel: calling the LNS anew")
            one.owed, one.next_call = False, now + site["redialSeconds"]

    def dial(self, site: sites.Site, one: Followed, associations: list, now: float) -> None:
        if site["dialAfterSeconds"] is None or not charon.running(self.gateway):
            return
        # charon itself is still at it, or has no more than an IKE SA.
        trying = [data for name, data in associations if name == site["connection"] and data.get("state") != "ESTABLISHED"]
        if trying:
            one.missing_since = None
            self.rest(one, trying, now)
            return
        one.trying_since = None
        if one.missing_since is None:
            one.missing_since = now
            one.next_dial = max(one.next_dial, now + site["dialAfterSeconds"])
        if now < one.next_dial:
            return
        one.next_dial = now + max(one.pause, site["dialAfterSeconds"])
        one.pause = min(2 * one.pause, LONGEST_PAUSE)
        one.dials += 1
        charon.initiate(self.gateway, site["connection"], site["child"])

    def rest(self, one: Followed, trying: list[dict], now: float) -> None:
        """
        charon makes keys for each try and begins the next one at once, for ever: a hundred peers that are gone keep a small machine
        busy, and its journal takes 128 lines a second. Who has been silent for long is asked ever more rarely.
        """
        one.trying_since = now if one.trying_since is None else one.trying_since
        if now - one.changed < SILENT or now - one.trying_since < PATIENCE or not all(data.get("initiator") == "yes" for data in trying):
            return
        one.trying_since, one.next_dial = None, now + min((now - one.changed) / 10, LONGEST_REST)
        charon.terminate_all(self.gateway, [str(data["uniqueid"]) for data in trying])

    def heard(self, event: str, message: dict, now: float) -> None:
        """What charon logs of a connection while it does not stand."""
        if event != "log":
            return
        site, reason = self.exchanges.about(self.described, message)
        one = self.followed.get(site["name"]) if site else None
        if site is None or one is None or one.stands or reason is None:
            return
        if one.reason is not None:
            age = now - one.reason["at"]
            # The first word of a failure says most: what follows within a moment is its consequence.
            if age < PROOF or (age < LONGEST_PAUSE and says_less(reason, one.reason["text"])):
                return
            # IKEv1 is refused by silence: that it lasts says less than where it began.
            if site["mode"] == lac.MODE and CONSEQUENCE.search(str(message.get("msg", ""))):
                return
        one.reason, one.blamed = {"at": now, "text": reason}, reason

    def write(self) -> None:
        state = {name: one.to_dict() for name, one in self.followed.items()}
        if state != self.written:
            files.write_json(self.gateway.paths.of(sites.STATE), state)
            self.written = state

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def follow(gateway: Gateway) -> None:
    """Without end; ends where its own code was renewed, for systemd to start the new one."""
    os.makedirs(os.path.dirname(gateway.paths.of(sites.STATE)), mode=0o700, exist_ok=True)
    follower = Follower(gateway)
    begun = _code()
    listener: Vici | None = None
    while _code() == begun:
        try:
            if listener is None and charon.running(gateway):
                listener = Vici(gateway.paths.of(charon.SOCKET)).__enter__()
                listener.register(*EVENTS)
            follower.mind_clock(time.time(), time.monotonic())
            follower.look(time.time())
            if listener is None:
                time.sleep(TICK)
                continue
            until = time.monotonic() + TICK
            # What comes together is looked at together; each thing that charon logs need not be.
            while (left := until - time.monotonic()) > 0 and not follower.turn.changed():
                heard = listener.event(min(left, pair_sites.GLANCE) if follower.turn.waits else left)
                if heard is None:
                    continue
                follower.heard(*heard, time.time())
                if heard[0] != "log":
                    until = min(until, time.monotonic() + 0.05)
        except Failure as failure:
            if listener is not None:
                listener.__exit__()
                listener = None
            follower.say(str(failure))
            time.sleep(TICK)
        except OSError as error:
            follower.say(os_error(error))
            time.sleep(TICK)


def _code() -> float:
    return os.stat(os.path.realpath(__file__)).st_mtime
