"""What the logs say of RADIUS: of servers of the user's own, and of the one on the gateway itself. A part of `symptoms`."""

from __future__ import annotations

import json
import re

from .admitted import ANYBODY, User


def own_words(line: str) -> str:
    """A daemon's own words, without the journal's prefix."""
    return re.sub(r"^.*?\[\d+\]: ", "", line)[:300]


class RadiusSymptoms:
    """The reader's part about RADIUS; what it holds is the reader's."""

    known: dict[str, User]
    now: float
    peer: str
    server: str
    codes: dict[str, str]  # by user: what FreeRADIUS had against the last log-in with a one-time code

    def add(self, cause: str, about: str, evidence: str, remedy: str, also: str = "") -> None:
        raise NotImplementedError

    def password_refused(self, name: str, protocol: str, how: str) -> None:
        raise NotImplementedError

    def own_server(self) -> bool:
        """Is it the gateway's own that is asked?"""
        return ANYBODY not in self.known or self.known[ANYBODY].own

    def radius_refused(self, match: re.Match, _line: str) -> None:
        name = match[1]
        if self.own_server() and (name in self.known or ANYBODY not in self.known):
            # By IKEv2, where the gateway's own server was asked, which knows the list.
            self.password_refused(name, "ikev2", f"from {self.peer}, by IKEv2")
            return
        if self.own_server():
            self.add("REFUSED_BY_DIRECTORY", name, f"{json.dumps(name)} is not on the list, and was not let in by what the directory has", "The name, the password, the `filter`; or the directory has no NT hash of it, or does not show that to `bindDn`.", "Windows 691")
            return
        self.add("REFUSED_BY_RADIUS", name, f"{json.dumps(name)} was let in by no RADIUS server", "The server's own log says why: the name, the password, a rule of its own. Where it was silent, that is named here too.", "Windows 691")

    def login_refused(self, match: re.Match, _line: str) -> None:
        """FreeRADIUS says why before either daemon says that."""
        name = re.sub(r"\\(.)", r"\1", match[2])
        self.codes[name] = match[1]

    def code_refused(self, name: str, how: str) -> bool:
        """Of a user with one-time codes: names what was wrong with the code, where that is what was wrong."""
        said = self.codes.pop(name, "")
        who = f"{json.dumps(name)} {how}"
        off = re.fullmatch(r"off by (-?\d+) seconds", said)
        if off:
            seconds = int(off[1])
            when = f"{-seconds} s ago" if seconds < 0 else f"{seconds} s from now"
            self.add("ONE_TIME_CODE_OFF", name, f"{who}: the password was right, the code one of {when}", "A clock is off, the phone's or the gateway's (`timedatectl`): of several users the gateway's. Or it was typed too late, or a device dials with a saved password.", "Windows 691")
        elif said == "the password alone":
            self.add("ONE_TIME_CODE_MISSING", name, f"{who}: the password was right, without a code behind it", "Type the six digits of the authenticator app right behind the password; take the password out of the device, where it is saved.", "Windows 691")
        elif said == "used already":
            self.add("ONE_TIME_CODE_USED", name, f"{who}: password and code were right, and the code was used before", "Each code lets in once: wait for the next one. A device that saves the password, or dials again by itself, comes with a used one. If it was nobody of yours, another knows the password.", "Windows 691")
        elif said == "too many wrong ones":
            self.add("TOO_MANY_WRONG_CODES", name, f"{who}: after ten wrong log-ins within five minutes", "Nobody comes in by that name until five minutes after the first of them. A device that dials again by itself with an old code, or somebody who guesses: the lines before say from where.", "Windows 691")
        else:
            return False
        return True

    def books_closed(self, _match: re.Match, line: str) -> None:
        self.add("SESSIONS_NOT_IN_BOOKS", "books", own_words(line), "FreeRADIUS cannot write its accounting: mind the space on the disk; or your PostgreSQL, its password, its certificate, its table (docs/radius.md), for which it waits. Nobody is kept out by it.")

    def directory_silent(self, _match: re.Match, line: str) -> None:
        self.add("DIRECTORY_NOT_ASKED", "directory", own_words(line), "The directory does not answer, or not to `bindDn` with that password, or its certificate is not for that name (docs/radius.md). Who is on the list comes in nevertheless.", "Windows 691")

    def radius_secret(self, _match: re.Match, line: str) -> None:
        self.add("RADIUS_SECRET_WRONG", "radius", own_words(line), "The server's answer is signed with another secret than the stack's (`radius.servers[].secret`), or somebody forges answers. Give both ends the same.", "Windows 691")

    def radius_asked(self, match: re.Match, _line: str) -> None:
        self.server = match[1]

    def radius_silent(self, match: re.Match, _line: str) -> None:
        name = match[1] or self.server
        if self.own_server():
            self.add("RADIUS_SERVER_SILENT", "own", "the gateway's own RADIUS server did not answer", "`journalctl -u freeradius` tells why; `vpn-gateway check` says whether it has read what was pushed.", "Windows 691, 718; \"user authentication failed\"")
            return
        self.add(
            "RADIUS_SERVER_SILENT",
            name,
            f"the RADIUS server {name} did not answer",
            "Is it up, does it know this gateway's address as a client's, and may UDP 1812 pass? A server also keeps silent about a request that is signed with another secret than its own: its log says so.",
            "Windows 691, 718; \"user authentication failed\"",
        )


RULES = [
    (r"Login incorrect \(one-time code: (.+?)\): \[(.*?)(?:/<via [^>]*>)?\] \(from client ", RadiusSymptoms.login_refused),
    (r"rlm_ldap \(ldap\): (?:Bind (?:with|as) .* failed|Could not start TLS|Opening connection failed|Failed performing search)", RadiusSymptoms.directory_silent),
    (r"received invalid reply digest from RADIUS server|RADIUS (?:Response|Message)-Authenticator verification failed", RadiusSymptoms.radius_secret),
    (r"sending RADIUS \S+ to server '(.+)'", RadiusSymptoms.radius_asked),
    (r"RADIUS authentication of '(.*)' failed", RadiusSymptoms.radius_refused),
    (r"no reply from RADIUS server (\S+)|RADIUS (?:Access|Accounting)-Request timed out", RadiusSymptoms.radius_silent),
    (r"ERROR: rlm_sql_\w+: .*|rlm_sql_postgresql: Connection failed: .*|rlm_sql \(sql\): Opening connection failed|Unresponsive child for request \d+, in component accounting", RadiusSymptoms.books_closed),
]
