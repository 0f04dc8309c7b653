"""Writes postings: one statement for their accounts and their legs, and a second look where a leg was there already.

A leg that was booked before with the same values is the same leg. With others it is a contradiction that must not commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from billing.rules.chart import read
from models.bulk import as_json
from models.statements import Statement

_KEY = ("fact", "kind", "leg")
_SAID = ("debit", "credit", "amount_minor", "currency")
# That both sides of a leg have an account is checked when the statement is over: which of the two is written first is all the same.
_WRITE = """
    WITH accounts AS (
        INSERT INTO bursar.journal_account (code, currency, name, class, normal, strict, provider, owner)
        SELECT * FROM json_to_recordset(%(accounts)s::json) AS a (
            code text, currency text, name text, class text, normal text, strict boolean, provider text, owner text)
        ON CONFLICT (code, currency) DO NOTHING)
    INSERT INTO bursar.journal (fact, kind, leg, debit, credit, amount_minor, currency, posted_at, inbox_id)
    SELECT * FROM json_to_recordset(%(legs)s::json) AS l (
        fact text, kind text, leg smallint, debit text, credit text, amount_minor bigint, currency text, posted_at timestamptz,
        inbox_id bigint)
    ON CONFLICT (fact, kind, leg) DO NOTHING RETURNING fact, kind, leg"""
_BOOKED = """
    SELECT j.fact, j.kind, j.leg, j.debit, j.credit, j.amount_minor, j.currency
    FROM json_to_recordset(%(keys)s::json) AS k (fact text, kind text, leg smallint)
    JOIN bursar.journal j USING (fact, kind, leg)"""


class BookedOtherwiseError(RuntimeError):
    """A fact was to be booked a second time with other values; nothing of this transaction may be written."""


def booking(connection: Connection, legs: Iterable[Mapping[str, Any]]) -> list[Statement]:
    """Insert the legs that are new: what is to be sent for that.

    Raises:
        BookedOtherwiseError: one is booked already, and differently. What is sent raises it then.
    """
    wanted: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for leg in legs:
        known = wanted.setdefault(_key(leg), leg)
        _same(known, leg)
    if not wanted:
        return []
    rows = [wanted[key] for key in sorted(wanted)]
    accounts = sorted({(row[side], row["currency"]) for row in rows for side in ("debit", "credit")})
    bound = {"accounts": as_json([_account(*one) for one in accounts]), "legs": as_json(rows)}

    def all_new_or_the_same(result: Any) -> None:
        made = result.all()
        if len(made) == len(rows):
            return
        missing = [dict(zip(_KEY, key, strict=True)) for key in sorted(wanted.keys() - {tuple(key) for key in made})]
        for row in map(_named, connection.exec_driver_sql(_BOOKED, {"keys": as_json(missing)})):
            _same(row, wanted[_key(row)])

    return [Statement(_WRITE, bound, then=all_new_or_the_same)]


def _named(row: Iterable[Any]) -> dict[str, Any]:
    return dict(zip((*_KEY, *_SAID), row, strict=True))


def _key(leg: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(leg[name] for name in _KEY)


def _same(booked: Mapping[str, Any], leg: Mapping[str, Any]) -> None:
    if all(booked[name] == leg[name] for name in _SAID):
        return
    raise BookedOtherwiseError(
        f"{leg['fact']} {leg['kind']} leg {leg['leg']} is booked as {_text(booked)} and was to be booked as {_text(leg)}; "
        f"neither the journal nor the row was changed; compare both with the provider: bursar journal show {leg['fact']}"
    )


def _text(leg: Mapping[str, Any]) -> str:
    return f"{leg['amount_minor']} {leg['currency']} from {leg['credit']} to {leg['debit']}"


def _account(code: str, currency: str) -> dict[str, Any]:
    named = read(code)
    account = named.account
    return {
        "code": code,
        "currency": currency,
        "name": account.name,
        "class": account.kind,
        "normal": account.normal,
        "strict": account.strict,
        "provider": named.provider,
        "owner": named.owner,
    }
