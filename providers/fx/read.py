"""Reads the banks' files: XML by expat, which meets no document type here and so no entity; namespaces are not looked at, both changed.

BNR:  DataSet / Body / OrigCurrency, and Cube date="2026-11-20" with Rate currency="HUF" multiplier="100" and lei as its text.
ECB:  Envelope / Cube / Cube time="2026-11-20" with Cube currency="USD" rate="1.0512", units for one euro.

Strict about what decides (whose file, which days, in which currency), lenient about the rest: a currency without a rate that day is
left out, and what is added is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from xml.parsers import expat

from billing.rules.tax.central_bank import BNR, BankName
from billing.rules.tax.exchange import quotient, rate_of
from providers.errors import UnparsableBody

_ROOTS: Mapping[BankName, str] = {"BNR": "DataSet", "ECB": "Envelope"}
_DAYS: Mapping[BankName, str] = {"BNR": "date", "ECB": "time"}
_CURRENCY = re.compile(r"[A-Z]{3}")
_MULTIPLIER = re.compile(r"[1-9][0-9]{0,5}")
_MOST_TEXT = 64
_MOST_DEPTH = 16

Days = dict[date, dict[str, str]]


def days_of(bank: BankName, body: bytes) -> Days:
    """What a file tells, by day and currency: lei for ONE unit (BNR), units for one euro (ECB).

    Raises:
        UnparsableBody: it is not XML, has a document type, is not the bank's, or tells of no day.
    """
    reader = _Reader(bank)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, UnparsableBody):
            raise
        raise UnparsableBody(f"the file of {bank} is not XML: {error}") from None
    if bank == "BNR" and reader.own != BNR.currency:
        raise UnparsableBody(f"the file of BNR is in {reader.own or 'no currency'}, not in {BNR.currency}")
    if not any(reader.days.values()):
        raise UnparsableBody(f"the file of {bank} tells no rate of any day")
    return {day: rates for day, rates in reader.days.items() if rates}


class _Reader:
    """What expat meets, in order."""

    def __init__(self, bank: BankName) -> None:
        self.days: Days = {}
        self.own: str | None = None
        self._bank: BankName = bank
        self._open: list[str] = []
        self._day: dict[str, str] | None = None
        self._rate: tuple[str, str] | None = None
        self._said = ""

    def doctype(self, *_: Any) -> None:
        """Nothing that a bank tells has one; it could define entities that grow."""
        raise UnparsableBody(f"the file of {self._bank} has a document type: it is a web page, or worse")

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element."""
        name = tag.rpartition(" ")[2]
        if not self._open and name != _ROOTS[self._bank]:
            raise UnparsableBody(f"the file is none of {self._bank}: it is a {name[:_MOST_TEXT]}")
        if len(self._open) >= _MOST_DEPTH:
            raise UnparsableBody(f"the file of {self._bank} is nested deeper than {_MOST_DEPTH} levels")
        self._open.append(name)
        self._said = ""
        if name == "Cube" and _DAYS[self._bank] in attributes:
            self._day = self.days.setdefault(_day(self._bank, attributes[_DAYS[self._bank]]), {})
        elif name == "Cube" and "currency" in attributes:
            self._keep(attributes["currency"], attributes.get("rate", ""), "1")
        elif name == "Rate":
            self._rate = (attributes.get("currency", ""), attributes.get("multiplier", "1"))

    def end(self, tag: str) -> None:
        """Its end."""
        name = tag.rpartition(" ")[2]
        self._open.pop()
        if name == "Rate" and self._rate is not None:
            self._keep(self._rate[0], self._said, self._rate[1])
            self._rate = None
        elif name == "OrigCurrency":
            self.own = self._said.strip()

    def text(self, said: str) -> None:
        """Text in it; nothing that is looked at is long."""
        self._said = (self._said + said)[:_MOST_TEXT]

    def _keep(self, currency: str, rate: str, multiplier: str) -> None:
        """A rate of the day at hand, for one unit; what is none (a dash on days without one) is left out."""
        if self._day is None or not _CURRENCY.fullmatch(currency) or not _MULTIPLIER.fullmatch(multiplier):
            return
        try:
            self._day[currency] = rate_of(rate.strip()) if multiplier == "1" else quotient(rate.strip(), multiplier)
        except ValueError:
            self._day.pop(currency, None)


def _day(bank: BankName, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnparsableBody(f"a day in the file of {bank} is {text[:_MOST_TEXT]!r}") from None
