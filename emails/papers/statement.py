"""What a payout statement shows: what an account earned in a month, and what was paid out, per currency (PAYOUT-11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from billing.rules.paper.document import Party
from emails.papers import figures
from emails.papers.parties import brand, foot
from emails.papers.words import WORDS

_PROVIDERS = {"stripe": "Stripe", "paypal": "PayPal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutStatement:
    """A month of an account. `currencies` is what the command `billing.payouts.statement.v1` answers, amounts in minor units."""

    issuer: Party
    """The platform."""
    account_ref: str
    account_name: str
    source: str
    """The provider: `stripe`, `paypal`."""
    from_on: date
    last_on: date
    """The month's last day, included."""
    zone: str
    made_on: date
    language: Literal["en", "ro"]
    currencies: Mapping[str, Mapping[str, int]]


def sheet(statement: PayoutStatement) -> dict[str, Any]:
    """The data of `statement.typ`."""
    words, language = WORDS[statement.language], statement.language
    provider = _PROVIDERS.get(statement.source, statement.source)
    account = {"label": words["account"], "name": statement.account_name, "lines": [statement.account_ref]}
    return {
        "lang": language,
        "title": words["statement"],
        "number": figures.month(statement.from_on, language),
        "dated": [statement.made_on.year, statement.made_on.month, statement.made_on.day],
        "brand": brand(statement.issuer, language),
        "party": account,
        "facts": [
            [words["period"], figures.span(statement.from_on, statement.last_on, language)],
            [words["zone"], statement.zone],
            [words["provider"], provider],
            [words["made_on"], figures.day(statement.made_on, language)],
        ],
        "currencies": [
            _currency(code, moved, statement.language) for code, moved in sorted(statement.currencies.items())
        ],
        "notes": [{"label": "", "lines": [words["statement_note" if statement.currencies else "nothing"]]}],
        "foot": foot(statement.issuer),
        "page": {"before": words["page_before"], "between": words["page_between"]},
    }


def _currency(code: str, moved: Mapping[str, int], language: str) -> dict[str, Any]:
    words = WORDS[language]
    heads = (
        (words["movement"], False, True),
        (words["count"], True, False),
        (f"{words['amount']} ({code})", True, False),
    )
    rows = (
        (words["transfers"], str(moved["transfers"]), moved["earned_minor"]),
        (words["taken_back"], "", -moved["taken_back_minor"]),
        (words["payouts"], str(moved["payouts"]), -moved["paid_out_minor"]),
        (words["came_back"], "", moved["came_back_minor"]),
    )
    earned = [
        ("main", words["earned"], moved["earned_minor"] - moved["taken_back_minor"]),
        ("quiet", words["fees"], moved["fees_minor"]),
    ]
    received = [("main", words["received"], moved["paid_out_minor"] - moved["came_back_minor"])]
    return {
        "currency": code,
        "table": {
            "columns": [{"head": head, "right": right, "wide": wide} for head, right, wide in heads],
            "rows": [
                [{"text": name}, {"text": count}, {"text": figures.amount(minor, code, language)}]
                for name, count, minor in rows
            ],
        },
        "earned": _totals(earned, code, language),
        "received": _totals(received, code, language),
    }


def _totals(parts: list[tuple[str, str, int]], code: str, language: str) -> list[dict[str, str]]:
    return [{"kind": kind, "name": name, "value": figures.money(minor, code, language)} for kind, name, minor in parts]
