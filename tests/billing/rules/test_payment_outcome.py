"""What a payment came to (PAY-1): a pure function, and never a step back, whatever arrives next."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.payment_outcome import Outcome, payment_outcome
from billing.rules.states import CHARGE, PAYMENT

pytestmark = pytest.mark.requirement("PAY-1")

NONE = (None, None, None)


def tried(status: str, *, at: str = "2026-03-01", captured: int | None = None, code: str | None = None) -> dict[str, Any]:
    failure = {"failure_code": code, "failure_message": code and f"{code}!", "decline_code": None}
    return {"status": status, "at": at, "captured_minor": captured} | failure


@pytest.mark.parametrize(
    ("intent", "charges", "status"),
    [
        (None, {}, "pending"),
        ("pending", {}, "pending"),
        ("requires_action", {"a": tried("failed")}, "requires_action"),
        ("processing", {"a": tried("failed")}, "processing"),
        ("cancelled", {"a": tried("authorised")}, "cancelled"),
        ("failed", {"a": tried("pending")}, "failed"),
        (None, {"a": tried("failed")}, "failed"),
        ("pending", {"a": tried("failed")}, "failed"),
        (None, {"a": tried("failed"), "b": tried("pending")}, "processing"),
        (None, {"a": tried("authorised")}, "authorised"),
        (None, {"a": tried("cancelled")}, "cancelled"),
        (None, {"a": tried("unknown")}, "unknown"),
        ("cancelled", {"a": tried("succeeded", captured=5)}, "succeeded"),
        ("succeeded", {"a": tried("failed")}, "succeeded"),
    ],
)
def test_what_it_came_to(intent: str | None, charges: dict[str, Any], status: str) -> None:
    assert payment_outcome(intent, None, NONE, charges).status == status


def test_money_is_what_the_charges_took_or_the_whole_says() -> None:
    charges = {"a": tried("succeeded", captured=300), "b": tried("succeeded", captured=200), "c": tried("failed")}
    assert payment_outcome(None, None, NONE, charges).received_minor == 500
    assert payment_outcome("succeeded", 700, NONE, charges).received_minor == 700
    assert payment_outcome("processing", 700, NONE, {}).received_minor == 0


@pytest.mark.requirement("INBOX-13")
def test_the_failure_is_the_providers_last_word_else_the_newest_charges() -> None:
    charges = {"a": tried("failed", at="2026-03-02", code="expired"), "b": tried("failed", at="2026-03-01", code="lost")}
    assert payment_outcome("failed", 0, ("card_declined", "No.", "x"), charges).failure_code == "card_declined"
    outcome = payment_outcome(None, None, NONE, charges)
    assert (outcome.failure_code, outcome.failure_message) == ("expired", "expired!")
    assert payment_outcome("succeeded", 5, ("old", None, None), charges) == Outcome("succeeded", 5, None, None, None)


INTENTS = st.sampled_from([None, *PAYMENT.order])
CHARGES = st.dictionaries(st.sampled_from("ab"), st.sampled_from(sorted(CHARGE.order)))


@given(INTENTS, CHARGES, INTENTS, CHARGES)
def test_every_step_that_a_merge_can_make_is_legal(
    intent: str | None, charges: dict[str, str], next_intent: str | None, next_charges: dict[str, str]
) -> None:
    """A merge leads each part on within its own table; the whole must then be a legal move as well."""
    if next_intent is None or (intent is not None and not PAYMENT.legal(intent, next_intent)):
        next_intent = intent
    moved = {key: status for key, status in next_charges.items() if CHARGE.legal(charges.get(key), status)}
    before = payment_outcome(intent, None, NONE, {key: tried(status) for key, status in charges.items()})
    after = payment_outcome(next_intent, None, NONE, {key: tried(status) for key, status in (charges | moved).items()})
    assert PAYMENT.legal(before.status, after.status)
