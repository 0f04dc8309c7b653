"""Explains one payout to the last unit, on the spot (RECON-9): its lines are read at Stripe and laid beside the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from billing.operations.check_journal import explain_payout
from billing.rules.recon_row import ReconRow
from providers.clean import json_object
from providers.stripe import client, listing, paths, recon_rows
from tasks.maintenance.recon.run import alone
from tasks.maintenance.recon.stage import clear, stage
from workers.context import Context

_BEFORE = timedelta(days=60)
"""How long before a payout's first line its transfers and fees may have been made, whose reversals are among the lines."""

_OWNER = "SELECT account_ref FROM bursar.payout WHERE source = 'stripe' AND external_id = %(payout)s"
_BOOKED = """SELECT coalesce(sum(amount_minor), 0)::bigint FROM bursar.journal WHERE fact = %(fact)s AND kind = 'payout'"""


@dataclass(frozen=True, slots=True)
class Explained:
    """A payout and what it paid out; amounts in minor units."""

    payout: str
    account: str | None
    amount_minor: int
    currency: str
    status: str
    automatic: bool
    groups: list[dict[str, Any]]
    """By reporting category: lines, amount, fee, net, explained, left_over."""
    remainder_minor: int
    """What nothing of ours explains."""


def explain(context: Context, payout: str) -> Explained | None:
    """The payout, explained; None while a reconciliation is at work, whose table this needs.

    A run that stands between two turns begins anew after this.

    Raises:
        Retryable, Final: Stripe could not be asked, or has no such payout.
    """
    settings = context.settings
    with alone(context) as connection:
        if connection is None:
            return None
        found = connection.execute(_OWNER, {"payout": payout}).fetchone()
        account = found[0] if found else None
        obj = json_object(client.get(paths.path("payout", payout), settings, account=account))
        [row] = recon_rows.rows("payout", obj, account)
        automatic = row.kind == "automatic"
        booked = connection.execute(_BOOKED, {"fact": f"payout:stripe:{payout}"}).fetchone()
        groups: list[dict[str, Any]] = []
        explained = booked[0] if booked else 0
        if automatic:
            with connection.transaction():
                clear(connection)
                stage(connection, [row])
                first_at = _stage_lines(context, connection, payout, account)
                if first_at is not None:
                    for of in ("transfer", "application_fee"):
                        for page in listing.listed(of, settings, since=first_at - _BEFORE):
                            stage(connection, (link for one in page for link in recon_rows.rows(of, one, None)))
                groups = explain_payout(connection, "stripe", payout)
                clear(connection)
            explained = sum(group["explained"] for group in groups)
    amount = row.amount_minor or 0
    return Explained(
        payout, account, amount, str(row.currency), str(row.status), automatic, groups, amount - explained
    )


def _stage_lines(context: Context, connection: Any, payout: str, account: str | None) -> datetime | None:
    first_at: datetime | None = None
    for page in listing.listed("balance_transaction", context.settings, account=account, query={"payout": payout}):
        rows: list[ReconRow] = [recon_rows.line_of(payout, one, account) for one in page]
        stage(connection, rows)
        made = [row.created_at for row in rows if row.created_at is not None]
        first_at = min([*made, *([first_at] if first_at else [])])
    return first_at
