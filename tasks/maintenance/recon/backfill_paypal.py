"""Finds events that PayPal produced and we never stored, and looks at what they are about (INBOX-6).

They are not put into the inbox themselves: PayPal's list has other bytes than its deliveries, so one that comes after all
would look like a forgery (docs/decisions/0093-paypal-calls.md). A look-up says what the event said, and is believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.clock import monotonic_s
from providers.paypal import event_list
from tasks.maintenance.recon.backfill import Backfilled
from workers.context import Context
from workers.routing import ignored_reason
from workers.unit import Unit

_KNOWN = "SELECT event_id FROM bursar.inbox WHERE source = 'paypal' AND event_id = ANY(%(ids)s)"


def backfill_paypal(context: Context, *, since: datetime, until: datetime | None = None, budget_s: float | None = None) -> Backfilled:
    """Read PayPal's events made from `since` on, and look up what those are about that we lack.

    Args:
        context: the process's surroundings.
        since: the first instant; PayPal keeps 30 days.
        until: the last instant; None: now.
        budget_s: stop after so many seconds; None: at the end.

    Returns:
        What was done; `injected` counts look-ups. The sweep takes them up; there is nothing to hint.

    Raises:
        Retryable, Final: PayPal could not be asked; what was asked for so far stays.
    """
    done, end = Backfilled(), None if budget_s is None else monotonic_s() + budget_s
    for page in event_list.pages(context.settings, since, until or context.clock.now()):
        with context.engine.begin() as connection:
            _take(context, connection, page, done)
        if end is not None and monotonic_s() > end:
            # Newest first; what is as old as the last one is looked at once more.
            done.beyond = [str(page[-1].get("create_time"))]
            break
    return done


def _take(context: Context, connection: Connection, page: Sequence[Mapping[str, Any]], done: Backfilled) -> None:
    ids = [str(event["id"]) for event in page]
    known = set(connection.exec_driver_sql(_KNOWN, {"ids": ids}).scalars())
    done.looked_at += len(page)
    done.known += len(known)
    unit = Unit(connection, context.keys, now=context.clock.now(), reason="backfill")
    for event in page:
        if event["id"] in known or ignored_reason("paypal", str(event.get("event_type"))) is not None:
            continue
        found = event_list.place(event)
        if found is None:
            continue
        kind, object_id, path = found
        lane = f"paypal:{object_id}"
        # The key that the event's own look-up would have: should it come after all, it asks for nothing more.
        unit.send(
            "paypal.fetch", f"{kind}:{object_id}:{event['id']}", {"kind": kind, "id": object_id, "path": path, "lane": lane},
            queue="payments", lane=lane,
        )  # fmt: skip
    done.injected += len(unit.flush())
