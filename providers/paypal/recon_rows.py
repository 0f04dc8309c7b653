"""PayPal's reported movements -> the rows that reconciliation compares.

A report shows movements, not objects: what went back of a charge, and what PayPal keeps of it, are no part of its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from billing.rules.recon_row import ReconRow
from core.settings import Settings
from providers.paypal import reports
from providers.paypal.reports import ReportedRow
from providers.submission import TAG_REQUEST

KINDS: Mapping[str, frozenset[str]] = {"charge": frozenset({"payment"}), "refund": frozenset({"refund"})}
"""Object -> the kinds of movements that show it."""


def listed(of: str, settings: Settings, since: datetime, until: datetime) -> Iterator[ReconRow]:
    """The objects of one kind that moved money, each once: one that was pending and then completed is on two lines of the report.

    Raises:
        Retryable, Final: as `client.get`.
        UnparsableBody: a line is not of PayPal's form.
    """
    pending: dict[str, ReportedRow] = {}
    for row in reports.reported(settings, since, until):
        if row.kind not in KINDS[of]:
            continue
        if row.status == "pending":
            pending[row.id] = row
        else:
            pending.pop(row.id, None)
            if row.status == "succeeded":
                yield _row(of, row)
    yield from (_row(of, row) for row in pending.values())


def _row(of: str, row: ReportedRow) -> ReconRow:
    # A charge's payment has its id (providers/paypal/shapes/money_in.py); a refund's line names the charge.
    parent = row.id if of == "charge" else row.parent_ref
    return ReconRow(
        of, row.id, None, abs(row.amount_minor), None, None, row.currency, row.status, row.code, None, parent,
        None, None, row.metadata.get(TAG_REQUEST), row.at,
    )  # fmt: skip
