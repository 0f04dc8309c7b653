"""Where providers show the objects that findings are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.paypal import paths as paypal
from providers.stripe import paths as stripe

_STRIPE = {
    "payment": "payment_intent",
    "charge": "charge",
    "refund": "refund",
    "dispute": "dispute",
    "transfer": "transfer",
    "payout": "payout",
    "application_fee": "application_fee",
    "balance_transaction": "balance_transaction",
}
_PAYPAL = {
    "charge": (("capture", "capture"), ("sale", "sale")),
    "refund": (("refund", "refund"), ("refund", "sale-refund")),
    "dispute": (("dispute", "dispute"),),
    "payout": (("payouts-item", "payouts-item"),),
}
"""Object -> (kind, path) of each generation; a report does not say of which an id is."""


def address(source: str, object_type: str, object_ref: str) -> Mapping[str, Any] | None:
    """What a look-up's payload needs to find the object; None where the provider shows no such thing.

    A reference `<id>@<account>` is the object's part in a connected account's books.
    """
    object_ref = object_ref.partition("@")[0]
    if source == "stripe":
        kind = _STRIPE.get(object_type)
        return {"kind": kind, "id": object_ref, "url": stripe.path(kind, object_ref)} if kind in stripe.PATHS else None
    if ":" in object_ref:
        return None  # a line of the report that nothing of ours belongs to: `T0001:<transaction>`
    places = [{"kind": kind, "path": paypal.path(at, object_ref)} for kind, at in _PAYPAL.get(object_type, ())]
    return {"id": object_ref, **places[0], "or": places[1:]} if places else None
