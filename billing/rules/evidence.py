"""What may be said in answer to a dispute: the provider's fields of evidence, so that a wrong name is refused before any call."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS = frozenset({
    "access_activity_log", "billing_address", "cancellation_policy_disclosure", "cancellation_rebuttal", "customer_email_address",
    "customer_name", "customer_purchase_ip", "duplicate_charge_explanation", "duplicate_charge_id", "product_description",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "shipping_address", "shipping_carrier", "shipping_date",
    "shipping_tracking_number", "uncategorized_text",
})  # fmt: skip
"""Stripe's page on evidence: fields that hold a text."""

FILES = frozenset({
    "cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation", "receipt", "refund_policy",
    "service_documentation", "shipping_documentation", "uncategorized_file",
})  # fmt: skip
"""And those that hold the id of an uploaded file (`file_...`)."""

MOST_CHARACTERS = 150_000
"""Of all texts together, as Stripe bounds them."""


def check_evidence(evidence: Mapping[str, str]) -> None:
    """Refuse what no provider would take.

    Raises:
        ValueError: nothing is said, a field is unknown or empty, a file is no file's id, or it is too long.
    """
    if not evidence:
        raise ValueError("evidence must not be empty")
    for name, value in evidence.items():
        if name not in TEXTS | FILES:
            raise ValueError(f"evidence has no field {name}; texts: {', '.join(sorted(TEXTS))}; files: {', '.join(sorted(FILES))}")
        if not value.strip():
            raise ValueError(f"evidence.{name} must not be empty")
        if name in FILES and not (value.startswith("file_") and value.isascii() and value.replace("_", "").isalnum()):
            raise ValueError(f"evidence.{name} must be the id of a file that the provider has, such as file_1Abc")
    if sum(len(value) for value in evidence.values()) > MOST_CHARACTERS:
        raise ValueError(f"evidence must not be longer than {MOST_CHARACTERS} characters together")
