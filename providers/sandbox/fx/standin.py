"""BNR's and the ECB's files of rates as a stand-in: told on working days at the banks' own hours, each day a little different.

A day's rates are always the same ones, whoever asks and whenever. What goes wrong is ordered per bank and lasts until it is ordered
otherwise, by a test in the same process (`say`, `rates`) or over HTTP: `PUT /_sandbox/fx` with `{"BNR": "misprint"}`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import date, timedelta
from xml.etree.ElementTree import Element, SubElement, tostring

from billing.rules.tax.central_bank import BANKS, Bank, BankName
from core.clock import Clock, SystemClock
from providers.fx.client import PATHS
from providers.sandbox.http.exchange import Reply, Request, json_reply
from providers.sandbox.http.server import Server

CONTROL = "/_sandbox/fx"
WELL = "well"
SAYS = (WELL, "down", "broken", "garbage", "doctype", "yesterday", "tomorrow", "misprint", "huge")
"""`down`: no reply. `broken`: 500. `garbage`: a web page with status 200, as at BNR's old address. `yesterday`: as on a holiday.
`misprint`: the newest day's rates are ten times too large."""

_UNITS: Mapping[str, Mapping[str, int]] = {
    "BNR": {"EUR": 52_447, "USD": 45_190, "GBP": 61_260, "CHF": 55_770, "HUF": 13_462, "JPY": 28_401, "PLN": 12_116},
    "ECB": {"USD": 11_605, "GBP": 8_561, "CHF": 9_402, "HUF": 3_895_800, "JPY": 1_846_200, "PLN": 43_245, "RON": 52_464, "CZK": 243_100},
}
"""In ten-thousandths: what a day's rates move about."""
_PER = dict.fromkeys(("HUF", "JPY"), str(10**2))
"""For how many units BNR tells these."""
_SEVERAL: Mapping[BankName, int] = {"BNR": 10, "ECB": 64}
_STEPS = (0, 12, -7, 25, 9, -16, 4)
_HUGE = b" " * (2 * 1024 * 1024)


class FxSandbox:
    """Both banks. `rates`: what a bank says of a day and currency, over what it makes up; None: that it says nothing of it."""

    def __init__(self, *, port: int = 0, clock: Clock | None = None) -> None:
        self.rates: dict[tuple[BankName, date], dict[str, str | None]] = {}
        self.asked: list[str] = []
        self._says: dict[str, str] = {}
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self.server = Server(self._answer, port=port)

    @property
    def base(self) -> str:
        """What `BURSAR_FX_API_BASE` is set to."""
        return self.server.base

    def start(self) -> FxSandbox:
        """Serve from threads of this process."""
        self.server.start()
        return self

    def stop(self) -> None:
        """End."""
        self.server.stop()

    def __enter__(self) -> FxSandbox:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def say(self, bank: str, what: str) -> None:
        """From now on; one of `SAYS`.

        Raises:
            ValueError: it is none of these, or no bank.
        """
        if bank not in BANKS or what not in SAYS:
            raise ValueError(f"{bank} {what}: a bank ({', '.join(BANKS)}) and one of {', '.join(SAYS)}")
        self._says[bank] = what

    def told(self, bank: BankName, day: date) -> dict[str, str]:
        """What a bank says of a day, as it stands in its file."""
        step = _STEPS[day.toordinal() % len(_STEPS)]
        made = {currency: _decimal(units + units * step // 10_000) for currency, units in _UNITS[bank].items()}
        over = self.rates.get((bank, day), {})
        return {currency: rate for currency, rate in (made | over).items() if rate is not None}

    def _answer(self, request: Request) -> Reply:
        with self._lock:
            if request.path == CONTROL:
                return self._ordered(request)
            for (bank, several), path in PATHS.items():
                if request.method == "GET" and request.path == path:
                    if "python" in request.headers.get("user-agent", "python").lower():
                        return Reply(200, b"<html><body>Request Rejected</body></html>", {"Content-Type": "text/html"})
                    self.asked.append(path)
                    return self._file(BANKS[bank], several=several)
        return Reply(404, b"not found", {"Content-Type": "text/plain"})

    def _ordered(self, request: Request) -> Reply:
        try:
            for bank, what in json.loads(request.body or b"{}").items() if request.method == "PUT" else ():
                self.say(str(bank), str(what))
        except ValueError as error:
            return json_reply(400, {"error": str(error)})
        return json_reply(200, {"says": {bank: self._says.get(bank, WELL) for bank in BANKS}, "asked": len(self.asked)})

    def _file(self, bank: Bank, *, several: bool) -> Reply:
        says = self._says.get(bank.name, WELL)
        if says == "down":
            return Reply(ending="closed")
        if says == "broken":
            return Reply(500, b"error", {"Content-Type": "text/plain"})
        if says == "garbage":
            return Reply(200, b"<!doctype html>\n<html><body>Banca</body></html>", {"Content-Type": "text/html"})
        if says == "huge":
            return Reply(200, b"<DataSet>" + _HUGE + b"</DataSet>", {"Content-Type": "text/xml"})
        newest = bank.told_by(self._clock.now())
        newest = {"yesterday": bank.day_before(newest), "tomorrow": bank.today(self._clock.now()) + timedelta(days=1)}.get(says, newest)
        days = [newest]
        while several and len(days) < _SEVERAL[bank.name]:
            days.append(bank.day_before(days[-1]))
        told = {day: self.told(bank.name, day) for day in days}
        if says == "misprint":
            told[newest] = {currency: _times_ten(rate) for currency, rate in told[newest].items()}
        body = (_bnr if bank.name == "BNR" else _ecb)(told)
        if says == "doctype":
            body = b'<!DOCTYPE d [<!ENTITY a "5.0">]>' + body
        return Reply(200, b'<?xml version="1.0" encoding="utf-8"?>\n' + body, {"Content-Type": "text/xml"})


def _bnr(told: Mapping[date, Mapping[str, str]]) -> bytes:
    root = Element("DataSet", {"xmlns": "https://www.bnr.ro/xsd"})
    header, body = SubElement(root, "Header"), SubElement(root, "Body")
    SubElement(header, "Publisher").text = "National Bank of Romania"
    SubElement(header, "PublishingDate").text = max(told).isoformat()
    SubElement(body, "Subject").text = "Reference rates"
    SubElement(body, "OrigCurrency").text = "RON"
    for day, rates in told.items():
        cube = SubElement(body, "Cube", {"date": day.isoformat()})
        for currency, rate in rates.items():
            per = {"multiplier": _PER[currency]} if currency in _PER else {}
            SubElement(cube, "Rate", {"currency": currency, **per}).text = rate
    return tostring(root)


def _ecb(told: Mapping[date, Mapping[str, str]]) -> bytes:
    spaces = {"xmlns:gesmes": "http://www.gesmes.org/xml/2002-08-01", "xmlns": "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"}
    root = Element("gesmes:Envelope", spaces)
    SubElement(root, "gesmes:subject").text = "Reference rates"
    SubElement(SubElement(root, "gesmes:Sender"), "gesmes:name").text = "European Central Bank"
    cubes = SubElement(root, "Cube")
    for day, rates in told.items():
        cube = SubElement(cubes, "Cube", {"time": day.isoformat()})
        for currency, rate in rates.items():
            SubElement(cube, "Cube", {"currency": currency, "rate": rate})
    return tostring(root)


def _decimal(units: int) -> str:
    return f"{units // 10_000}.{units % 10_000:04}"


def _times_ten(rate: str) -> str:
    whole, _, part = rate.partition(".")
    return f"{whole}{part[:1] or '0'}.{part[1:] or '0'}"
