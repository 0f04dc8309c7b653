"""Where Stripe shows its objects, for look-ups that no event gave an address for. Ids come from outside: each is escaped."""

from __future__ import annotations

from urllib.parse import quote

PATHS = {
    "account": "/v1/accounts/",
    "application_fee": "/v1/application_fees/",
    "balance_transaction": "/v1/balance_transactions/",
    "charge": "/v1/charges/",
    "checkout.session": "/v1/checkout/sessions/",
    "customer": "/v1/customers/",
    "dispute": "/v1/disputes/",
    "invoice": "/v1/invoices/",
    "payment_intent": "/v1/payment_intents/",
    "payment_method": "/v1/payment_methods/",
    "payout": "/v1/payouts/",
    "refund": "/v1/refunds/",
    "subscription": "/v1/subscriptions/",
    "tax_id": "/v1/tax_ids/",
    "transfer": "/v1/transfers/",
}
"""Kind of object, as `event_types.FETCHED` has it -> the path before its id."""


def path(kind: str, object_id: str) -> str:
    """The API path of an object of this kind.

    Raises:
        KeyError: there is no such kind.
    """
    return PATHS[kind] + quote(object_id, safe="")
