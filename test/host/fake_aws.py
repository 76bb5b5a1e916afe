"""
The metadata service and EC2's Query API on one local HTTP server. It believes no request: a token must be one of its
own, and a signature is computed here again, from what came over the wire.
"""

from __future__ import annotations

import email.utils
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse

KEY_ID, SECRET, TOKEN = "ASIAEXAMPLE", "secret/of+the=role", "session-token=="


def signature(secret: str, method: str, path: str, headers: dict[str, str], names: str, body: bytes, scope: str, moment: str) -> str:
    """Signature Version 4, written from the documentation and not from the code under test."""
    canonical = method + "\n" + path + "\n\n"
    for name in names.split(";"):
        canonical += name + ":" + headers[name].strip() + "\n"
    canonical += "\n" + names + "\n" + hashlib.sha256(body).hexdigest()
    to_sign = "AWS4-HMAC-SHA256\n" + moment + "\n" + scope + "\n" + hashlib.sha256(canonical.encode()).hexdigest()
    date, region, service, last = scope.split("/")
    key = ("AWS4" + secret).encode()
    for text in [date, region, service, last, to_sign]:
        key = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return key.hex()


class FakeAws:
    """`answers` gives how each call to EC2 is met: `ok`, `hang`, `late` (it does it once released), or an error's code; the last one holds on."""

    def __init__(self, answers: list[str] | None = None) -> None:
        self.answers = answers or ["ok"]
        self.calls: list[dict[str, str]] = []
        self.wrong: list[str] = []  # what no real AWS would have taken
        self.has_address = True
        self.token_works = True
        self.asked_for_keys = 0
        self.ahead = 0.0  # seconds by which AWS's clock is ahead of this machine's
        self.tells_the_time = True
        self.released = threading.Event()
        aws = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_args: object) -> None:
                pass

            def date_time_string(self, timestamp: float | None = None) -> str:
                # It is of a Date header that every answer has.
                return email.utils.formatdate(aws.now(), usegmt=True) if aws.tells_the_time else "some day"

            def do_PUT(self) -> None:
                aws._metadata(self, "PUT")

            def do_GET(self) -> None:
                aws._metadata(self, "GET")

            def do_POST(self) -> None:
                aws._ec2(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def now(self) -> float:
        return time.time() + self.ahead

    def stop(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def _say(request: http.server.BaseHTTPRequestHandler, status: int, text: str) -> None:
        try:
            request.send_response(status)
            request.send_header("Content-Length", str(len(text)))
            request.end_headers()
            request.wfile.write(text.encode())
        except OSError:
            pass  # it did not wait

    def _metadata(self, request: http.server.BaseHTTPRequestHandler, method: str) -> None:
        if method == "PUT":
            known = request.path == "/latest/api/token" and request.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
            return self._say(request, 200 if known else 400, "a-token")
        if request.headers.get("X-aws-ec2-metadata-token") != "a-token" or not self.token_works:
            return self._say(request, 401, "")
        roles = "/latest/meta-data/iam/security-credentials/"
        if request.path == roles + "office-role":
            self.asked_for_keys += 1
            ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now() + 3600))
            keys = {"Code": "Success", "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "Token": TOKEN, "Expiration": ends}
            return self._say(request, 200, json.dumps(keys))
        found = {roles: "office-role", "/latest/meta-data/mac": "0e:00:00:00:00:01"}
        if self.has_address:
            found["/latest/meta-data/network/interfaces/macs/0e:00:00:00:00:01/ipv4-associations/198.51.100.20"] = "10.76.0.11"
        self._say(request, 200 if request.path in found else 404, found.get(request.path, ""))

    def _ec2(self, request: http.server.BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        self.calls.append(call)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "hang":
            self.released.wait(30)
            return
        if answer == "late":
            self.released.wait(30)
            answer = "ok"
        wrong = self._mistake(headers, body)
        if wrong:
            self.wrong.append(wrong)
            answer = "RequestExpired" if wrong == "old" else "AuthFailure"
        if answer == "ok":
            name = call["Action"]
            return self._say(request, 200, f'<{name}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><return>true</return></{name}Response>')
        told = f"<Response><Errors><Error><Code>{answer}</Code><Message>What EC2 says of it</Message></Error></Errors><RequestID>1</RequestID></Response>"
        self._say(request, {"RequestLimitExceeded": 503}.get(answer, 403), f'<?xml version="1.0" encoding="UTF-8"?>\n{told}')

    def _mistake(self, headers: dict[str, str], body: bytes) -> str:
        algorithm, _, fields = headers.get("authorization", " ").partition(" ")
        given = dict(field.strip().split("=", 1) for field in fields.split(",")) if algorithm == "AWS4-HMAC-SHA256" else {}
        key_id, _, scope = given.get("Credential", "/").partition("/")
        moment = headers.get("x-amz-date", "")
        names = given.get("SignedHeaders", "")
        if key_id != KEY_ID or headers.get("x-amz-security-token") != TOKEN:
            return "whose key?"
        if not {"host", "x-amz-date", "x-amz-security-token"} <= set(names.split(";")):
            return "not all is signed"
        if abs(self.now() - time.mktime(time.strptime(moment, "%Y%m%dT%H%M%SZ")) + time.timezone) > 300:
            return "old"
        if scope != f"{moment[:8]}/eu-central-1/ec2/aws4_request":
            return f"scope {scope}"
        expected = signature(SECRET, "POST", "/", headers, names, body, scope, moment)
        return "" if given["Signature"] == expected else "signature"
