"""VIES's REST API as a stand-in. Every number is valid that nobody has told otherwise; the test service's numbers say their code.

It keeps what it was asked, so that a test sees that a cached number is not asked again. `requestIdentifier` comes only with a
requester, as in VIES itself. Told by a test in the same process (`answers`), or over HTTP: `PUT /_sandbox/answers`.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from typing import Any

from core.clock import Clock, SystemClock
from providers.sandbox.http.exchange import Reply, Request, json_reply
from providers.sandbox.http.server import Server

_BASE = "/taxation_customs/vies/rest-api"
CONTROL = "/_sandbox/answers"
VALID, INVALID = "VALID", "INVALID"
TEST_SERVICE: dict[str, str] = dict(
    line.split()
    for line in """
        100 VALID
        200 INVALID
        201 INVALID_INPUT
        202 INVALID_REQUESTER_INFO
        300 SERVICE_UNAVAILABLE
        301 MS_UNAVAILABLE
        302 TIMEOUT
        400 VAT_BLOCKED
        401 IP_BLOCKED
        500 GLOBAL_MAX_CONCURRENT_REQ
        501 GLOBAL_MAX_CONCURRENT_REQ_TIME
        600 MS_MAX_CONCURRENT_REQ
        601 MS_MAX_CONCURRENT_REQ_TIME""".strip().splitlines()
)
"""What the numbers of VIES's own test service say."""
CLOSED, GARBAGE = "closed", "garbage"
"""Codes beside VIES's: the connection ends without a reply; a page that is no JSON."""


class ViesSandbox:
    """A VIES. `answers`: what it says of a number with its prefix; `requesters`: sellers' numbers that it refuses."""

    def __init__(self, *, port: int = 0, clock: Clock | None = None) -> None:
        self.answers: dict[str, str] = {}
        self.refused_requesters: set[str] = set()
        self.asked: list[dict[str, Any]] = []
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.server = Server(self._answer, port=port)

    @property
    def base(self) -> str:
        """What `BURSAR_VIES_API_BASE` is set to."""
        return f"{self.server.base}{_BASE}"

    def start(self) -> ViesSandbox:
        """Serve from threads of this process."""
        self.server.start()
        return self

    def stop(self) -> None:
        """End."""
        self.server.stop()

    def __enter__(self) -> ViesSandbox:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _answer(self, request: Request) -> Reply:
        with self._lock:
            if request.path == CONTROL:
                return self._told(request)
            if request.method == "POST" and request.path in (f"{_BASE}/check-vat-number", f"{_BASE}/check-vat-test-service"):
                return self._checked(json.loads(request.body), test=request.path.endswith("service"))
            if request.method == "GET" and request.path == f"{_BASE}/check-status":
                return json_reply(200, {"vow": {"available": True}, "countries": []})
        return json_reply(404, {"actionSucceed": False, "errorWrappers": [{"error": "NOT_FOUND"}]})

    def _told(self, request: Request) -> Reply:
        if request.method == "PUT":
            self.answers = {str(number): str(code) for number, code in json.loads(request.body).items()}
        return json_reply(200, {"answers": self.answers, "asked": len(self.asked)})

    def _checked(self, asked: dict[str, Any], *, test: bool) -> Reply:
        self.asked.append(asked)
        prefix, digits = str(asked.get("countryCode", "")), str(asked.get("vatNumber", ""))
        requester = f"{asked.get('requesterMemberStateCode') or ''}{asked.get('requesterNumber') or ''}"
        code = self.answers.get(prefix + digits) or TEST_SERVICE.get(digits, "INVALID_INPUT" if test else VALID)
        if not re.fullmatch("[A-Z]{2}", prefix) or not digits:
            code = "INVALID_INPUT"
        if requester in self.refused_requesters:
            code = "INVALID_REQUESTER_INFO"
        if code == CLOSED:
            return Reply(ending="closed")
        if code == GARBAGE:
            return Reply(503, b"<html>maintenance</html>", {"Content-Type": "text/html"})
        if code not in (VALID, INVALID):
            return json_reply(200, {"actionSucceed": False, "errorWrappers": [{"error": code}]})
        return json_reply(200, self._said(prefix, digits, requester, valid=code == VALID))

    def _said(self, prefix: str, digits: str, requester: str, *, valid: bool) -> dict[str, Any]:
        identifier = f"WAPIAAAA{next(self._numbers):08d}" if requester and valid else ""
        return {
            "countryCode": prefix, "vatNumber": digits, "requestDate": self._clock.now().isoformat(timespec="milliseconds"), "valid": valid,
            "requestIdentifier": identifier, "name": "SANDBOX S.A." if valid else "---", "address": "---", "traderName": "---",
            "traderStreet": "---", "traderPostalCode": "---", "traderCity": "---", "traderCompanyType": "---",
            "traderNameMatch": "NOT_PROCESSED", "traderStreetMatch": "NOT_PROCESSED", "traderPostalCodeMatch": "NOT_PROCESSED",
            "traderCityMatch": "NOT_PROCESSED", "traderCompanyTypeMatch": "NOT_PROCESSED",
        }  # fmt: skip
