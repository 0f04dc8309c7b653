"""VIES's REST API: is this VAT number valid today? It answers 200 for "I cannot say" too, which is never taken for "invalid"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import requests

from core.settings import Settings
from providers.clean import json_object
from providers.errors import Final, NotConfigured, UnparsableBody
from providers.vies.number import VatNumber

_TIMEOUTS_S = (3.05, 20.0)
_API = "https://ec.europa.eu/taxation_customs/vies/rest-api"
_WITHHELD = frozenset({"", "---"})
_MOST_SAID = 120

BLOCKED = frozenset({"VAT_BLOCKED", "IP_BLOCKED"})
INVALID_INPUT = "INVALID_INPUT"
INVALID_REQUESTER = "INVALID_REQUESTER_INFO"
UNREACHABLE, UNREADABLE = "UNREACHABLE", "UNREADABLE"
"""Our own words where VIES said none."""


class ViesBlockedError(Final):
    """VIES has shut us out. Nothing more is asked while this call stands as dead; replayed, it asks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back. `code`: why it could not say, or why the number is invalid beyond a plain no."""

    outcome: Literal["valid", "invalid", "unavailable"]
    code: str | None = None
    request_date: str | None = None
    consultation: str | None = None
    requester: str | None = None
    name: str | None = None
    address: str | None = None


def check(number: VatNumber, requester: VatNumber | None, settings: Settings) -> Reply:
    """Ask. With `requester`, the seller's own number, a valid answer has a consultation number: the evidence for the tax office.

    A requester that VIES refuses is left out in a second call: an answer without evidence is better than none, and its `code` says so.

    Raises:
        NotConfigured: a database in mode test asks nobody, unless it is given a stand-in.
        ViesBlockedError: VIES refuses us; every further call makes it worse.
    """
    reply = _ask(number, requester, settings)
    if requester is not None and reply.code == INVALID_REQUESTER:
        again = _ask(number, None, settings)
        return again if again.outcome == "unavailable" else _but(again, INVALID_REQUESTER)
    return reply


def base(settings: Settings) -> str:
    """Where VIES is.

    Raises:
        NotConfigured: as `check`.
    """
    if settings.vies_api_base:
        return settings.vies_api_base.rstrip("/")
    if settings.mode != "live":
        raise NotConfigured("VIES is not asked in mode test: numbers stay unproven, and VAT is charged; BURSAR_VIES_API_BASE names one")
    return _API


def _ask(number: VatNumber, requester: VatNumber | None, settings: Settings) -> Reply:
    asked = {"countryCode": number.prefix, "vatNumber": number.digits}
    if requester is not None:
        asked |= {"requesterMemberStateCode": requester.prefix, "requesterNumber": requester.digits}
    try:
        answer = requests.post(f"{base(settings)}/check-vat-number", json=asked, timeout=_TIMEOUTS_S, allow_redirects=False)
        said = json_object(answer.content)
    except requests.RequestException as error:
        return Reply(outcome="unavailable", code=f"{UNREACHABLE} {type(error).__name__}")
    except UnparsableBody:
        return Reply(outcome="unavailable", code=f"{UNREADABLE} {answer.status_code}")
    return _read(said, number, requester, answer.status_code)


def _read(said: dict[str, Any], number: VatNumber, requester: VatNumber | None, status: int) -> Reply:
    if (code := _error(said)) is not None:
        if code in BLOCKED:
            raise ViesBlockedError(
                f"VIES refuses us ({code}, asked about {number}): no number is asked for any more, and numbers whose proof ends are "
                "charged VAT. Find out why (too many questions, an address that is shared), then replay this call: it asks again"
            )
        outcome: Literal["invalid", "unavailable"] = "invalid" if code == INVALID_INPUT else "unavailable"
        return Reply(outcome=outcome, code=code)
    valid = said.get("valid")
    # An answer about another number proves nothing about this one.
    if not isinstance(valid, bool) or _plain(said.get("vatNumber") or number.digits) != _plain(number.digits):
        return Reply(outcome="unavailable", code=f"{UNREADABLE} {status}")
    return Reply(
        outcome="valid" if valid else "invalid", request_date=_text(said, "requestDate"),
        consultation=_text(said, "requestIdentifier") if valid else None, requester=str(requester) if requester else None,
        name=_text(said, "name"), address=_text(said, "address"),
    )  # fmt: skip


def _error(said: dict[str, Any]) -> str | None:
    """The code of an error; None: it is an answer."""
    wrappers = said.get("errorWrappers")
    if said.get("actionSucceed") is not False and not wrappers:
        return None
    first = wrappers[0] if isinstance(wrappers, list) and wrappers and isinstance(wrappers[0], dict) else {}
    code = first.get("error")
    return code[:_MOST_SAID] if isinstance(code, str) and code else "UNSAID"


def _text(said: dict[str, Any], name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) and value not in _WITHHELD else None


def _plain(digits: object) -> str:
    """Without what a register may write otherwise: spaces, dots, zeros in front."""
    return re.sub("[^A-Z0-9+*]", "", str(digits).upper()).lstrip("0")


def _but(reply: Reply, code: str) -> Reply:
    return Reply(outcome=reply.outcome, code=code, request_date=reply.request_date, name=reply.name, address=reply.address)
