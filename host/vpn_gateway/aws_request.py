"""
Speaking to AWS with Python's own library: the machine's role by the metadata service (IMDSv2), requests signed by
Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html), EC2's Query API.
"""

from __future__ import annotations

import datetime
import email.utils
import hashlib
import hmac
import json
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree
from collections.abc import Mapping
from dataclasses import dataclass

API_VERSION = "2016-11-15"
METADATA = "http://169.254.169.254"
METADATA_TIME = 2.0  # seconds; it answers from within the host
EC2_TIME = 5.0  # seconds for each of EC2's answers
LONGEST = 500  # characters of what EC2 says: a refusal carries a code of thousands
RENEW_BEFORE = 300.0  # seconds of a key's life that are left when it is asked for anew


# A signature of another time: EC2 says that it has expired, or no more than that it is not valid; the SDKs' lists have these as well.
OF_THE_TIME = re.compile(r"\b(RequestExpired|RequestInTheFuture|RequestTimeTooSkewed|AuthFailure|SignatureDoesNotMatch|InvalidSignatureException)\b")
CLOCK_OFF = 240.0  # seconds that this machine's clock must differ by for a refusal to be for the time: AWS takes 5 minutes


class Refused(Exception):
    """AWS did not do it, in its own words; or did not answer. `date` is when it said so by its own clock, where it told."""

    def __init__(self, said: str, date: float | None = None) -> None:
        super().__init__(said)
        self.date = date


@dataclass(frozen=True)
class Credentials:
    """Of a role, for some hours."""

    key_id: str
    secret: str
    token: str
    expires: float  # seconds since 1970


def signed_headers(
    method: str, url: str, headers: Mapping[str, str], body: bytes, region: str, service: str, credentials: Credentials, now: float
) -> dict[str, str]:
    """The headers with those that Signature Version 4 adds. The URL has neither query nor path beyond `/`."""
    moment = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    given = {**headers, "Host": urllib.parse.urlsplit(url).netloc, "X-Amz-Date": moment}
    if credentials.token:
        given["X-Amz-Security-Token"] = credentials.token
    canonical = sorted((name.lower(), " ".join(value.split())) for name, value in given.items())
    names = ";".join(name for name, _value in canonical)
    lines = [f"{name}:{value}" for name, value in canonical]
    request = "\n".join([method, "/", "", *lines, "", names, hashlib.sha256(body).hexdigest()])
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{credentials.secret}".encode()
    for word in (moment[:8], region, service, "aws4_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    given["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return given


def _ask(what: str, request: urllib.request.Request, patience: float) -> str:
    # No proxy: neither the metadata service nor a failover goes by way of one.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=patience) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode(errors="replace")
            date = _moment(error.headers.get("Date"))
        raise Refused(f"{what}: {_words(said) or f'HTTP {error.code}'}", date) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        told = f"no answer within {patience:g} s" if isinstance(reason, socket.timeout) else str(reason)
        raise Refused(f"{what}: {told}") from None


def _moment(date: str | None) -> float | None:
    """Seconds since 1970 of a Date header."""
    try:
        return email.utils.parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _words(answer: str) -> str:
    """EC2's code and message out of its answer."""
    try:
        found = xml.etree.ElementTree.fromstring(answer).find(".//Error")
    except xml.etree.ElementTree.ParseError:
        return ""
    if found is None:
        return ""
    return f"{found.findtext('Code', '')}: {found.findtext('Message', '')}"[:LONGEST]


class Metadata:
    """The metadata service, version 2 alone."""

    def __init__(self, endpoint: str = METADATA) -> None:
        self.endpoint = endpoint
        self.kept: Credentials | None = None
        self.clock_off = 0.0  # seconds to add to this machine's clock to have AWS's

    def now(self) -> float:
        return time.time() + self.clock_off

    def _token(self) -> str:
        asked = urllib.request.Request(
            f"{self.endpoint}/latest/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}
        )
        return _ask("the metadata service's token", asked, METADATA_TIME)

    def get(self, path: str) -> str:
        headers = {"X-aws-ec2-metadata-token": self._token()}
        asked = urllib.request.Request(f"{self.endpoint}/latest/meta-data/{path}", headers=headers)
        return _ask(f"the metadata service's {path}", asked, METADATA_TIME)

    def credentials(self) -> Credentials:
        """Those of the machine's role, asked for anew before they end."""
        if self.kept is None or self.kept.expires - self.now() < RENEW_BEFORE:
            folder = "iam/security-credentials/"
            role = self.get(folder).split("\n")[0].strip()
            try:
                data = json.loads(self.get(folder + role))
                ends = datetime.datetime.strptime(data["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
                self.kept = Credentials(data["AccessKeyId"], data["SecretAccessKey"], data["Token"], ends.timestamp())
            except (ValueError, KeyError, TypeError):
                # Not its text: that may be a key.
                raise Refused(f"the metadata service's {folder}{role}: not understood") from None
        return self.kept

    def has_address(self, public: str) -> bool:
        """Whether the machine's first interface has that Elastic IP, as far as the metadata service knows by now."""
        try:
            mac = self.get("mac").strip()
            return self.get(f"network/interfaces/macs/{mac}/ipv4-associations/{public}").strip() != ""
        except Refused:
            return False


def ec2(metadata: Metadata, region: str, endpoint: str, action: str, parameters: Mapping[str, str]) -> str:
    """
    One call of EC2's Query API. Where it is refused and EC2's clock says that this machine's is off, it is signed once more by
    EC2's clock, as is every call after it.

    :raises Refused: with EC2's own words, or those of whatever did not answer.
    """
    body = urllib.parse.urlencode({"Action": action, "Version": API_VERSION, **parameters}).encode()
    try:
        return _signed(metadata, region, endpoint, action, body)
    except Refused as refused:
        if not OF_THE_TIME.search(str(refused)):
            raise
        # What was revoked or has ended is not tried again.
        metadata.kept = None
        off = 0.0 if refused.date is None else refused.date - metadata.now()
        if abs(off) < CLOCK_OFF:
            raise
        metadata.clock_off += off
        return _signed(metadata, region, endpoint, action, body)


def _signed(metadata: Metadata, region: str, endpoint: str, action: str, body: bytes) -> str:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    signed = signed_headers("POST", endpoint, headers, body, region, "ec2", metadata.credentials(), metadata.now())
    return _ask(action, urllib.request.Request(endpoint, data=body, headers=signed, method="POST"), EC2_TIME)
