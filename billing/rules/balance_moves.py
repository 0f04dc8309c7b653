"""What Stripe's types of balance transactions mean for the journal: which object books the move, or as what it is booked itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

Meaning = Literal["fact", "dispute", "fee", "reserve", "topup", "charge_failure", "unexplained"]

_FACTS: Mapping[str, str] = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund",
    "application_fee": "application_fee",
    "application_fee_refund": "application_fee",
    "payout": "payout",
    "payout_failure": "payout",
    "payout_cancel": "payout",
    "transfer": "transfer",
    "transfer_refund": "transfer",
    "transfer_cancel": "transfer",
    "transfer_failure": "transfer",
}
"""Type -> the aggregate whose own fact books the move; only its fee is booked from here."""

_FEES = frozenset({"stripe_fee", "stripe_fx_fee", "tax_fee", "network_cost"})
_RESERVES = frozenset({"reserve_transaction", "reserved_funds", "reserve_hold", "reserve_release"})
_TOPUPS = frozenset({"topup", "topup_reversal"})
_DISPUTES = frozenset({"dispute", "dispute_reversal"})
_CONVERTED = frozenset({"charge", "payment", "refund", "payment_refund", "refund_failure", "application_fee"})
"""Types whose source is the object that books them, under its own id."""
_OF_OTHERS = frozenset({"application_fee"})
"""Parts of a fee that another fact books."""


def meaning(type_: str | None, reporting_category: str | None) -> Meaning:
    """Of a balance transaction. An adjustment for a dispute is told by the dispute itself, its fee too."""
    if reporting_category in _DISPUTES:
        return "dispute"
    if type_ in _FACTS:
        return "fact"
    if type_ == "payment_failure_refund":
        return "charge_failure"
    for types, means in _BY_TYPES:
        if type_ in types:
            return means
    return "unexplained"


_BY_TYPES: tuple[tuple[frozenset[str], Meaning], ...] = ((_FEES, "fee"), (_RESERVES, "reserve"), (_TOPUPS, "topup"))


def converted_source(type_: object, exchange_rate: object, source_ref: object) -> tuple[str, str] | None:
    """(aggregate, external id) of the object that the transaction brought into another currency; None if it did not."""
    if (
        not isinstance(exchange_rate, str)
        or not isinstance(source_ref, str)
        or not isinstance(type_, str)
        or type_ not in _CONVERTED
    ):
        return None
    return _FACTS[type_], source_ref


def own_fee_minor(fee_minor: int, fees: Iterable[Mapping[str, Any]]) -> int:
    """What of the fee the provider kept for itself, in minor units: all but the platform's application fee."""
    others: int = sum(part["amount_minor"] for part in fees if part["type"] in _OF_OTHERS)
    return fee_minor - others
