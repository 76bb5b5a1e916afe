"""RADIUS packets (RFC 2865, 3 and 5): what stands in one, and whether it is signed."""

import hashlib
import hmac
import struct
from collections.abc import Iterator

HEADER = 20
ACCESS_REQUEST, ACCESS_ACCEPT = 1, 2
ACCESS_ANSWERS = (ACCESS_ACCEPT, 3, 11)  # and Access-Reject, Access-Challenge
USER_NAME, NAS_PORT, FILTER_ID, VENDOR_SPECIFIC, EAP_MESSAGE = 1, 5, 11, 26, 79
# WISPr (Wi-Fi Alliance, Best Current Practices, Appendix D): bit/s as the user sees it.
WISPR, BANDWIDTH_UP, BANDWIDTH_DOWN = 14122, 7, 8


class Malformed(ValueError):
    """Lengths that do not fit."""


def whole(packet: bytes) -> bytes:
    """The packet without what may follow it in the datagram."""
    if len(packet) < HEADER:
        raise Malformed("shorter than a header")
    (length,) = struct.unpack_from("!H", packet, 2)
    if not HEADER <= length <= len(packet):
        raise Malformed("another length than it says")
    return packet[:length]


def attributes(packet: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where each begins, its kind, and its value."""
    at = HEADER
    while at < len(packet):
        if at + 2 > len(packet) or packet[at + 1] < 2 or at + packet[at + 1] > len(packet):
            raise Malformed("an attribute runs over the end")
        yield at, packet[at], packet[at + 2 : at + packet[at + 1]]
        at += packet[at + 1]


def of_vendor(value: bytes) -> list[tuple[int, int, bytes]]:
    """Vendor, kind and value of what a Vendor-Specific attribute holds (RFC 2865, 5.26); none of one that is made otherwise."""
    if len(value) < 4:
        return []
    (vendor,) = struct.unpack_from("!I", value)
    found, at = [], 4
    while at < len(value):
        if at + 2 > len(value) or value[at + 1] < 2 or at + value[at + 1] > len(value):
            return []
        found.append((vendor, value[at], value[at + 2 : at + value[at + 1]]))
        at += value[at + 1]
    return found


def answers(response: bytes, authenticator: bytes, secret: bytes) -> bool:
    """Is it signed as an answer to the request with that authenticator (RFC 2865, 3)?"""
    signed = hashlib.md5(response[:4] + authenticator + response[HEADER:] + secret).digest()
    return hmac.compare_digest(signed, response[4:HEADER])
