"""Which lists a provider has of what, in whose name they are read, and how their pages become rows for comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import psycopg

from billing.rules.recon_row import ReconRow
from core.settings import Settings
from providers.paypal import recon_rows as paypal_rows
from providers.paypal.reports import LATE
from providers.stripe import listing, recon_rows

Page = tuple[str | None, Iterable[ReconRow]]
"""Where a later turn goes on behind this page (None: it is the list's only one), and its rows."""


class Listed(Enum):
    """In whose name a list is read."""

    PLATFORM = "the platform's only"
    EVERYWHERE = "the platform's and each connected account's"


LISTS: Mapping[str, Mapping[str, Listed]] = {
    "stripe": {
        "payment": Listed.EVERYWHERE,
        "charge": Listed.EVERYWHERE,
        "refund": Listed.EVERYWHERE,
        "dispute": Listed.EVERYWHERE,
        "transfer": Listed.PLATFORM,
        "application_fee": Listed.PLATFORM,
        "payout": Listed.EVERYWHERE,
        "balance_transaction": Listed.EVERYWHERE,
        "payout_line": Listed.PLATFORM,
    },
    "paypal": dict.fromkeys(("charge", "refund", "dispute", "payout", "movement"), Listed.PLATFORM),
}
"""Provider -> what it lists, in the order in which it is read. A payout's lines are read for payouts that were read before."""

YOUNG: Mapping[str, timedelta] = {"stripe": timedelta(minutes=15), "paypal": LATE}
"""Provider -> what is younger is left out: its events are on their way, or PayPal does not report it yet."""

_PAYOUTS = """SELECT external_id, account_ref FROM bursar.recon_staged
              WHERE object = 'payout' AND kind = 'automatic' AND external_id > %(after)s ORDER BY external_id"""


def pages(
    connection: psycopg.Connection[Any], source: str, of: str, settings: Settings, *, since: datetime, until: datetime, now: datetime,
    account: str | None, after: str | None,
) -> Iterator[Page]:  # fmt: skip
    """The pages of one list, from behind `after` on.

    Raises:
        Retryable, Final: the provider could not be asked, or refuses.
        UnparsableBody: an object is not of its form.
    """
    if source == "paypal":
        return paypal_rows.pages(of, settings, since, until, now, after)
    if of == "payout_line":
        chosen = connection.execute(_PAYOUTS, {"after": after or ""}).fetchall()
        return ((payout, _lines(payout, settings, whose)) for payout, whose in chosen)
    found = listing.listed(of, settings, since=since, until=until, account=account, after=after)
    return ((page[-1]["id"], [row for obj in page for row in recon_rows.rows(of, obj, account)]) for page in found)


def _lines(payout: str, settings: Settings, account: str | None) -> Iterator[ReconRow]:
    for page in listing.listed("balance_transaction", settings, account=account, query={"payout": payout}):
        yield from (recon_rows.line_of(payout, obj, account) for obj in page)
