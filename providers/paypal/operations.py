"""What we make and move at PayPal: each operation's call in PayPal's words, under the names that Stripe's table has.

Verbs give values in our words (`amount_minor`, `capture_ref`, ...); a name that an operation does not know is a bug and
raises. `params` passes through what is PayPal's own, merged over the rest.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from billing.rules.money import format_minor, provider_exponent
from providers.submission import TAG_REQUEST, TAG_SUBMISSION, Rendered

Json = Mapping[str, Any]

_HOUR_S, _DAY_S = 3600.0, 86400.0
ORDERS_LIFE_S = 5 * _HOUR_S
"""Orders v2 keeps an id for 6 h (its reference); an hour is left for clocks."""
PAYMENTS_LIFE_S = 44 * _DAY_S
"""Payments v2 keeps it for 45 days."""
V1_LIFE_S = PAYOUTS_LIFE_S = 29 * _DAY_S
"""`sender_batch_id`, and ids of v1, for 30 days."""
SUBSCRIPTIONS_LIFE_S = 71 * _HOUR_S
"""Subscriptions keep an id for 72 h."""
NO_KEY_S = 0.0
"""Disputes know no key: after a lost reply the dispute itself is looked at before anything is sent again."""

_LONGEST_ITEM_ID, _LONGEST_LINE, _LONGEST_TEXT, _LONGEST_NOTE = 63, 127, 255, 2000
_LONGEST_REASON = 128
LookUp = Literal["order", "capture_refunds", "sale_refunds", "dispute", "subscription", "none", "cannot"]
LONGEST_CUSTOM, LONGEST_ORDER_CUSTOM = 127, 255
"""Characters of `custom_id` and `invoice_number` of refunds, and of an order's `custom_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `known`: the values that it has a place for; `body` makes the call of them and of the request's tag."""

    path: str
    kind: str
    known: frozenset[str]
    body: Callable[[Json, str, str], dict[str, Any]]
    key_life_s: float
    look_up: LookUp
    """How to ask what came of it once the key can say no more; `none`: one more does no harm; `cannot`: nobody can say."""


def _money(values: Json, name: str = "currency_code", amount: str = "value") -> dict[str, str]:
    currency = str(values["currency"]).upper()
    return {name: currency, amount: format_minor(int(values["amount_minor"]), provider_exponent("paypal", currency))}


def custom(values: Json, request: str, most: int = LONGEST_CUSTOM) -> str:
    """What stands in `custom_id`: the request, and what the app declared, as `providers/paypal/shapes/declared.py` reads it.

    Raises:
        ValueError: it is longer than PayPal takes, or would not be read as it was written.
    """
    said = {TAG_REQUEST: request, **(values.get("metadata") or {})}
    if any("&" in str(part) or "=" in str(name) for name, value in said.items() for part in (name, value)):
        raise ValueError("metadata for PayPal has no & in names and values, and no = in names")
    text = "&".join(f"{name}={value}" for name, value in said.items())
    if len(text) > most:
        raise ValueError(f"metadata for PayPal takes {len(text)} characters of {most}: give fewer or shorter values")
    return text


def _text(name: str, said: object, most: int) -> dict[str, str]:
    """A text for people, cut to what PayPal takes: a note that is too long must not have money refused."""
    text = str(said or "").strip()
    return {name: text if len(text) <= most else f"{text[: most - 1]}…"} if text else {}


def _order(values: Json, request: str, key: str) -> dict[str, Any]:  # noqa: ARG001 - all bodies are made of the same
    context = {"shipping_preference": "NO_SHIPPING", "user_action": "PAY_NOW"}
    context |= {name: values[name] for name in ("return_url", "cancel_url") if values.get(name)}
    unit = {"amount": _money(values), "custom_id": custom(values, request, LONGEST_ORDER_CUSTOM)}
    unit |= _text("description", values.get("description"), _LONGEST_LINE)
    unit |= {name: values[said] for name, said in (("reference_id", "client_reference"), ("invoice_id", "invoice_ref")) if values.get(said)}
    return {"intent": "CAPTURE", "purchase_units": [unit], "payment_source": {"paypal": {"experience_context": context}}}


def _nothing(values: Json, request: str, key: str) -> dict[str, Any]:  # noqa: ARG001
    return {}


def _capture_refund(values: Json, request: str, key: str) -> dict[str, Any]:  # noqa: ARG001
    body: dict[str, Any] = {"amount": _money(values), "custom_id": custom(values, request)}
    return body | _text("note_to_payer", values.get("note"), _LONGEST_TEXT)


def _sale_refund(values: Json, request: str, key: str) -> dict[str, Any]:  # noqa: ARG001
    body: dict[str, Any] = {"amount": _money(values, "currency", "total"), "invoice_number": custom(values, request)}
    return body | _text("description", values.get("note"), _LONGEST_TEXT)


def _payout(values: Json, request: str, key: str) -> dict[str, Any]:
    receiver = str(values["destination_ref"])
    kind = values.get("recipient_type") or ("EMAIL" if "@" in receiver else "PAYPAL_ID")
    item = {"recipient_type": kind, "receiver": receiver, "amount": _money(values, "currency")}
    item |= {"sender_item_id": request if len(request) <= _LONGEST_ITEM_ID else key}
    item |= _text("note", values.get("note"), _LONGEST_TEXT)
    return {"sender_batch_header": {"sender_batch_id": batch_id(request, key)}, "items": [item]}


def batch_id(request: str, key: str) -> str:
    """The `sender_batch_id`: the same under every generation of a key, and each item shows it. Within 30 days PayPal pays it once."""
    return f"{TAG_REQUEST}={request}&{TAG_SUBMISSION}={key}"


def _accept(values: Json, request: str, key: str) -> dict[str, Any]:  # noqa: ARG001
    body: dict[str, Any] = {**_text("note", values.get("note") or "accepted", _LONGEST_NOTE), "accept_claim_type": "REFUND"}
    return body | ({"refund_amount": _money(values)} if values.get("amount_minor") else {})


def _evidence(values: Json, request: str, key: str) -> dict[str, Any]:  # noqa: ARG001
    given = values.get("evidence") or {}
    if isinstance(given, list):
        return {"evidences": given}
    # Our own form, as with Stripe: names and texts. PayPal reads notes, of a kind that takes any text.
    text = "\n".join(f"{name}: {said}" for name, said in given.items())
    notes = [text[start : start + _LONGEST_NOTE] for start in range(0, len(text), _LONGEST_NOTE)]
    return {"evidences": [{"evidence_type": str(values.get("evidence_type") or "OTHER"), "notes": note} for note in notes]}


def _cancelled(values: Json, request: str, key: str) -> dict[str, Any]:  # noqa: ARG001
    return _text("reason", values.get("reason") or "cancelled", _LONGEST_REASON)  # PayPal wants one, and shows it to the payer


_MONEY = frozenset({"amount_minor", "currency", "metadata", "params"})
_DISPUTE = "/v1/customer/disputes/{dispute_ref}"
_CAPTURE_REFUND = Operation(
    path="/v2/payments/captures/{charge_ref}/refund", kind="refund", known=_MONEY | {"charge_ref", "payment_ref", "note", "reason"},
    body=_capture_refund, key_life_s=PAYMENTS_LIFE_S, look_up="capture_refunds",
)  # fmt: skip
_SALE_REFUND = Operation(
    path="/v1/payments/sale/{charge_ref}/refund", kind="refund", known=_CAPTURE_REFUND.known,
    body=_sale_refund, key_life_s=V1_LIFE_S, look_up="sale_refunds",
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {
    "order.create": Operation(
        path="/v2/checkout/orders", kind="order",
        known=_MONEY | {"description", "client_reference", "invoice_ref", "return_url", "cancel_url"},
        # Nobody can approve an order whose link nobody got: one more moves nothing.
        body=_order, key_life_s=ORDERS_LIFE_S, look_up="none",
    ),
    "order.capture": Operation(
        path="/v2/checkout/orders/{order_ref}/capture", kind="order", known=frozenset({"order_ref", "params"}),
        body=_nothing, key_life_s=ORDERS_LIFE_S, look_up="order",
    ),
    "refund.create": _CAPTURE_REFUND,
    "sale_refund.create": _SALE_REFUND,
    "payout.create": Operation(
        path="/v1/payments/payouts", kind="payout",
        known=_MONEY | {"destination_ref", "recipient_type", "note", "description"},
        body=_payout, key_life_s=PAYOUTS_LIFE_S, look_up="cannot",
    ),
    "dispute.accept": Operation(
        path=f"{_DISPUTE}/accept-claim", kind="dispute", known=_MONEY | {"dispute_ref", "note"},
        body=_accept, key_life_s=NO_KEY_S, look_up="dispute",
    ),
    "dispute.provide_evidence": Operation(
        path=f"{_DISPUTE}/provide-evidence", kind="dispute",
        known=frozenset({"dispute_ref", "evidence", "evidence_type", "params", "note"}),
        body=_evidence, key_life_s=NO_KEY_S, look_up="dispute",
    ),
    "subscription.cancel": Operation(
        path="/v1/billing/subscriptions/{subscription_ref}/cancel", kind="subscription", known=frozenset({"subscription_ref", "reason"}),
        body=_cancelled, key_life_s=SUBSCRIPTIONS_LIFE_S, look_up="subscription",
    ),
}  # fmt: skip
"""Name -> operation. `refund.create` of a v1 sale (`charge_kind: sale`) is rendered as `sale_refund.create`."""


def of(operation: str, path: str) -> Operation:
    """The operation as it was rendered: a stored path tells a refund of a sale from one of a capture."""
    return _SALE_REFUND if operation == "refund.create" and path.startswith("/v1/") else OPERATIONS[operation]


def render(operation: str, values: Json, *, request: str, key: str) -> Rendered:
    """The call of an operation; what it makes names the request that wanted it.

    Raises:
        KeyError: no such operation, or a value that it has no place for.
        ValueError: a value that PayPal cannot hold.
    """
    given = {name: value for name, value in values.items() if value is not None}
    sale = given.pop("charge_kind", None) == "sale"
    chosen = _SALE_REFUND if sale and operation == "refund.create" else OPERATIONS[operation]
    unknown = given.keys() - chosen.known
    if unknown:
        raise KeyError(f"{operation} at PayPal has no place for {', '.join(sorted(unknown))}")
    if "charge_ref" in chosen.known and "charge_ref" not in given:
        given["charge_ref"] = given["payment_ref"]
    places = {name for _, name, _, _ in string.Formatter().parse(chosen.path) if name}
    path = chosen.path.format_map({name: quote(str(given[name]), safe="") for name in places})
    body = chosen.body(given, request, key) | dict(given.get("params") or {})
    return Rendered(path=path, body=json.dumps(body, separators=(",", ":"), ensure_ascii=False), kind=chosen.kind)
