"""Asks a central bank for its rates of exchange. Whatever goes wrong is an answer, too: "unavailable", and why; nothing is guessed.

BNR moved its files to a host of their own in August 2026; at the old address stands a web page, which is no XML and so no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import requests

from billing.rules.tax.central_bank import BANKS, BankName
from billing.rules.tax.exchange import MOST_RATE_AGE
from core.clock import monotonic_s
from core.settings import Settings
from core.version import VERSION
from providers.errors import NotConfigured, UnparsableBody
from providers.fx.read import Days, days_of

_TIMEOUTS_S = (3.05, 20.0)
_MOST_S = 60.0
_MOST_BYTES = 1024 * 1024
"""The largest of the files, 90 days of the ECB's, has about 100 kB."""
_CHUNK_BYTES = 16 * 1024
_KEPT = 2 * MOST_RATE_AGE
"""Days of a file: the last week's may be needed, and the others show which of these is odd."""
_OK = 200
_HEADERS = {"User-Agent": f"bursar/{VERSION}", "Accept": "application/xml, text/xml"}
"""BNR has turned away the names that libraries give themselves, with a web page."""
_APIS: Mapping[BankName, str] = {"BNR": "https://curs.bnr.ro", "ECB": "https://www.ecb.europa.eu"}
PATHS: Mapping[tuple[BankName, bool], str] = {
    ("BNR", False): "/nbrfxrates.xml", ("BNR", True): "/nbrfxrates10days.xml",
    ("ECB", False): "/stats/eurofxref/eurofxref-daily.xml", ("ECB", True): "/stats/eurofxref/eurofxref-hist-90d.xml",
}  # fmt: skip
"""The newest day alone, and several."""

UNREACHABLE, UNREADABLE, OTHER_DAY, TOO_LARGE = "UNREACHABLE", "UNREADABLE", "OTHER_DAY", "TOO_LARGE"
"""Why nothing was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back. `code`: why nothing was told."""

    outcome: Literal["told", "unavailable"]
    code: str | None = None
    days: Days = field(default_factory=dict)


def asks(settings: Settings) -> bool:
    """Whether banks are asked at all: in mode test only a stand-in is."""
    return bool(settings.fx_api_base) or settings.mode == "live"


def base(bank: BankName, settings: Settings) -> str:
    """Where a bank's files are.

    Raises:
        NotConfigured: a database in mode test asks nobody, unless it is given a stand-in.
    """
    if settings.fx_api_base:
        return settings.fx_api_base.rstrip("/")
    if not asks(settings):
        raise NotConfigured("central banks are not asked in mode test: rates are recorded by hand; BURSAR_FX_API_BASE names a stand-in")
    return _APIS[bank]


def ask(bank: BankName, settings: Settings, *, several: bool, at: datetime) -> Reply:
    """Ask for the newest day's rates, or those of `several`: ten days and more, of which the last ones are kept.

    Raises:
        NotConfigured: as `base`.
    """
    try:
        status, body = _get(base(bank, settings) + PATHS[bank, several])
        if len(body) > _MOST_BYTES:
            return Reply(outcome="unavailable", code=TOO_LARGE)
        if status != _OK:
            return Reply(outcome="unavailable", code=f"{UNREADABLE} {status}")
        days = days_of(bank, body)
    except requests.RequestException as error:
        return Reply(outcome="unavailable", code=f"{UNREACHABLE} {type(error).__name__}")
    except UnparsableBody as error:
        return Reply(outcome="unavailable", code=f"{UNREADABLE} {' '.join(str(error).split())[:150]}")
    newest, today = max(days), BANKS[bank].today(at)
    if newest > today or newest < today - MOST_RATE_AGE:
        return Reply(outcome="unavailable", code=f"{OTHER_DAY} {newest}")
    return Reply(outcome="told", days={day: rates for day, rates in days.items() if _wanted(day, newest)})


def _wanted(day: date, newest: date) -> bool:
    return day >= newest - _KEPT


def _get(url: str) -> tuple[int, bytes]:
    """Status and body, read no further than a byte past what is accepted, and no longer than a minute."""
    end, body = monotonic_s() + _MOST_S, b""
    with requests.get(url, headers=_HEADERS, timeout=_TIMEOUTS_S, allow_redirects=False, stream=True) as answer:
        for chunk in answer.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > _MOST_BYTES:
                break
            if monotonic_s() > end:
                raise requests.Timeout(f"{url} sends for longer than {_MOST_S} s")
    return answer.status_code, body
