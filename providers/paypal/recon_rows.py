"""PayPal's reported movements and listed disputes -> the rows that reconciliation compares.

A report shows movements, not objects: what went back of a charge is no part of its row, and a payout that came back is another
movement, which names the first one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from billing.rules.recon_row import ReconRow
from billing.rules.reported_payout import CAME_BACK, REFUSED, WAITS, WENT_OUT
from core.settings import Settings
from providers.errors import UnparsableBody
from providers.fields import instant, needed, optional
from providers.paypal import dispute_list, reports
from providers.paypal.reading import money
from providers.paypal.reports import ReportedRow
from providers.paypal.shapes.dispute import read_status
from providers.paypal.shapes.payout_item import PAYOUT_REQUEST
from providers.submission import TAG_REQUEST

_KINDS = {"charge": "payment", "refund": "refund"}
"""Object -> the kind of movement that shows it."""
BEFORE = timedelta(days=42)
"""How long before the window payouts and movements are read: what nobody claims comes back after 30 days, and names them."""
_FROM_BEFORE = frozenset({"payout", "movement"})
_APART = timedelta(hours=1)
"""How far the times may be apart that PayPal shows of an object and of its movement."""
_MOST, _LEAST = 5_000, timedelta(minutes=10)
"""Rows of the report that are read at once, in spans that are not made shorter: so much is lost where a turn is killed."""
_MOVED = frozenset({"succeeded", "reversed"})
"""The balance changed; what reversed it is a movement of its own."""
_PAYOUTS = {"succeeded": WENT_OUT, "pending": WAITS, "failed": REFUSED, "reversed": CAME_BACK}


def pages(
    of: str, settings: Settings, since: datetime, until: datetime, now: datetime, after: str | None
) -> Iterator[tuple[str | None, Iterator[ReconRow]]]:
    """What PayPal shows of one kind of object from `since` on and before `until`: spans of time, each with its end, to go on from.

    `charge`, `refund`: the lines that show them, of which one that was pending and then completed has two. `payout`, with
    `payout_return`: the lines of payouts and of what came back of them. `movement`: every line that changed the balance. The last
    two begin BEFORE the window; the first two are read somewhat beyond it on both sides. `dispute`: each once, as one page.

    Raises:
        Retryable, Final: as `client.get`.
        UnparsableBody: a line is not of PayPal's form.
    """
    if of == "dispute":
        found = dispute_list.made(settings, max(since, now - dispute_list.SHOWN_FOR), until)
        yield None, (_dispute(one) for one in found)
        return
    # PayPal knows whole seconds, and its time of a movement need not be the one that it shows of the object.
    begin, last = (since - BEFORE, until) if of in _FROM_BEFORE else (since - _APART, until + _APART)
    begin, last = (datetime.fromisoformat(after) if after else begin).replace(microsecond=0), _next_second(last)
    span = reports.WINDOW
    while begin < last:
        end = min((begin + span).replace(microsecond=0), last)
        total = reports.count(settings, begin, end)
        if (total is None or total > _MOST) and span > _LEAST:
            span /= 2
            continue
        yield end.isoformat(), _lines(of, settings, begin, end)
        begin, span = end, min(2 * span, reports.WINDOW)


def _next_second(at: datetime) -> datetime:
    return at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at


def _lines(of: str, settings: Settings, begin: datetime, end: datetime) -> Iterator[ReconRow]:
    # PayPal shows both ends; a line that is staged twice would count twice.
    shown = (row for row in reports.reported(settings, begin, end) if begin <= row.at < end)
    if of == "movement":
        return (_movement(row) for row in shown if row.status in _MOVED)
    if of == "payout":
        return (_payout(row) for row in shown if row.kind == "payout" or (row.kind == "payout_return" and row.status in _MOVED))
    return (_object(of, row) for row in shown if row.kind == _KINDS[of])


def _object(of: str, row: ReportedRow) -> ReconRow:
    # A charge's payment has its id (providers/paypal/shapes/money_in.py); a refund's line names the charge.
    parent = row.id if of == "charge" else row.parent_ref
    status = "succeeded" if row.status in _MOVED else row.status
    return ReconRow(
        of, row.id, None, abs(row.amount_minor), None, None, row.currency, status, row.code, None, parent,
        None, None, row.metadata.get(TAG_REQUEST), row.at,
    )  # fmt: skip


def _payout(row: ReportedRow) -> ReconRow:
    """A payout, or its way back, under the id of its transaction."""
    of, parent = ("payout", None) if row.kind == "payout" else ("payout_return", row.parent_ref)
    return ReconRow(
        of, row.id, None, abs(row.amount_minor), row.fee_minor, None, row.currency, _PAYOUTS[row.status], row.code, None, parent,
        None, None, _request(row), row.at,
    )  # fmt: skip


def _movement(row: ReportedRow) -> ReconRow:
    return ReconRow(
        "movement", row.id, None, row.amount_minor, row.fee_minor, None, row.currency, row.status, row.code, row.kind, row.parent_ref,
        None, None, _request(row), row.at,
    )  # fmt: skip


def _request(row: ReportedRow) -> str | None:
    """The request of ours that the line names; a payout's names it without a tag (providers/paypal/shapes/payout_item.py)."""
    custom = str(row.metadata.get("custom_id") or "")
    return row.metadata.get(TAG_REQUEST) or (custom if custom.startswith(PAYOUT_REQUEST) else None)


def _dispute(obj: Mapping[str, Any]) -> ReconRow:
    amount, at = money(obj, "dispute_amount"), instant(obj, "create_time")
    if amount is None or not isinstance(at, datetime):
        raise UnparsableBody("a listed dispute has no amount or no time")
    return ReconRow(
        "dispute", needed(obj, "dispute_id"), None, amount[0], None, None, amount[1], read_status(obj), optional(obj, "status"),
        created_at=at,
    )  # fmt: skip
