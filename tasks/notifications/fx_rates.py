"""Tells operators of rates of exchange that were kept back as likely misprints: each once (TAX-5, MAIL-6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from billing.operations.alarm_fx_rate import alarm_fx_rate
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.fx_held import FxHeld
from workers.paging import Paged
from workers.unit import Reference

_DUE = """SELECT h.held_at AS due_at, h.id, h.external_id AS item FROM bursar.fx_held h
          WHERE h.ended_at IS NULL AND h.told_at IS NULL AND h.held_at <= %(now)s AND (h.held_at, h.id) > (%(after_at)s, %(after_id)s)
          ORDER BY h.held_at, h.id LIMIT %(page)s FOR UPDATE OF h SKIP LOCKED"""


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield FxHeld.NAME, OWN_SOURCE, row.item


def alarms(recipients: Sequence[str]) -> Paged:
    """The run for these operators."""

    def tell(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
        for one in rows:
            alarm_fx_rate(unit, unit.row(FxHeld, OWN_SOURCE, one.item), recipients)

    return Paged(job="alert_fx_rates", due=_DUE, references=_references, work=tell)
