"""Refunds that wait for a second person: nothing is called before he agrees, and each decision is in the audit (REFUND-2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing.operations.decide_refund import person
from tests.flows.counter import Counter, opened
from tests.harness.cluster import Database
from tests.harness.sandbox import Sandbox

_ROW = "SELECT status, actor, decided_by FROM bursar.refund_request ORDER BY requested_at DESC, external_id DESC LIMIT 1"
_AUDIT = """SELECT actor, before ->> 'status', after ->> 'status', after ->> 'because', reason FROM bursar.audit
            WHERE action = 'refund_request.status' ORDER BY id"""


@pytest.fixture
def counter(database: Database, stripe_sandbox: Sandbox) -> Iterator[Counter]:
    """A shop where refunds of more than 5.00 wait."""
    with opened(database, stripe_sandbox, refund_approval_above_minor=500) as made:
        made.pay()
        yield made


def asked(counter: Counter, **more: Any) -> str:
    """A refund that waits; its reference."""
    told = counter.ask(actor="user:anna", **more)
    assert told["result"]["status"] == "pending", told
    return str(told["result"]["reference"])


def decide(counter: Counter, verb: str, reference: str, actor: str, **more: Any) -> dict[str, Any]:
    payload = {"source": "stripe", "reference": reference, **({"reason": "ticket 12"} | more)}
    return counter.machine.run(f"billing.refunds.{verb}.v1", payload, actor=actor)


@pytest.mark.requirement("REFUND-2", "AUDIT-2")
def test_a_second_person_agrees_and_only_then_the_provider_is_asked(counter: Counter) -> None:
    calls = len(counter.stripe.calls())
    reference = asked(counter)
    for actor in ("user:anna", "person:Anna (finance)"):
        assert decide(counter, "approve", reference, actor)["code"] == "same_person"
    counter.webhooks()
    # What waits is promised: nobody else can give it back meanwhile.
    assert counter.ask(amount_minor=1)["code"] == "nothing_left"
    assert (len(counter.stripe.calls()), counter.sums()[0]) == (calls, 0)

    assert decide(counter, "approve", reference, "user:ben")["result"]["status"] == "processing"
    assert decide(counter, "approve", reference, "user:ben")["state"] == "succeeded"
    counter.webhooks()
    assert decide(counter, "approve", reference, "user:cleo")["code"] == "not_pending"
    assert counter.machine.all(_ROW) == [("completed", "app:user:anna", "app:user:ben")]
    assert (counter.sums()[0], counter.stripe.count("refund")) == (1001, {"refund": 1})
    first, second, third = counter.machine.all(_AUDIT)
    assert first == ("app:user:anna", None, "pending", None, "billing.refunds.request.v1")
    assert second == ("app:user:ben", "pending", "processing", "ticket 12", "billing.refunds.approve.v1")
    assert third[1:3] == ("processing", "completed")


@pytest.mark.requirement("REFUND-2", "AUDIT-2")
@pytest.mark.parametrize(("verb", "status"), [("reject", "rejected"), ("cancel", "cancelled")])
def test_what_is_declined_or_given_up_was_never_asked_for_and_is_left_to_refund(counter: Counter, verb: str, status: str) -> None:
    calls = len(counter.stripe.calls())
    reference = asked(counter, amount_minor=900)
    noted = {"source": "stripe", "reference": reference, "text": "called the payer"}
    for _ in range(2):
        counter.machine.run("billing.refunds.note.v1", noted, actor="user:ben")
    for _ in range(2):
        assert decide(counter, verb, reference, "user:ben")["result"]["status"] == status
    for actor in ("user:cleo", "user:ben"):
        assert decide(counter, "approve", reference, actor)["code"] == "not_pending"
    assert len(counter.stripe.calls()) == calls
    assert counter.machine.all(_AUDIT)[1:] == [("app:user:ben", "pending", status, "ticket 12", f"billing.refunds.{verb}.v1")]
    noted_by = counter.machine.all("SELECT actor, after ->> 'notes' FROM bursar.audit WHERE action = 'refund_request.noted'")
    assert noted_by == [("app:user:ben", "1")]
    [notes] = counter.machine.one("SELECT array_agg(notes) FROM bursar.refund_request")
    assert [one["text"].rpartition(": ")[2] for one in notes] == ["called the payer", "ticket 12"]
    # A refund of no more than 5.00 waits for nobody, and the whole is left.
    assert counter.refund(amount_minor=500)["status"] == "processing"
    assert counter.ask(amount_minor=501)["result"]["status"] == "pending"


@pytest.mark.requirement("REFUND-1", "REFUND-2")
def test_the_rules_are_asked_again_when_somebody_agrees(counter: Counter) -> None:
    reference = asked(counter, amount_minor=900)
    counter.stripe.api("POST", "/v1/refunds", {"payment_intent": counter.payment, "amount": 400})
    counter.webhooks()
    told = decide(counter, "approve", reference, "user:ben")
    assert (told["code"], told["details"]) == ("over_refund", {"current": 900, "limit": 601})
    assert counter.machine.all(_ROW) == [("pending", "app:user:anna", None)]
    assert decide(counter, "approve", "REF-20260301-7K3M9QXA", "user:ben")["code"] == "unknown_refund"


def test_a_person_is_the_same_by_every_door() -> None:
    assert {person(name) for name in ("anna", "app:user:anna", "person:anna (finance)", "person:Anna (admin)")} == {"anna"}
    assert person("app:user:17") != person("app:user:18")


@pytest.mark.requirement("REFUND-13")
def test_a_package_says_what_is_clawed_back_until_the_money_is_ours_again(database: Database, stripe_sandbox: Sandbox) -> None:
    said = "SELECT status, clawback_minor, clawback_shortfall_minor FROM bursar.fulfilment"
    with opened(database, stripe_sandbox) as counter:
        counter.pay(purpose="credit_package", purpose_ref="cp-5")
        counter.refund(amount_minor=1)
        assert counter.machine.all(said) == [("granted", None, None)]
        counter.refund()
        assert counter.machine.all(said) == [("revoked", 1001, None)]
        counter.stripe.fail_refund(counter.stripe.objects("refund")[-1]["id"])
        counter.webhooks(twice=True)
        assert counter.machine.all(said) == [("granted", None, None)]
        counter.refund()
        assert counter.machine.all(said) == [("revoked", 1001, None)]
        told = counter.machine.all("SELECT action, after ->> 'amount_minor' FROM bursar.audit WHERE action LIKE 'credits.%' ORDER BY id")
        assert told == [("credits.clawed_back", "1001"), ("credits.given_back", "1001"), ("credits.clawed_back", "1001")]
