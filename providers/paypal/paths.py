"""Where PayPal shows its objects. Ids come from bodies that could be forged, so each is escaped."""

from __future__ import annotations

from urllib.parse import quote

PATHS = {
    "capture": "/v2/payments/captures/",
    "sale": "/v1/payments/sale/",
    "refund": "/v2/payments/refunds/",
    "sale-refund": "/v1/payments/refund/",
    "subscription": "/v1/billing/subscriptions/",
    "dispute": "/v1/customer/disputes/",
    "payouts-batch": "/v1/payments/payouts/",
    "payouts-item": "/v1/payments/payouts-item/",
    "order": "/v2/checkout/orders/",
}


def path(kind: str, object_id: str) -> str:
    """The API path of an object of this kind.

    Raises:
        KeyError: there is no such kind.
    """
    return PATHS[kind] + quote(object_id, safe="")
