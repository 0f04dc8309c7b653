"""Why money goes back: one of nine words, kept with the refund and in the audit with who asked; any other word is refused (REFUND-9)."""

from __future__ import annotations

from typing import get_args

import pytest

from billing.rules.refund_reasons import AT_STRIPE, Reason
from tests.harness.machine import Machine
from tests.tasks.payments.app.test_bank_refunds import REQUEST, WISH, machine

__all__ = ["machine"]
_KEPT = "SELECT key, reason, actor FROM bursar.refund_request ORDER BY id"
_AUDITED = """SELECT after ->> 'reason', actor, before ->> 'status', after ->> 'status', after ->> 'amount_minor'
              FROM bursar.audit WHERE action = 'refund_request.status' ORDER BY id"""
WORDS = {
    "customer_request", "error_correction", "dispute", "service_failure", "duplicate_payment", "fraud", "cancellation", "downgrade",
    "administrative",
}  # fmt: skip


@pytest.mark.requirement("REFUND-9", "AUDIT-1", "AUDIT-2")
def test_each_refund_has_a_reason_of_the_taxonomy_and_an_audit_entry(machine: Machine) -> None:
    assert set(get_args(Reason)) == WORDS
    assert set(AT_STRIPE) <= WORDS
    words = sorted(WORDS)
    for number, word in enumerate(words):
        asked = machine.run(REQUEST, {**WISH, "key": word, "amount_minor": 100 + number, "reason": word}, actor=f"user:{number}")
        assert asked["state"] == "succeeded", asked
    for wrong in ("because", "", None):
        assert machine.run(REQUEST, {**WISH, "key": "other", "amount_minor": 1, "reason": wrong})["code"] == "invalid_payload"
    kept = machine.all(_KEPT)
    assert sorted(kept) == [(word, word, f"app:user:{number}") for number, word in enumerate(words)]
    expected = [(word, f"app:user:{number}", None, "processing", str(100 + number)) for number, word in enumerate(words)]
    assert machine.all(_AUDITED) == expected
