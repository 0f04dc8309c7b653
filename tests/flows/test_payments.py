"""Taking money end to end against the stand-in of Stripe: command, submission, real HTTP, answer and webhooks in both orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tasks.maintenance.check_invariants import check
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

ORDER: dict[str, Any] = {
    "source": "stripe", "reference": "order:17", "amount_minor": 1010, "currency": "EUR", "payment_method_ref": "pm_card_visa",
    "purpose": "course_enrolment", "purpose_ref": "enr-3", "description": "Course of 3 lessons",
}  # fmt: skip
PAGE = {"success_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/cart"}


class Shop:
    """The app, Bursar and Stripe."""

    def __init__(self, machine: Machine, sandbox: Sandbox, mail: SmtpServer) -> None:
        self.machine, self.stripe, self.mail = machine, sandbox.control, mail
        self.customer = self.created()

    def created(self) -> str:
        """A customer made by command; the provider's id."""
        asked = {"source": "stripe", "external_ref": "user-7", "email": "Ann@Example.com"}
        told = self.machine.run("billing.customers.create.v1", asked, "c")
        assert told["state"] == "succeeded", told
        found = self.outcome("c")
        assert found["status"] == "created", found
        return str(found["object_ref"])

    def outcome(self, key: str) -> dict[str, Any]:
        """What the app is told."""
        return dict(self.machine.one("SELECT bursar_api.outcome(%s)", key) or {})

    def webhooks(self, *, backwards: bool = False, twice: bool = False) -> None:
        """Stripe's events arrive."""
        events = self.stripe.take_events()
        for event in (reversed(events) if backwards else events):
            self.machine.deliver(event)
        if twice:
            for event in events:
                self.machine.deliver(event | {"id": f"{event['id']}_again"})
        self.machine.settle()
        assert self.machine.failures() == []

    def status(self, table: str, external_id: str) -> str:
        """A row's status."""
        return str(self.machine.one(f"SELECT status FROM bursar.{table} WHERE external_id = %s", external_id))

    def granted(self) -> list[tuple[Any, ...]]:
        """What was granted, and how it stands."""
        return self.machine.all("SELECT purpose, purpose_ref, external_ref, status FROM bursar.fulfilment ORDER BY granted_at")


@pytest.fixture
def shop(database: Database, stripe_sandbox: Sandbox) -> Iterator[Shop]:
    """A shop with one customer."""
    with SmtpServer() as mail:
        machine = Machine(database, **stripe_sandbox.settings(), smtp_url=mail.url)
        yield Shop(machine, stripe_sandbox, mail)
        now = machine.clock.now()
        assert [str(one) for one in check(machine.context.engine, now - timedelta(days=30), now)] == []
        machine.close()


@pytest.mark.requirement("PAY-1", "PAY-2", "PAY-9")
@pytest.mark.parametrize("order", ["answer first", "webhooks first"])
def test_one_command_is_one_capture_and_one_enrolment(shop: Shop, order: str) -> None:
    machine, payload = shop.machine, ORDER | {"customer_ref": shop.customer}
    shop.webhooks()
    if order == "answer first":
        assert machine.run("billing.payments.request.v1", payload, "k")["state"] == "succeeded"
        shop.webhooks(backwards=True, twice=True)
    else:
        # The call is made, and its answer waits in the inbox behind the webhooks, which are newer here.
        machine.submit("billing.payments.request.v1", payload, "k")
        machine.work()
        assert machine.one("SELECT state FROM bursar.submission WHERE operation = 'payment_intent.create'") == "submitted"
        shop.webhooks(twice=True)

    [capture] = shop.stripe.effects("capture")
    assert (capture["amount"], capture["currency"], capture["request"]) == (1010, "eur", "payment_request:order:17")
    assert shop.status("payment_request", "order:17") == "succeeded"
    assert shop.granted() == [("course_enrolment", "enr-3", "user-7", "granted")]
    assert machine.all("SELECT operation, state, outcome FROM bursar.submission ORDER BY id") == [
        ("customer.create", "settled", "accepted"), ("payment_intent.create", "settled", "accepted"),
    ]  # fmt: skip
    outcome = shop.outcome("k")
    assert (outcome["status"], outcome["settled"]) == ("succeeded", True)


@pytest.mark.requirement("PAY-2", "PAY-16")
def test_a_lost_reply_is_no_second_capture(shop: Shop) -> None:
    shop.stripe.fault("lost_reply", "/v1/payment_intents")
    shop.machine.run("billing.payments.request.v1", ORDER | {"customer_ref": shop.customer}, "k")
    shop.webhooks(backwards=True)
    assert shop.stripe.count("capture") == {"capture": 1}
    assert shop.status("payment_request", "order:17") == "succeeded"
    assert len(shop.granted()) == 1


