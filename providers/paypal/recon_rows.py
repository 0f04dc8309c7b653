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
_MOVED = frozenset({"succeeded", "reversed"})
"""The balance changed; what reversed it is a movement of its own."""
_PAYOUTS = {"succeeded": WENT_OUT, "pending": WAITS, "failed": REFUSED, "reversed": CAME_BACK}


def listed(of: str, settings: Settings, since: datetime, until: datetime, now: datetime) -> Iterator[ReconRow]:
    """What PayPal shows of one kind of object.

    `charge`, `refund`, `dispute`: each object once. `payout`, with `payout_return`: the lines of payouts and of what came back of
    them. `movement`: every line that changed the balance. The last two begin BEFORE the window.

    Raises:
        Retryable, Final: as `client.get`.
        UnparsableBody: a line is not of PayPal's form.
    """
    if of == "dispute":
        found = dispute_list.made(settings, max(since, now - dispute_list.SHOWN_FOR), until)
        return (_dispute(one) for one in found)
    if of == "payout":
        return _payouts(settings, since - BEFORE, until)
    if of == "movement":
        moved = reports.reported(settings, since - BEFORE, until)
        return (_movement(row) for row in moved if row.status in _MOVED)
    return _objects(of, settings, since, until)


def _objects(of: str, settings: Settings, since: datetime, until: datetime) -> Iterator[ReconRow]:
    """One that was pending and then completed is on two lines of the report."""
    pending: dict[str, ReportedRow] = {}
    for row in reports.reported(settings, since, until):
        if row.kind != _KINDS[of]:
            continue
        if row.status == "pending":
            pending[row.id] = row
        else:
            pending.pop(row.id, None)
            if row.status in _MOVED:
                yield _object(of, row)
    yield from (_object(of, row) for row in pending.values())


def _object(of: str, row: ReportedRow) -> ReconRow:
    # A charge's payment has its id (providers/paypal/shapes/money_in.py); a refund's line names the charge.
    parent = row.id if of == "charge" else row.parent_ref
    status = "succeeded" if row.status in _MOVED else row.status
    return ReconRow(
        of, row.id, None, abs(row.amount_minor), None, None, row.currency, status, row.code, None, parent,
        None, None, row.metadata.get(TAG_REQUEST), row.at,
    )  # fmt: skip


def _payouts(settings: Settings, since: datetime, until: datetime) -> Iterator[ReconRow]:
    """Payouts under the ids of their transactions; several lines of one stay several, and the comparison takes the newest."""
    for row in reports.reported(settings, since, until):
        if row.kind == "payout":
            of, parent = "payout", None
        elif row.kind == "payout_return" and row.status in _MOVED:
            of, parent = "payout_return", row.parent_ref
        else:
            continue
        yield ReconRow(
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
