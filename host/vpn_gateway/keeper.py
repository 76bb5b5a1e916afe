"""
`vpn-gateway keep`, a service where users have an end of their validity, a fixed address by L2TP, or a policy, and where
metrics are asked for. Whoever is not admitted any more is out within seconds, without a push: sessions go at once, secrets are taken out of the daemons'
files as soon as no change holds the gateway, and until then whoever dials again is cut again. Whoever has come gets
the policy and the rate of their own, and what they send and receive is counted.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

from . import accounting, admitted, charon, disconnect, files, l2tp_identity, lock, metrics, own_radius, policies, ppp, radius_answers, rates, sessions, users
from .admitted import User
from .errors import Failure, os_error
from .gateway import Gateway
from .sessions import Session
from .vici import Vici

TICK = 1.0  # seconds between looks, at which a time may be over
GLANCE = 0.25  # seconds between glances at PPP interfaces, of which nobody tells
WHOLE = 10.0  # seconds after which it looks at everything, told or not
BOOKS = 15.0  # seconds between two entries in the books
TRIM = 600.0  # seconds between looks at the books of sessions for what is too old; while there is more, each BOOKS
PATIENCE = 0.0  # seconds that it waits for a change that is under way: it comes again
EVENTS = ("ike-updown", "child-updown")
TEXTFILES = "/var/lib/prometheus/node-exporter"


class Keeper:
    """What it knows from one look to the next."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.settled: tuple[object, frozenset[str]] | None = None
        self.failed = self.unrated = self.unbooked = ""
        self.links: tuple[tuple[str, int], ...] | None = None
        self.looked = (float("-inf"), {}, frozenset())  # when, at whom, of whom refused
        self.filled: policies.Elements | None = None
        self.owners: dict[str, str] = {}
        self.books = accounting.Books(gateway)
        self.booked = float("-inf")
        self.trims_at = float("-inf")
        self.placed: set[str] = set()  # L2TP sessions, by handle, whose outer address is in the books
        self.identities = l2tp_identity.Watch()
        self.answers = 0  # of RADIUS servers, as far as it has followed them (radius_answers.stamp)

    def look(self, now: float, told: bool = False) -> None:
        """`told`: charon says that something came or went."""
        known = admitted.load(self.gateway)
        if known is None:
            return
        refused = frozenset(name for name, user in known.items() if user.refused(None, now))
        at, before, refused_before = self.looked
        links, answers = self._links(), radius_answers.stamp(self.gateway)
        if told or answers != self.answers or links != self.links or known != before or refused != refused_before or not 0 <= now - at < WHOLE:
            self._follow(known, refused, links, now)
            self.answers = answers
        if self.filled is not None and not 0 <= now - self.booked < BOOKS:
            self._book()
            self.booked = now
        if not 0 < self.trims_at - now <= TRIM:
            self.trims_at = now + TRIM
            if self._in_books(lambda books: books.trim(self.gateway, now)):
                self.trims_at = now + BOOKS

    def _follow(self, known: dict[str, User], refused: frozenset[str], links, now: float) -> None:
        self._shut_out(refused)
        everybody = sessions.collect(self.gateway)
        strangers = self.identities.strangers(everybody, known, now)
        found = [each for each in everybody if each.handle not in strangers]
        radius_answers.settle(self.gateway, everybody, now)
        # Policies before sessions end: from then on nothing passes, however long the ending takes.
        self._fill(found, known, now)
        self._end_strangers([each for each in everybody if each.handle in strangers], strangers)
        self._end_unheard([each for each in found if each.inside and radius_answers.unheard(each, known)])
        if any((user := admitted.find(known, each.user)) is None or user.refused(each.protocol, now) for each in found):
            users.end_refused(self.gateway, known, now)
        self._one_session_an_address(known)
        self._one_tunnel_an_address(found, known)
        state = (known, refused)
        settled = self.settled == state or self._settle()
        self.settled = state if settled else None
        named = {each.interface for each in found if each.inside and (each.connection or not self._asks_for_certificate(each, known))}
        # An interface whose pppd has not said yet whose it is: look again at the next glance.
        self.links = links if all(name in named for name, _index in links) else None
        self.looked = (now if settled else float("-inf"), known, refused)
        self._hold_to_rates(found, known)
        self._place(found)
        self._tell_prometheus(found, now)  # last: where the disk is full, everything else is done

    def _place(self, found: list[Session]) -> None:
        by_l2tp = {each.handle: each for each in found if each.protocol == "l2tp" and each.inside}
        self.placed &= by_l2tp.keys()
        new = [each for handle, each in by_l2tp.items() if handle not in self.placed]
        if new:
            self.placed |= self._in_books(lambda books: books.place(self.gateway, new)) or set()

    def _in_books(self, work):  # noqa: ANN001, ANN202
        """Does something with the books of sessions where there are any; that they cannot be written keeps it from nothing else."""
        if not os.path.exists(self.gateway.paths.of(own_radius.BOOKS)):
            return None
        from . import accounting_books  # only here: what it needs takes long to load

        try:
            result = work(accounting_books)
            self.unbooked = ""
            return result
        except Failure as failure:
            if str(failure) != self.unbooked:
                self.gateway.report.say(f"will look again: {failure}")
            self.unbooked = str(failure)
            return None

    def _hold_to_rates(self, found: list[Session], known: dict[str, User]) -> None:
        """Last: whoever must go, goes, also where queues cannot be had. Looked at again each 10 s at the latest."""
        try:
            rates.follow(self.gateway, found, known)
            self.unrated = ""
        except Failure as failure:
            if str(failure) != self.unrated:
                self.gateway.report.say(f"will look again: {failure}")
            self.unrated = str(failure)

    def _shut_out(self, refused: frozenset[str]) -> None:
        """Of those who are known to be connected nothing passes from now on; what they are counted by stays for the books."""
        if not self.filled or not refused:
            return
        gone = {key: verdict for key, verdict in self.filled.items() if verdict and self.owners.get(key[1].split(" . ")[-1]) in refused}
        if gone and self.gateway.programs.run("nft", "-f", "-", stdin=policies.change(gone, {})).ok:
            self.filled = {key: verdict for key, verdict in self.filled.items() if key not in gone}

    def _links(self) -> tuple[tuple[str, int], ...]:
        """PPP interfaces, told apart from earlier ones of the same name by their index."""
        try:
            names = sorted(name for name in os.listdir(self.gateway.paths.of("/sys/class/net")) if name.startswith("ppp"))
        except FileNotFoundError:
            return ()
        return tuple((name, sessions.index_of(self.gateway, name)) for name in names)

    def _fill(self, found: list[Session], known: dict[str, User], now: float) -> None:
        if not os.path.exists(self.gateway.paths.of(policies.PATH)):
            self.filled = None
            return
        wanted = policies.elements(found, known, now)
        if self.filled == wanted:
            return
        if self.filled is not None:
            self._book()
        text = "" if self.filled is None else policies.change(self.filled, wanted)
        if not text or not self.gateway.programs.run("nft", "-f", "-", stdin=text).ok:
            # The first time, or somebody loaded the table anew meanwhile.
            whole = policies.flush(self.gateway) + policies.change({}, wanted)
            self.gateway.programs.must("nft refused the elements of users' policies", "nft", "-f", "-", stdin=whole)
            self.books.seen.clear()
        for name, key in (self.filled or {}).keys() - wanted.keys():
            if name.startswith("from"):
                self.books.forget(key)
        self.filled = wanted
        self.owners = {address: each.user for each in found for address in each.inside}

    def _book(self) -> None:
        counters = policies.counters(self.gateway)
        self.books.take(counters, self.owners)
        self.books.write()
        if {address for _way, address in counters} != {key for name, key in self.filled or () if name.startswith("from")}:
            # Somebody loaded the file by hand, which has nobody in it.
            self.filled = None
            self.looked = (float("-inf"), {}, frozenset())

    def _tell_prometheus(self, found: list[Session], now: float) -> None:
        folder = self.gateway.paths.of(TEXTFILES)
        if os.path.isdir(folder):
            files.write_now(f"{folder}/vpn_gateway.prom", metrics.text(self.gateway, found, self.books.totals, now).encode(), 0o644)

    @staticmethod
    def _asks_for_certificate(session: Session, known: dict[str, User]) -> bool:
        user = known.get(session.user)
        return session.protocol == "l2tp" and user is not None and user.l2tp_certificate

    def _end_strangers(self, ending: list[Session], reasons: dict[str, str]) -> None:
        for each in ending:
            self.gateway.report.say(f"ending the L2TP session of {json.dumps(each.user)}, {reasons[each.handle]}")
        if ending:
            sessions.end(self.gateway, ending)

    def _end_unheard(self, ending: list[Session]) -> None:
        """Connected since before answers counted, or past the relay: dialled again, it is known what they may."""
        for each in ending:
            self.gateway.report.say(f"ending the session of {json.dumps(each.user)} by {each.protocol}: what the RADIUS server grants it was not heard")
        if ending:
            sessions.end(self.gateway, ending)

    def _settle(self) -> bool:
        """Under the lock: a push may be about to write the same files."""
        gateway = self.gateway
        try:
            with lock.held(gateway.paths, gateway.report, "keep", PATIENCE):
                gateway.learn_secrets()
                if users.settle_secrets(gateway, list(gateway.others("").values())):
                    gateway.report.say("the daemons' secrets are those of the users who are admitted now")
            return True
        except Failure:
            return False

    def _one_session_an_address(self, known: dict[str, User]) -> None:
        """
        pppd gives a fixed address to whoever dials with the right password, and a RADIUS server may give one to two: the
        newest session keeps it.
        """
        newest: dict[str, ppp.Session] = {}
        for session in sorted(ppp.sessions(self.gateway), key=lambda each: ppp.started(self.gateway, each.pid)):
            user = known.get(session.user)
            fixed = user.l2tp_address if user else ""
            if not session.address or not (session.address == fixed or admitted.ANYBODY in known):
                continue
            older = newest.get(session.address)
            if older is not None:
                self.gateway.report.say(f"ending an older L2TP session of {json.dumps(session.user)}: its address is one")
                ppp.hang_up(self.gateway, [older])
            newest[session.address] = session

    def _one_tunnel_an_address(self, found: list[Session], known: dict[str, User]) -> None:
        """By IKEv2 the same, where a RADIUS server gives the address: charon's own pools give none twice."""
        newest: dict[str, Session] = {}
        for each in sorted((one for one in found if one.protocol == "ikev2"), key=lambda one: int(one.handle)):
            fixed = {known[each.user].ikev2_addresses[0]} - {""} if each.user in known else set()
            for address in each.inside:
                if address not in fixed:
                    continue
                older = newest.get(address)
                if older is not None:
                    self.gateway.report.say(f"ending an older IKEv2 tunnel of {json.dumps(each.user)}: its address is one")
                    sessions.end(self.gateway, [older])
                newest[address] = each

    def try_to_look(self, told: bool) -> None:
        """A daemon that restarts, or a list that is just being replaced, is no reason to give up."""
        try:
            self.look(time.time(), told)
            self.failed = ""
        except (Failure, OSError, ValueError) as error:
            self.links = None
            text = os_error(error) if isinstance(error, OSError) else str(error)
            if text != self.failed:
                self.gateway.report.say(f"will look again: {text}")
            self.failed = text

    def end(self) -> None:
        try:
            if self.filled is not None:
                self._book()
        except (Failure, OSError):
            pass


class News:
    """charon's events, over a connection that is made again when charon was."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.vici: Vici | None = None

    def wait(self, seconds: float) -> bool:
        """True if something happened within that time, or might have: the connection is new."""
        try:
            if self.vici is None:
                self.vici = Vici(self.gateway.paths.of(charon.SOCKET)).__enter__()
                self.vici.register(*EVENTS)
                return True
            found = self.vici.event(seconds) is not None
            while found and self.vici.event(0):
                pass  # all that came at once is one reason to look
            return found
        except (Failure, OSError):
            self.vici = None
            time.sleep(seconds)
            return False


def keep(gateway: Gateway, hears: bool = False) -> None:
    """Until it is told to end. `hears`: what RADIUS servers want ended, too."""
    signal.signal(signal.SIGTERM, lambda *_ignored: sys.exit(0))
    keeper, news = Keeper(gateway), News(gateway)
    glanced_at = [gateway.paths.of(path) for path in (policies.PATH, rates.PATH)]
    if hears:
        disconnect.listen(gateway, lambda: keeper.answers)
    try:
        while True:
            keeper.try_to_look(news.wait(GLANCE if any(map(os.path.exists, glanced_at)) else TICK))
    finally:
        keeper.end()
