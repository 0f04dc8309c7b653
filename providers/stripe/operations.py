"""What we make and move at Stripe: each operation's call in Stripe's words, and how to ask what came of it.

Verbs give values in our words (`amount_minor`, `payment_ref`, ...); names that an operation does not know are a bug and
raise. `params` passes through what is Stripe's own (line items, evidence). None is left out.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

import msgspec

from providers.submission import TAG_REQUEST, TAG_SUBMISSION, Rendered

KEY_LIFE_S = 23 * 3600.0
"""Stripe keeps a key at least 24 h (its page on idempotent requests); an hour is left for clocks."""

Json = Mapping[str, Any]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "amount_minor": ("amount",),
    "currency": ("currency",),
    "customer_ref": ("customer",),
    "payment_ref": ("payment_intent",),
    "payment_method_ref": ("payment_method",),
    "charge_ref": ("charge",),
    "source_charge_ref": ("source_transaction",),
    "destination_ref": ("destination",),
    "transfer_destination_ref": ("transfer_data", "destination"),
    "on_behalf_of_ref": ("on_behalf_of",),
    "application_fee_minor": ("application_fee_amount",),
    "transfer_group": ("transfer_group",),
    "description": ("description",),
    "statement_descriptor": ("statement_descriptor",),
    "reason": ("reason",),
    "cancellation_reason": ("cancellation_reason",),
    "reverse_transfer": ("reverse_transfer",),
    "refund_application_fee": ("refund_application_fee",),
    "confirm": ("confirm",),
    "off_session": ("off_session",),
    "return_url": ("return_url",),
    "refresh_url": ("refresh_url",),
    "account_ref": ("account",),
    "method": ("method",),
    "email": ("email",),
    "name": ("name",),
    "evidence": ("evidence",),
    "submit": ("submit",),
    "cancel_at_period_end": ("cancel_at_period_end",),
    "items": ("items",),
    "proration_behavior": ("proration_behavior",),
    "event_name": ("event_name",),
    "metered_customer_ref": ("payload", "stripe_customer_id"),
    "metered_value": ("payload", "value"),
    "identifier": ("identifier",),
    "used_at": ("timestamp",),
}
"""Our name -> where Stripe wants it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `tagged`: what it makes carries metadata, by which a look-up knows it."""

    path: str
    kind: str
    tagged: bool = True
    fixed: Json = field(default_factory=dict)
    found_in: str | None = None
    """The list that shows what it made, as a path whose placeholders are names of the body or of the call's path."""
    filters: tuple[str, ...] = ()
    """Names of the body that narrow that list."""
    by_time: bool = True
    """Whether that list is narrowed to what was made lately where nothing else narrows it. Not where it is short: a list that
    depends on no clock misses nothing."""
    object_path: str | None = None
    """For operations on an object that exists: where it shows."""
    happened: Callable[[Json], bool] | None = None
    """Whether that object shows that the operation was done; None: by its metadata."""

    def render(self, values: Json, tags: Json) -> Rendered:
        """The call. Raises KeyError for a value that the operation has no place for."""
        places = _places(self.path)
        path = self.path.format_map({name: quote(str(values[name]), safe="") for name in places}) if places else self.path
        body: dict[str, Any] = {**self.fixed}
        for name, value in values.items():
            if name in places or name == "params" or value is None:
                continue
            *way, last = _NAMES[name]
            here = body
            for step in way:
                here = here.setdefault(step, {})
            here[last] = value.lower() if name == "currency" else value
        params = values.get("params") or {}
        body |= params
        if self.tagged:
            body["metadata"] = {**params.get("metadata", {}), **tags}
        return Rendered(path=path, body=msgspec.json.encode(body).decode(), kind=self.kind)


@cache
def _places(path: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(path) if name)


_INTENT, _REFUND, _DISPUTE, _SESSION, _SUBSCRIPTION = (
    "/v1/payment_intents/{payment_ref}",
    "/v1/refunds/{refund_ref}",
    "/v1/disputes/{dispute_ref}",
    "/v1/checkout/sessions/{session_ref}",
    "/v1/subscriptions/{subscription_ref}",
)

