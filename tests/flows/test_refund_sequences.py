"""Refunds in random sequences, with others' and with failures between them: what everybody has in the end is exact (REFUND-3, 4, 6)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from billing.rules.refund import fee_back
from tasks.maintenance.check_invariants import check
from tests.flows.counter import Counter, opened
from tests.harness.cluster import Database
from tests.harness.sandbox import Sandbox

SEED = 20261121
_UNDONE = ("failed", "canceled")
_PAID = """SELECT p.external_id, r.reference, p.received_minor, p.refunded_minor, r.application_fee_minor, p.refund_requests
           FROM bursar.payment p JOIN (SELECT payment_ref, external_id AS reference, application_fee_minor
           FROM bursar.payment_request) r ON r.payment_ref = p.external_id WHERE p.external_id = %s"""
_OWED = """SELECT coalesce(sum((one ->> 'amount_minor')::bigint - (one ->> 'netted_minor')::bigint), 0)
           FROM bursar.payee, jsonb_path_query(owed, '$.*') AS one WHERE external_id = %s"""


@pytest.fixture
def counter(database: Database, stripe_sandbox: Sandbox) -> Iterator[Counter]:
    with opened(database, stripe_sandbox) as made:
        yield made


def play(counter: Counter, chance: random.Random, payment: str, step: int) -> None:
    """One thing happens to a payment."""
    counter.payment = payment
    standing = [one for one in counter.stripe.objects("refund") if one["payment_intent"] == payment and one["status"] not in _UNDONE]
    if step == 0 and standing:
        counter.stripe.fail_refund(chance.choice(standing)["id"])
    elif step == 1:
        counter.stripe.api("POST", "/v1/refunds", {"payment_intent": payment, "amount": chance.randrange(1, 120)})
    else:
        counter.ask(amount_minor=chance.randrange(1, 250))
    counter.webhooks(backwards=chance.random() < 0.5, twice=chance.random() < 0.2)


def agrees(counter: Counter, payment: str, account: str, way: str) -> None:
    """Payer, platform and payee have exactly what is theirs."""
    _, _, whole, refunded, fee, requests = counter.machine.all(_PAID, payment)[0]
    refunds = [one for one in counter.stripe.objects("refund") if one["payment_intent"] == payment and one["status"] not in _UNDONE]
    assert sum(one["amount"] for one in refunds) == refunded == whole
    ours = [one for one in requests.values() if one["state"] == "made"]
    others = whole - sum(one["amount_minor"] for one in ours)
    assert sum(one["fee_minor"] for one in ours) == fee - fee_back("proportional", fee, others, whole)
    assert all(one["state"] != "pending" for one in requests.values())

    has = sum(one["amount"] - one["amount_reversed"] for one in counter.stripe.objects("transfer") if one["destination"] == account)
    fees = [one for one in counter.stripe.objects("application_fee") if one["account"] == account]
    has -= sum(one["amount"] - one["amount_refunded"] for one in fees)
    taken = sum(one["transfer_minor"] - (one["fee_minor"] if way == "destination_ref" else 0) for one in ours)
    assert has - counter.machine.one(_OWED, account) == whole - fee - taken


@pytest.mark.requirement("REFUND-3", "REFUND-4", "REFUND-6", "REFUND-11")
def test_whatever_happens_between_everybody_has_what_is_his(counter: Counter) -> None:
    chance = random.Random(SEED)
    paid: list[tuple[str, str, str]] = []
    for currency in ("EUR", "JPY", "KWD"):
        counter.stripe.top_up(100_000, currency.lower())
    for number, (currency, way) in enumerate((
        ("EUR", "destination_ref"), ("JPY", "destination_ref"), ("KWD", "destination_ref"), ("EUR", "payee_ref"), ("KWD", "payee_ref"),
    )):  # fmt: skip
        account = counter.stripe.ready_account()
        shared: dict[str, Any] = {way: account}
        minor = 1010 if currency == "KWD" else chance.randrange(901, 1300)
        paid.append((counter.pay(minor, currency, reference=f"order:{number}", **shared), account, way))
    for payment, _, _ in paid:
        for step in chance.sample((0, 1, 2, 2), k=3):
            play(counter, chance, payment, step)
    for payment, account, way in paid:
        counter.payment = payment
        counter.refund()
        agrees(counter, payment, account, way)
    far = timedelta(days=60)
    now = counter.machine.clock.now()
    assert [str(one) for one in check(counter.machine.context.engine, now - far, now + far)] == []
