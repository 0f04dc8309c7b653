"""Why money goes back (REFUND-9), and what a provider is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Reason = Literal[
    "customer_request", "error_correction", "dispute", "service_failure", "duplicate_payment", "fraud", "cancellation", "downgrade",
    "administrative",
]  # fmt: skip
REASONS: tuple[str, ...] = get_args(Reason)

AT_STRIPE: Mapping[str, str] = {
    "customer_request": "requested_by_customer",
    "cancellation": "requested_by_customer",
    "duplicate_payment": "duplicate",
    # `fraudulent` puts the payer's card and address on Stripe's block lists: that is what fraud means here, too.
    "fraud": "fraudulent",
}
"""Stripe knows three reasons only; for the others none is told."""