@pytest.mark.requirement("PAY-3")
def test_a_decline_is_tried_again_with_another_card_on_command_only(shop: Shop) -> None:
    payload = ORDER | {"customer_ref": shop.customer, "payment_method_ref": "pm_card_chargeDeclinedInsufficientFunds"}
    shop.machine.run("billing.payments.request.v1", payload, "k")
    shop.webhooks()
    found = shop.outcome("k")
    assert (found["status"], found["failure_code"], found["decline_code"]) == ("failed", "card_declined", "insufficient_funds")
    [mail] = shop.mail.mails
    assert mail.message["Subject"] == "Your payment of €10.10 did not go through"
    assert [call["path"] for call in shop.stripe.calls() if call["method"] == "POST"].count("/v1/payment_intents") == 1

    again = {"source": "stripe", "reference": "order:17", "attempt": 2, "payment_method_ref": "pm_card_visa"}
    shop.machine.run("billing.payments.retry.v1", again, "k2")
    shop.webhooks(backwards=True)
    found = shop.outcome("k2")
    assert (found["status"], found["failure_code"]) == ("succeeded", None)
    assert shop.stripe.count("capture") == {"capture": 1}
    statuses = sorted(intent["status"] for intent in shop.stripe.objects("payment_intent"))
    assert statuses == ["canceled", "succeeded"]
    assert len(shop.granted()) == 1


def test_a_payer_who_must_act_is_given_an_address_and_confirmed_on_return(shop: Shop) -> None:
    payload = ORDER | {
        "customer_ref": shop.customer, "payment_method_ref": "pm_card_threeDSecure2Required", "off_session": False,
        "return_url": "https://shop.example/back",
    }  # fmt: skip
    shop.machine.run("billing.payments.request.v1", payload, "k")
    found = shop.outcome("k")
    assert found["status"] == "requires_action"
    assert found["url"].startswith("http")
    shop.stripe.authenticate(found["object_ref"])
    # No webhook has come: the payer is back, and the app asks.
    shop.machine.run("billing.payments.confirm.v1", {"source": "stripe", "reference": "order:17"}, "k2")
    assert shop.outcome("k")["status"] == "succeeded"
    shop.webhooks()
    assert shop.granted() == [("course_enrolment", "enr-3", "user-7", "granted")]


@pytest.mark.requirement("PAY-18", "PAY-9", "EVENT-4")
@pytest.mark.parametrize("backwards", [False, True])
def test_a_checkout_is_paid_once_in_any_order(shop: Shop, backwards: bool) -> None:
    payload = {
        "source": "stripe", "reference": "cart:9", "purpose": "event_registration", "purpose_ref": "reg-1", "description": "Ticket",
        "amount_minor": 2500, "quantity": 2, "currency": "EUR", "customer_ref": shop.customer, "external_ref": "user-7", **PAGE,
    }  # fmt: skip
    assert shop.machine.run("billing.checkout.start.v1", payload, "k")["state"] == "succeeded"
    opened = shop.outcome("k")
    assert (opened["status"], opened["settled"]) == ("open", False)
    assert opened["url"].startswith("https://checkout.")
    back = {"source": "stripe", "reference": "cart:9"}
    assert shop.machine.run("billing.checkout.confirm.v1", back)["result"]["status"] == "open"
    shop.stripe.complete_checkout(opened["object_ref"])
    if not backwards:
        # The payer is back before any webhook.
        shop.machine.run("billing.checkout.confirm.v1", back)
        assert shop.outcome("k")["status"] == "completed"
    shop.webhooks(backwards=backwards, twice=True)

    done = shop.outcome("k")
    assert (done["status"], done["url"], done["settled"]) == ("completed", None, True)
    assert shop.granted() == [("event_registration", "reg-1", "user-7", "granted")]
    [capture] = shop.stripe.effects("capture")
    assert capture["amount"] == 5000
    again = shop.machine.run("billing.checkout.start.v1", payload, "k2")
    assert again["result"]["status"] == "completed"
    late = {"source": "stripe", "reference": "cart:9", "reason": "late"}
    assert shop.machine.run("billing.checkout.expire.v1", late)["code"] == "not_open"


@pytest.mark.requirement("PAY-18", "PAY-4")
def test_a_subscription_checkout_with_a_fee_is_closed_on_command(shop: Shop) -> None:
    account = shop.stripe.ready_account()
    payload = {
        "source": "stripe", "reference": "sub:1", "purpose": "subscription", "description": "Pro", "mode": "subscription",
        "amount_minor": 900, "interval": "month", "currency": "EUR", "customer_ref": shop.customer, "destination_ref": account,
        "expires_in_s": 3600, **PAGE,
    }  # fmt: skip
    shop.machine.run("billing.checkout.start.v1", payload, "k")
    assert shop.outcome("k")["status"] == "open"
    shop.machine.run("billing.checkout.expire.v1", {"source": "stripe", "reference": "sub:1", "reason": "sold out"})
    shop.webhooks()
    assert (shop.outcome("k")["status"], shop.outcome("k")["url"]) == ("expired", None)
    assert shop.granted() == []


@pytest.mark.requirement("PAY-4")
def test_a_destination_charge_keeps_the_fee(shop: Shop) -> None:
    account = shop.stripe.ready_account()
    shop.machine.run("billing.payments.request.v1", ORDER | {"customer_ref": shop.customer, "destination_ref": account}, "k")
    shop.webhooks()
    assert shop.outcome("k")["status"] == "succeeded"
    [fee] = shop.stripe.objects("application_fee")
    assert fee["amount"] == 51 == shop.machine.one("SELECT application_fee_minor FROM bursar.payment")
