"""What the payments queue's runs do about tax: numbers whose proof is old are asked for again, and those VIES could not say of (TAX-1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from billing.operations.ask_vies import ask_vies
from billing.operations.unit import UnitOfWork
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
