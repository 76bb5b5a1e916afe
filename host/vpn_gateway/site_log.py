"""Why a site connection does not stand, out of what charon logs while it tries."""

from __future__ import annotations

import re

SILENCE = "the other end does not answer"
NO_PROPOSAL = "no proposal of the other end is acceptable here"
NONE_TAKEN = "the other end accepts none of our proposals, or knows no connection with us"
TURNED_AWAY = "the other end dials by another version of IKE than this connection has, or at another of our addresses"
# What charon says, and what it means to whoever has to mend it. The first that fits counts. strongSwan's sources:
# ike_init.c, ike_auth.c, psk_authenticator.c, child_create.c, task_manager_v2.c, ike_sa.c, credential_manager.c,
# revocation_validator.c, constraints_validator.c, auth_cfg.c.
REASONS = [
    (r"tried \d+ shared keys? for '(.+)' - '(.+)', but MAC mismatched", "the pre-shared keys differ (of {0} and {1})"),
    (r"no shared key found for '(.+)' - '(.+)'", "there is no pre-shared key for {0} and {1}"),
    # The second: of who dialled, let us in, and then found our certificate wanting.
    (r"received AUTHENTICATION_FAILED notify error|parsed INFORMATIONAL request \d+ \[ N\(AUTH_FAILED\) \]", "the other end refuses our proof of identity: its pre-shared key or trusted authority, or the identities, differ from ours, or our certificate holds no longer there"),
    (r"subject certificate invalid \(valid from (.+) to (.+)\)", "a certificate is not valid now: from {0} to {1}"),
    (r"issuer certificate invalid \(valid from (.+) to (.+)\)", "the authority's certificate is not valid now: from {0} to {1}"),
    (r"certificate was revoked", "a certificate was revoked"),
    (r"constraint check failed: RULE_CRL_VALIDATION", "nothing says whether its certificate is revoked: the list of its authority is missing, or over"),
    # Debian 13's 6.0.1-6+deb13u7, and 5.9.8.
    (r"subject alternative name '(.+)' of certificate '.+' does not match any permitted name constraints", "its authority may not sign for {0}"),
    (r"certificate '(.+)' does not match permitted name constraint '(.+)'", "its authority may not sign for {0}: only for names within {1}"),
    (r"constraint check failed: (?:certificate does not confirm )?identity '(.+?)'", "the other end is not {0}, which is expected: see `identity`"),
    (r"constraint check failed: peer not authenticated by CA '(.+)'", "its certificate is of another authority than {0}"),
    (r"no trusted .* public key found for '(.+)'", "no trusted certificate is for {0}"),
    (r"no issuer certificate found for \"(.+)\"", "the authority of {0} is not trusted"),
    (r"no (?:alternative|matching peer) config found", "the other end gives an identity that is not expected"),
    (r"received proposals? unacceptable|no acceptable (?:DIFFIE_HELLMAN_GROUP|ENCRYPTION_ALGORITHM|INTEGRITY_ALGORITHM|proposal) found|no (?:matching )?proposal found", NO_PROPOSAL),
    (r"received NO_PROPOSAL_CHOSEN (?:notify )?error", NONE_TAKEN),
    (r"received TS_UNACCEPTABLE notify", "the other end has other networks than ours in this connection"),
    (r"traffic selectors .* unacceptable", "the other end asks for other networks than those of this connection"),
    (r"received (\w+) notify error", "the other end answers {0}"),
    # ike_sa.c: all of `remote_addrs`, of which the name is the first, and "initiate aborted" or "retrying in 60s".
    (r"unable to resolve ([^\s,]+),", "the name {0} cannot be resolved"),
    (r"IDir '(.+)' does not match to '(.+)'", "the other end says that it is {0}, and {1} is expected: see `identity`"),
    # IKEv1's third question is the first that is encrypted, by what the pre-shared key is part of; who has another is silent.
    (r"retransmit \d+ of request message ID 0, seq 3", "the other end is silent since it was shown the proof: most likely the pre-shared keys differ, or UDP 4500 does not get through"),
    (r"invalid HASH_V1 payload length, decryption failed|received PAYLOAD_MALFORMED notify error", "the pre-shared keys differ"),
    (r"peer not responding, trying again|giving up after \d+ retransmits|retransmit \d+ of request", SILENCE),
    (r"no IKE config found for \S+, sending", TURNED_AWAY),
    (r"error writing to socket: (.+)", "nothing can be sent to the other end: {0}"),
]
# What follows from an earlier word, and says less.
CONSEQUENCE = re.compile(r"peer not responding, trying again|giving up after \d+ retransmits")
PATTERNS = [(re.compile(pattern), text) for pattern, text in REASONS]


# task_manager_v1.c and _v2.c, ike_init.c, main_mode.c, proposal.c: of an exchange that is of no connection yet.
NOBODYS = re.compile(r"no IKE config found for \S+?\.\.\.(\S+), sending")
BEGINS = re.compile(r"^(\S+) is initiating a")
LISTS = re.compile(r"^(received|configured) proposals: (.+)")
MOST = 64  # exchanges that are remembered


class Exchanges:
    """What was said in each exchange before the word that says why it failed, by the number of its IKE SA."""

    def __init__(self) -> None:
        self.said: dict[str, dict[str, str]] = {}

    def about(self, described: list[dict], message: dict) -> tuple[dict | None, str | None]:
        """Which connection a log event of vici is about, and the reason that it gives, if any."""
        name, text = str(message.get("ikesa-name", "")), str(message.get("msg", ""))
        reason, address = self.hear(str(message.get("ikesa-uniqued", "")), text)
        site = next((site for site in described if site["connection"] == name), None)
        if site is None and address is not None:
            site = next((site for site in described if site["endpoint"] == address), None)
        if reason == SILENCE and site is not None and site.get("version") == 1:
            reason = f"{SILENCE}: this connection is IKEv1, which a device drops without a word unless it is told to take it"
        return site, reason

    def hear(self, number: str, message: str) -> tuple[str | None, str | None]:
        """The reason that a message gives, and whose exchange it ended where that is of no connection yet."""
        said = self.said.setdefault(number, {})
        if len(self.said) > MOST:
            del self.said[next(iter(self.said))]
        begins, lists, nobodys = BEGINS.search(message), LISTS.search(message), NOBODYS.search(message)
        if begins:
            said.clear()
            said["from"] = begins[1]
        if lists:
            said[lists[1]] = lists[2]
        reason = reason_of(message)
        if reason == NO_PROPOSAL:
            if "received" in said and "configured" in said:
                reason = f"no proposal in common: the other end offers {said['received']}; this gateway takes {said['configured']}"
            return reason, said.get("from")
        return reason, nobodys[1] if nobodys else None


def says_less(new: str, old: str) -> bool:
    """Both ends dial: what this one hears as who dials says less than what it saw of the other one's dialling."""
    return (new.startswith(SILENCE) or new == NONE_TAKEN) and (old == TURNED_AWAY or old.startswith("no proposal in common"))


def reason_of(message: str) -> str | None:
    """In a person's words, or None where a message says nothing of the kind."""
    for pattern, text in PATTERNS:
        found = pattern.search(message)
        if found:
            return text.format(*found.groups())
    return None
