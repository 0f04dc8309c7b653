"""PayPal's own account of what moved (transaction search), for reconciliation: paged to the end, in windows that it takes.

Rows come up to 3 hours late, and one transaction id may stand on several rows (a payment that was pending, then completed):
a row is known by its id, code, status and time together. Signs are the account's: what left it is negative.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from core.settings import Settings
from providers.clean import json_object
from providers.errors import Final, UnparsableBody
from providers.fields import instant, items, mapping, needed, optional, whole
from providers.paypal import client
from providers.paypal.reading import money
from providers.paypal.shapes.declared import metadata

_PATH = "/v1/reporting/transactions"
WINDOW = timedelta(days=31)
"""The longest that PayPal takes."""
_PAGE = 500
_TOO_MANY, _LEAST = "RESULTSET_TOO_LARGE", timedelta(seconds=2)
"""PayPal shows 10,000 rows of a window at most; then smaller ones are asked for."""
LATE = timedelta(hours=3)
"""By when PayPal shows what moved; younger than that, a missing row means nothing."""

_KINDS = {
    "T0000": "payment", "T0001": "payout", "T0002": "payment", "T0003": "payment", "T0004": "payment", "T0005": "payment",
    "T0006": "payment", "T0007": "payment", "T0011": "payment", "T0013": "payment", "T0104": "payout_fee", "T0106": "dispute_fee",
    "T0107": "refund_fee", "T0400": "withdrawal", "T0403": "withdrawal", "T1105": "hold_release", "T1106": "reversal", "T1107": "refund",
    "T1108": "refund_fee", "T1109": "fee_refund", "T1110": "dispute_hold", "T1111": "dispute_release", "T1114": "payout_return",
    "T1115": "payout_return", "T1201": "dispute", "T1202": "dispute_reversal", "T1503": "hold",
}  # fmt: skip
_STATUSES = {"S": "succeeded", "P": "pending", "D": "failed", "V": "reversed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRow:
    """One movement as PayPal reports it. Amounts in minor units, signed from our account's side.

    `fee_minor` is what PayPal kept of it; less than 0: what it gave back.
    """

    id: str
    code: str
    """PayPal's transaction event code, such as `T0006`."""
    kind: str
    """payment, refund, payout, dispute_hold, ...; `other` for a code that we do not book."""
    amount_minor: int
    currency: str
    fee_minor: int
    status: str
    """succeeded, pending, failed or reversed."""
    at: datetime
    updated_at: datetime
    parent_ref: str | None
    parent_kind: str | None
    """What `parent_ref` is: TXN, ODR, SUB, PAP."""
    metadata: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str, datetime]:
        """What a row is known by: transaction ids are not unique."""
        return self.id, self.code, self.status, self.at

    @property
    def net_minor(self) -> int:
        """What the balance changed by."""
        return self.amount_minor - self.fee_minor


def reported(settings: Settings, start: datetime, end: datetime) -> Iterator[ReportedRow]:
    """All rows whose movement began from start to end, both included, oldest window first, in constant memory.

    Raises:
        Retryable, Final: as `client.get`.
        UnparsableBody: a row is not of PayPal's form.
    """
    for row in transactions(settings, start, end):
        yield read(row)


def transactions(settings: Settings, start: datetime, end: datetime) -> Iterator[Mapping[str, Any]]:
    """The raw `transaction_info` objects. What lies on the edge of two windows is given once, although PayPal shows it in both.

    Raises:
        Retryable, Final: as `client.get`.
    """
    since, span, edge = start, WINDOW, frozenset[str]()
    while since < end:
        until, on_edge = min(since + span, end), set()
        try:
            for row in _window(settings, since, until):
                text = json.dumps(row, sort_keys=True)
                if text in edge:
                    continue
                if _on(row, until):
                    on_edge.add(text)
                yield row
        except Final as error:
            # Said with the first page, so nothing of this window was given yet.
            if _TOO_MANY not in str(error) or span < _LEAST:
                raise
            span /= 2
            continue
        since, edge = until, frozenset(on_edge)


def count(settings: Settings, start: datetime, end: datetime) -> int | None:
    """How many rows there are from start to end, both included, at most WINDOW apart; None: more than PayPal would show.

    Raises:
        Retryable, Final: as `client.get`.
    """
    query = {"start_date": _text(start), "end_date": _text(end), "page_size": "1", "page": "1"}
    try:
        total = whole(json_object(client.get(_PATH, settings, query=query)), "total_items")
    except Final as error:
        if _TOO_MANY not in str(error):
            raise
        return None
    return total if isinstance(total, int) else 0


def _window(settings: Settings, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
    """All pages of one window."""
    page, pages = 1, 1
    while page <= pages:
        query = {
            "start_date": _text(since), "end_date": _text(until), "fields": "transaction_info",
            "page_size": str(_PAGE), "page": str(page),
        }  # fmt: skip
        told = json_object(client.get(_PATH, settings, query=query))
        for detail in items(told, "transaction_details"):
            yield mapping(detail, "transaction_info")
        total = whole(told, "total_pages")
        pages = total if isinstance(total, int) else page
        page += 1


def _on(row: Mapping[str, Any], edge: datetime) -> bool:
    at = instant(row, "transaction_initiation_date")
    return isinstance(at, datetime) and abs((at - edge).total_seconds()) <= 1


def read(row: Mapping[str, Any]) -> ReportedRow:
    """A row in our words.

    Raises:
        UnparsableBody: it has no id, amount or time.
    """
    amount, fee = money(row, "transaction_amount"), money(row, "fee_amount")
    at, updated = instant(row, "transaction_initiation_date"), instant(row, "transaction_updated_date")
    if amount is None or not isinstance(at, datetime):
        raise UnparsableBody("a reported transaction has no amount or no time")
    code = needed(row, "transaction_event_code")
    return ReportedRow(
        id=needed(row, "transaction_id"),
        code=code,
        kind=_KINDS.get(code, "other"),
        amount_minor=amount[0],
        currency=amount[1],
        fee_minor=-fee[0] if fee is not None and fee[1] == amount[1] else 0,
        status=_STATUSES.get(optional(row, "transaction_status") or "", "pending"),
        at=at,
        updated_at=updated if isinstance(updated, datetime) else at,
        parent_ref=optional(row, "paypal_reference_id"),
        parent_kind=optional(row, "paypal_reference_id_type"),
        metadata=metadata(optional(row, "custom_field"), optional(row, "invoice_id")),
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