OPERATIONS: Mapping[str, Operation] = {
    "payment_intent.create": Operation(
        path="/v1/payment_intents", kind="payment_intent", found_in="/v1/payment_intents", filters=("customer",)
    ),
    "payment_intent.confirm": Operation(
        path=f"{_INTENT}/confirm", kind="payment_intent", tagged=False, object_path=_INTENT,
        happened=lambda it: it["status"] not in ("requires_confirmation", "requires_payment_method") or bool(it.get("last_payment_error")),
    ),
    "payment_intent.cancel": Operation(
        path=f"{_INTENT}/cancel", kind="payment_intent", tagged=False, object_path=_INTENT, happened=lambda it: it["status"] == "canceled"
    ),
    "refund.create": Operation(path="/v1/refunds", kind="refund", found_in="/v1/refunds", filters=("charge", "payment_intent")),
    "refund.cancel": Operation(
        path=f"{_REFUND}/cancel", kind="refund", tagged=False, object_path=_REFUND, happened=lambda it: it["status"] == "canceled"
    ),
    "transfer.create": Operation(path="/v1/transfers", kind="transfer", found_in="/v1/transfers", filters=("destination",)),
    "transfer_reversal.create": Operation(
        path="/v1/transfers/{transfer_ref}/reversals", kind="transfer_reversal", found_in="{path}", by_time=False
    ),
    "fee_refund.create": Operation(
        path="/v1/application_fees/{fee_ref}/refunds", kind="application_fee_refund", found_in="{path}", by_time=False
    ),
    "payout.create": Operation(path="/v1/payouts", kind="payout", found_in="/v1/payouts", by_time=False),
    "payout.cancel": Operation(
        path="/v1/payouts/{payout_ref}/cancel", kind="payout", tagged=False, object_path="/v1/payouts/{payout_ref}",
        happened=lambda it: it["status"] == "canceled",
    ),
    "dispute.update": Operation(
        path=_DISPUTE, kind="dispute", object_path=_DISPUTE,
    ),
    "dispute.close": Operation(
        path=f"{_DISPUTE}/close", kind="dispute", tagged=False, object_path=_DISPUTE, happened=lambda it: it["status"] == "lost"
    ),
    "checkout_session.create": Operation(
        path="/v1/checkout/sessions", kind="checkout_session", found_in="/v1/checkout/sessions", filters=("customer",)
    ),
    "checkout_session.expire": Operation(
        path=f"{_SESSION}/expire", kind="checkout_session", tagged=False, object_path=_SESSION,
        happened=lambda it: it["status"] == "expired",
    ),
    "account.create": Operation(path="/v1/accounts", kind="account", found_in="/v1/accounts"),
    # A link lives for minutes and moves nothing: one more does no harm, so there is nothing to look up.
    "account_link.create": Operation(path="/v1/account_links", kind="account_link", tagged=False),
    # The identifier makes it count once at Stripe, too, so that there is nothing to look up.
    "meter_event.create": Operation(path="/v1/billing/meter_events", kind="meter_event", tagged=False),
    "subscription.update": Operation(path=_SUBSCRIPTION, kind="subscription", object_path=_SUBSCRIPTION),
    "subscription.cancel": Operation(
        path=f"DELETE {_SUBSCRIPTION}", kind="subscription", tagged=False, object_path=_SUBSCRIPTION,
        happened=lambda it: it["status"] == "canceled",
    ),
    "customer.create": Operation(path="/v1/customers", kind="customer", found_in="/v1/customers", filters=("email",)),
    "customer.update": Operation(path="/v1/customers/{customer_ref}", kind="customer", object_path="/v1/customers/{customer_ref}"),
}  # fmt: skip
"""Name -> operation. Providers that can do the same use the same name."""


def render(operation: str, values: Json, *, request: str, key: str) -> Rendered:
    """The call of an operation; what it makes is tagged with the request and the submission that wanted it.

    Raises:
        KeyError: no such operation, or a value that it has no place for.
    """
    return OPERATIONS[operation].render(values, {TAG_REQUEST: request, TAG_SUBMISSION: key})
