"""Stripe's listed objects -> the rows that reconciliation compares. Statuses are read by the same tables as events' are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from billing.rules.recon_row import ReconRow
from billing.rules.states import CHARGE, PAYMENT
from billing.rules.states_money_out import DISPUTE, PAYOUT, REFUND, transfer_status
from providers.errors import UnparsableBody
from providers.submission import TAG_REQUEST

Json = Mapping[str, Any]


def rows(of: str, obj: Json, account: str | None) -> list[ReconRow]:
    """The row of one listed object, and what it says of which objects belong together.

    What only shows a transfer's arrival in its account, or its way back, has no row: the transfer has.

    Raises:
        UnparsableBody: it lacks its id, or is not of Stripe's form.
    """
    try:
        if obj.get("source_transfer") or obj.get("source_transfer_reversal"):
            return []
        return [_READERS[of](obj, account), *(_LINKS[of](obj) if of in _LINKS else ())]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UnparsableBody(f"Stripe's list of {of} holds an object that is none: {type(error).__name__} {error}") from None


def _ref(obj: Json, name: str) -> str | None:
    held = obj.get(name)
    return held["id"] if isinstance(held, dict) else held


def _currency(obj: Json) -> str:
    return str(obj["currency"]).upper()


def _at(obj: Json) -> datetime:
    return datetime.fromtimestamp(obj["created"], UTC)


def _tag(obj: Json) -> str | None:
    return (obj.get("metadata") or {}).get(TAG_REQUEST)


def _payment(obj: Json, account: str | None) -> ReconRow:
    said = obj.get("status") or "requires_payment_method"
    status = PAYMENT.read(said)
    if status == "pending" and obj.get("last_payment_error"):
        status = "failed"
    return ReconRow(
        "payment", obj["id"], account, obj["amount"], obj.get("application_fee_amount"), None, _currency(obj), status, said,
        (obj.get("transfer_data") or {}).get("destination"), _ref(obj, "latest_charge"), None, _ref(obj, "customer"),
        _tag(obj) or _ref(obj, "invoice"), _at(obj),
    )  # fmt: skip


def _charge(obj: Json, account: str | None) -> ReconRow:
    said = obj.get("status") or "pending"
    status = CHARGE.read(said)
    if status == "succeeded" and obj.get("captured") is False:
        status = "cancelled" if obj.get("refunded") is True else "authorised"
    return ReconRow(
        "charge", obj["id"], account, obj["amount"], obj.get("application_fee_amount"), obj.get("amount_refunded"), _currency(obj),
        status, said, (obj.get("transfer_data") or {}).get("destination") or _ref(obj, "destination"),
        _ref(obj, "payment_intent") or obj["id"], _ref(obj, "balance_transaction"), _ref(obj, "customer"),
        _tag(obj) or _ref(obj, "invoice"), _at(obj),
    )  # fmt: skip


def _refund(obj: Json, account: str | None) -> ReconRow:
    said = obj.get("status") or "succeeded"
    return ReconRow(
        "refund", obj["id"], account, obj["amount"], None, None, _currency(obj), REFUND.read(said), said, None,
        _ref(obj, "charge"), _ref(obj, "balance_transaction"), None, _tag(obj), _at(obj),
    )  # fmt: skip


def _dispute(obj: Json, account: str | None) -> ReconRow:
    said = obj.get("status") or ""
    moves = obj.get("balance_transactions") or ()
    return ReconRow(
        "dispute", obj["id"], account, obj["amount"], None, None, _currency(obj), DISPUTE.read(said), said, None,
        _ref(obj, "charge"), moves[0]["id"] if moves else None, None, None, _at(obj),
    )  # fmt: skip


def _transfer(obj: Json, account: str | None) -> ReconRow:
    back = obj.get("amount_reversed") or 0
    return ReconRow(
        "transfer", obj["id"], account, obj["amount"], None, back, _currency(obj),
        transfer_status(obj.get("status"), obj["amount"], back), obj.get("status"), None, _ref(obj, "destination"),
        _ref(obj, "balance_transaction"), None, _tag(obj) or _ref(obj, "source_transaction"), _at(obj),
    )  # fmt: skip


def _payout(obj: Json, account: str | None) -> ReconRow:
    said = obj.get("status") or ""
    return ReconRow(
        "payout", obj["id"], account, obj["amount"], None, None, _currency(obj), PAYOUT.read(said), said,
        "automatic" if obj.get("automatic") else "manual", _ref(obj, "destination"), _ref(obj, "balance_transaction"), None,
        _tag(obj), _at(obj),
    )  # fmt: skip


def _application_fee(obj: Json, account: str | None) -> ReconRow:
    return ReconRow(
        "application_fee", obj["id"], account, obj["amount"], None, obj.get("amount_refunded"), _currency(obj), None, None, None,
        _ref(obj, "charge"), _ref(obj, "balance_transaction"), None, None, _at(obj),
    )  # fmt: skip


def _balance_transaction(obj: Json, account: str | None) -> ReconRow:
    return ReconRow(
        "balance_transaction", obj["id"], account, obj["amount"], obj["fee"], obj["fee"], _currency(obj), None,
        obj.get("reporting_category"), obj["type"], _ref(obj, "source"), None, None, None, _at(obj),
    )  # fmt: skip


def line_of(payout: str, obj: Json, account: str | None) -> ReconRow:
    """A balance transaction as a line of the payout that pays it out."""
    return _balance_transaction(obj, account)._replace(object="payout_line", txn_ref=payout)


def _link(child: str, parent: str, account: str | None) -> ReconRow:
    return ReconRow("link", child, account, None, parent_ref=parent)


def _of_transfer(obj: Json) -> Iterator[ReconRow]:
    """Its payment in the account, its reversals here, and their refunds there, are all of the transfer."""
    whose = _ref(obj, "destination")
    if paid := _ref(obj, "destination_payment"):
        yield _link(paid, obj["id"], whose)
    for part in (obj.get("reversals") or {}).get("data") or ():
        yield _link(part["id"], obj["id"], None)
        if refund := _ref(part, "destination_payment_refund"):
            yield _link(refund, obj["id"], whose)


def _of_fee(obj: Json) -> Iterator[ReconRow]:
    """In the account, the fee and its refunds are parts of the charge that it was taken from."""
    whose = _ref(obj, "account")
    if charge := _ref(obj, "charge"):
        yield _link(obj["id"], charge, whose)
    for part in (obj.get("refunds") or {}).get("data") or ():
        yield _link(part["id"], obj["id"], None)
        yield _link(part["id"], obj["id"], whose)


_LINKS: Mapping[str, Callable[[Json], Iterator[ReconRow]]] = {"transfer": _of_transfer, "application_fee": _of_fee}
_READERS: Mapping[str, Callable[[Json, str | None], ReconRow]] = {
    "payment": _payment,
    "charge": _charge,
    "refund": _refund,
    "dispute": _dispute,
    "transfer": _transfer,
    "payout": _payout,
    "application_fee": _application_fee,
    "balance_transaction": _balance_transaction,
}
