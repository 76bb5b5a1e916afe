"""What charon says where a proof or an agreement fails, by its own sources' words, and what status makes of it."""

import sys
import unittest

from machine import HOST

sys.path.insert(0, HOST)
from vpn_gateway import site_log  # noqa: E402

REFUSED = (
    "the other end refuses our proof of identity: its pre-shared key or trusted authority, or the identities, differ from ours, or our certificate holds no longer there"
)
# The source of each, in strongSwan 5.9 and 6.0: the format of its DBG1, with the names that a connection has.
CASES = [
    # credential_manager.c, check_lifetime: "%s certificate invalid (valid from %T to %T)"
    ("subject certificate invalid (valid from Nov 28 03:04:05 2026 to Mar 02 03:04:05 2029)", "a certificate is not valid now: from Nov 28 03:04:05 2026 to Mar 02 03:04:05 2029"),
    ("issuer certificate invalid (valid from Nov 28 03:04:05 2026 to Nov 25 03:04:05 2036)", "the authority's certificate is not valid now: from Nov 28 03:04:05 2026 to Nov 25 03:04:05 2036"),
    # revocation_validator.c, get_better_crl: "certificate was revoked on %T, reason: %N"; the reason's names are crl.c's
    ("certificate was revoked on Nov 28 03:04:05 UTC 2026, reason: unspecified", "a certificate was revoked"),
    # auth_cfg.c, complies: "constraint check failed: %N is %N, but requires at least %N"; the names are auth_cfg.c's and certificate.c's
    (
        "constraint check failed: RULE_CRL_VALIDATION is SKIPPED, but requires at least GOOD",
        "nothing says whether its certificate is revoked: the list of its authority is missing, or over",
    ),
    (
        "constraint check failed: RULE_CRL_VALIDATION is STALE, but requires at least GOOD",
        "nothing says whether its certificate is revoked: the list of its authority is missing, or over",
    ),
    # credential_manager.c, verify_trust_chain: "no issuer certificate found for \"%Y\""
    ('no issuer certificate found for "CN=right.office-to-cloud"', "the authority of CN=right.office-to-cloud is not trusted"),
    # auth_cfg.c, complies: "constraint check failed: peer not authenticated by CA '%Y'"
    ("constraint check failed: peer not authenticated by CA 'CN=office-to-cloud site authority'", "its certificate is of another authority than CN=office-to-cloud site authority"),
    # constraints_validator.c, id_matches_constraints: as Debian 13's 6.0.1-6+deb13u7 said it in the lab; and as 5.9.8 does, in check_name_constraints
    (
        "subject alternative name 'vpn.example.com' of certificate 'CN=right.office-to-cloud' does not match any permitted name constraints",
        "its authority may not sign for vpn.example.com",
    ),
    (
        "certificate 'CN=right.elsewhere' does not match permitted name constraint 'office-to-cloud'",
        "its authority may not sign for CN=right.elsewhere: only for names within office-to-cloud",
    ),
    # pubkey_authenticator.c, process: "no trusted %N public key found for '%Y'"; the names are key_type_names
    ("no trusted ECDSA public key found for 'right.office-to-cloud'", "no trusted certificate is for right.office-to-cloud"),
    ("no trusted RSA public key found for '198.51.100.70'", "no trusted certificate is for 198.51.100.70"),
    # auth_cfg.c, complies, of what a responder calls itself: until 6.0 without what it is matched by
    ("constraint check failed: identity 'right.office-to-cloud' required ", "the other end is not right.office-to-cloud, which is expected: see `identity`"),
    (
        "constraint check failed: identity 'right.office-to-cloud' (ID_FQDN) required, not matched by 'right.elsewhere' (ID_FQDN)",
        "the other end is not right.office-to-cloud, which is expected: see `identity`",
    ),
    (
        "constraint check failed: certificate does not confirm identity 'right.office-to-cloud' (ID_FQDN)",
        "the other end is not right.office-to-cloud, which is expected: see `identity`",
    ),
    # ike_auth.c, load_cfg_candidates and update_cfg_candidates, of what an initiator calls itself
    ("no matching peer config found", "the other end gives an identity that is not expected"),
    ("no alternative config found", "the other end gives an identity that is not expected"),
    # task_manager_v2.c, of what an initiator tells a responder whose certificate it does not believe: message.c, "parsed %s"
    ("parsed INFORMATIONAL request 2 [ N(AUTH_FAILED) ]", REFUSED),
    # ike_auth.c, of what a responder tells an initiator
    ("received AUTHENTICATION_FAILED notify error", REFUSED),
    # child_create.c: the responder, "traffic selectors %#R === %#R unacceptable", and what it tells the initiator
    ("traffic selectors 10.30.0.0/24 === 10.99.0.0/24 unacceptable", "the other end asks for other networks than those of this connection"),
    ("received TS_UNACCEPTABLE notify, no CHILD_SA built", "the other end has other networks than ours in this connection"),
]
# Said on the way to an end that is well, or of ourselves: no reason.
NONE = [
    'checking certificate status of "CN=right.office-to-cloud"',
    '  crl correctly signed by "CN=office-to-cloud site authority"',
    "  crl is valid: until Mar 02 03:04:05 2029",
    "certificate status is good",
    "parsed INFORMATIONAL request 2 [ D ]",
    "parsed IKE_AUTH response 1 [ IDr CERT AUTH SA TSi TSr ]",
    '  using trusted ca certificate "CN=office-to-cloud site authority"',
    "  reached self-signed root ca with a path length of 0",
    "authentication of 'right.office-to-cloud' with ECDSA_WITH_SHA384_DER successful",
    "selected peer config 'site-office-to-cloud'",
    "CHILD_SA office-to-cloud{3} established with SPIs c1 c2 and TS 10.20.0.0/24 === 10.30.0.0/24",
]


class SiteReasonsTest(unittest.TestCase):
    def test_each_failure_has_its_own_words(self) -> None:
        for message, reason in CASES:
            self.assertEqual(site_log.reason_of(message), reason, message)

    def test_what_is_well_has_none(self) -> None:
        for message in NONE:
            self.assertIsNone(site_log.reason_of(message), message)


if __name__ == "__main__":
    unittest.main()
