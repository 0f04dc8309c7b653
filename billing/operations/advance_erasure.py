"""One page of a customer's erasure, and what comes next of it (SEC-6). Wherever it is stopped, the same page can be done again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from billing.operations.erase_calls import Looked, erase_events, erase_mails
from billing.operations.erase_rows import Person, erase_rows, person
from billing.operations.move_status import move_status
from billing.operations.unit import UnitOfWork
from billing.rules.states_privacy import ERASURE
from models.base import OWN_SOURCE
from models.erasure import Erasure
from models.subscriber import Subscriber

WAIT, AGAIN = timedelta(hours=1), timedelta(days=7)


def advance_erasure(unit: UnitOfWork, connection: Connection, ref: str) -> Erasure:
    """The erasure of `ref`, one page further; both its row and the subscriber's are locked."""
    subscriber, row = unit.row(Subscriber, OWN_SOURCE, ref), unit.row(Erasure, OWN_SOURCE, ref)
    who = person(connection, ref, [str(one) for one in row.emails or ()])
    if subscriber.erased_at is None:
        subscriber.erased_at = unit.now
    if row.status != "done":
        row.emails = list(who.emails)
    if row.status == "waiting":
        _move(unit, row, "running")
    if row.step == "rows":
        counts = erase_rows(connection, who)
        _count(row, counts)
        row.step = "rows" if counts else "calls"
    elif row.step == "calls":
        looked = erase_mails(connection, who, row.outbox_after or 0)
        row.outbox_after, row.open_outbox = looked.after, row.open_outbox or looked.open
        _count(row, {"outbox": looked.gone})
        row.step = "calls" if looked.more else "events"
    else:
        _events(unit, row, erase_events(connection, who, row.id, row.inbox_after or 0, unit.now), who)
    row.updated_at = max(row.updated_at, unit.now)
    return row


def _events(unit: UnitOfWork, row: Erasure, looked: Looked, who: Person) -> None:
    row.inbox_after, row.open_inbox = looked.after, row.open_inbox or looked.open
    _count(row, {"inbox_payload": looked.gone})
    if looked.more:
        return
    row.step = "rows"
    row.customers = [f"{source} {customer}" for source, customer in zip(who.sources, who.customers, strict=True)]
    if row.open_inbox is None and row.open_outbox is None:
        _end(unit, row)
        return
    what = [text for text, first in (
        (f"events that are not final, the first is inbox row {row.open_inbox}", row.open_inbox),
        (f"mails that are not final, the first is outbox row {row.open_outbox}", row.open_outbox),
    ) if first is not None]  # fmt: skip
    # What was looked at behind the first open row is looked at again: it is little, and its row says nothing of it.
    row.inbox_after = row.inbox_after if row.open_inbox is None else row.open_inbox - 1
    row.outbox_after = row.outbox_after if row.open_outbox is None else row.open_outbox - 1
    row.open_inbox = row.open_outbox = None
    row.due_at = unit.now + WAIT
    if row.status == "running":
        row.waits_for = "; ".join(what)
        _move(unit, row, "waiting")


def _end(unit: UnitOfWork, row: Erasure) -> None:
    later = unit.now + AGAIN
    row.due_at = later if row.again_until is not None and later <= row.again_until else None
    if row.status == "done":
        return
    row.completed_at, row.emails, row.waits_for = unit.now, None, None
    _move(unit, row, "done")


def _move(unit: UnitOfWork, row: Erasure, after: str) -> None:
    before, row.status = row.status, after
    move_status(unit, row, ERASURE, before, after, {"counts": dict(row.counts or {})} if after == "done" else {})


def _count(row: Erasure, counts: dict[str, int]) -> None:
    """A new value, as the unit wants it."""
    row.counts = {**(row.counts or {}), **{name: (row.counts or {}).get(name, 0) + count for name, count in counts.items() if count}}
