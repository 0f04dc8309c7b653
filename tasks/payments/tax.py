"""What the payments queue's runs do about tax: numbers whose proof is old are asked for again, and those VIES could not say of (TAX-1);
and the seller's central bank is asked for rates of exchange that papers need (TAX-5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from billing.operations.ask_fx_rates import ask_fx_rates
from billing.operations.ask_vies import ask_vies
from billing.operations.unit import UnitOfWork
from billing.operations.used_currencies import RECENT, USED
from models.vies_check import ViesCheck
from providers.vies.number import vat_number
from workers.paging import Paged
from workers.unit import Reference


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield ViesCheck.NAME, ViesCheck.SOURCE, row.item


def _ask(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        ask_vies(unit, vat_number(one.item))


RECHECK = Paged(
    job="recheck_vat_numbers",
    due="""SELECT v.next_at AS due_at, v.id, v.external_id AS item FROM bursar.vies_check v
        WHERE v.next_at <= %(now)s AND (v.next_at, v.id) > (%(after_at)s, %(after_id)s)
          AND EXISTS (SELECT 1 FROM bursar.bill_to b WHERE b.vat_id = v.external_id)
          AND NOT EXISTS (SELECT 1 FROM bursar.outbox o
                          WHERE o.kind = 'vies.fetch' AND o.state = 'dead' AND o.error_class = 'ViesBlockedError')
        ORDER BY v.next_at, v.id LIMIT %(page)s""",
    references=_references,
    work=_ask,
)
"""Only of numbers that somebody has, and of none while VIES has shut us out. No subscriber is concerned before the answer."""


def _nothing(_row: Row[Any]) -> Iterator[Reference]:
    yield from ()


def _ask_bank(unit: UnitOfWork, _rows: Sequence[Row[Any]]) -> None:
    ask_fx_rates(unit)


def fetch_fx(now: datetime) -> Paged:
    """The one seller, if anything is billed in another currency than his tax office's; the verb knows whether there is anything to ask."""
    return Paged(
        job="fetch_fx_rates",
        due="""SELECT s.created_at AS due_at, s.id, s.external_id AS item FROM bursar.seller s
            WHERE s.versions <> '{}' AND s.vat_registered AND s.currency IS NOT NULL
              AND s.created_at <= %(now)s AND (s.created_at, s.id) > (%(after_at)s, %(after_id)s)
              AND EXISTS (SELECT FROM (""" + USED + """) AS used WHERE used.currency <> s.currency)
            ORDER BY s.created_at, s.id LIMIT %(page)s""",  # noqa: S608  # our own
        references=_nothing,
        work=_ask_bank,
        bound={"recent": now - RECENT},
    )  # fmt: skip
