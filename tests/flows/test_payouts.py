"""From an organiser's sign-up to money at his bank, against the stand-in of Stripe, events in any order, doubled (PAYOUT-1 to 13)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.payouts import runs
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

CONNECT: dict[str, Any] = {
    "source": "stripe", "external_ref": "org-7", "email": "org@example.com", "country": "DE",
    "return_url": "https://shop.example/back", "refresh_url": "https://shop.example/again",
}  # fmt: skip
ORDER: dict[str, Any] = {"source": "stripe", "reference": "order:17", "currency": "EUR", "payment_method_ref": "pm_card_visa"}


class Platform:
    """Organisers, payers, Bursar and Stripe."""

    def __init__(self, machine: Machine, sandbox: Sandbox) -> None:
        self.machine, self.stripe, self.dice = machine, sandbox.control, random.Random(0)

    def webhooks(self, dead: int = 0) -> None:
        """Stripe's events arrive shuffled, each of them twice; so many calls are dead, and nothing else went wrong."""
        events = self.stripe.take_events()
        for event in self.dice.sample(events * 2, 2 * len(events)):
            self.machine.deliver(event)
        self.machine.settle()
        assert len(self.machine.failures()) == dead, self.machine.failures()

    def run(self, name: str, payload: dict[str, Any], key: str) -> dict[str, Any]:
        """A command that must succeed."""
        told = self.machine.run(name, payload, key)
        assert told["state"] == "succeeded", told
        return dict(told["result"])

    def account(self) -> str:
        """An organiser's account, made by command and onboarded."""
        self.run("billing.accounts.connect.v1", CONNECT, "a")
        seen = self.machine.one("SELECT bursar_api.payee('stripe', external_ref => 'org-7')")
        assert seen["onboarding_url"].startswith("https://")
        assert seen["status"] == "disabled"
        self.stripe.do("advance", seconds=600)  # people need longer than the second by which events are dated
        self.stripe.onboard(seen["account"])
        self.webhooks()
        return str(seen["account"])

    def sell(self, account: str, *amounts: int) -> None:
        """Payments that the platform takes itself, and passes on."""
        customer = self.stripe.api("POST", "/v1/customers", {"email": "ann@example.com"})["id"]
        for number, amount in enumerate(amounts):
            wish = ORDER | {"reference": f"order:{number}", "amount_minor": amount, "customer_ref": customer, "payee_ref": account}
            self.run("billing.payments.request.v1", wish, f"o{number}")
        self.webhooks()

    def days_later(self, days: int) -> None:
        """Time goes by, at Stripe and here."""
        self.stripe.advance(days=days)
        self.machine.clock.move_to(self.machine.clock.now() + timedelta(days=days))
        self.webhooks()

    def balance(self, account: str) -> int:
        """What Stripe has available of the account's euros."""
        found: int = self.stripe.balances()[account, "eur"][0]
        return found


@pytest.fixture
def platform(database: Database, stripe_sandbox: Sandbox) -> Iterator[Platform]:
    with SmtpServer() as mail:
        machine = Machine(database, **stripe_sandbox.settings(), smtp_url=mail.url)
        yield Platform(machine, stripe_sandbox)
        machine.close()


@pytest.mark.requirement("PAYOUT-1", "PAYOUT-2", "PAYOUT-5", "PAYOUT-6", "PAYOUT-9", "PAYOUT-13", "PAY-4")
@pytest.mark.parametrize("seed", range(3))
def test_from_sign_up_to_the_bank_and_back_once(platform: Platform, seed: int) -> None:
    platform.dice = random.Random(seed)
    machine, stripe = platform.machine, platform.stripe
    account = platform.account()
    platform.sell(account, 10_001, 4_999)
    assert machine.all("SELECT status, amount_minor, fee_minor, made_minor FROM bursar.transfer_request ORDER BY payment_minor") == [
        ("made", 4_749, 250, 4_749), ("made", 9_501, 500, 9_501),
    ]  # fmt: skip
    assert stripe.count("transfer") == {"transfer": 2}
    due = platform.run(
        "billing.payouts.schedule.v1", {"source": "stripe", "account_ref": account, "schedule": "monthly", "day": 31}, "s"
    )["next_due_at"]
    days = (datetime.fromisoformat(due).astimezone(UTC) - machine.clock.now()).days + 1
    platform.days_later(days)
    assert platform.balance(account) == 14_250
    assert runs.pay_out_due(machine.context, machine.clock.now())["begun"] == 1
    machine.settle()
    assert runs.pay_out_due(machine.context, machine.clock.now())["begun"] == 0
    [payout] = stripe.effects("payout")
    assert (payout["amount"], platform.balance(account)) == (14_250, 0)
    reference = payout["request"].removeprefix("payout_request:")
    payout_ref = machine.one("SELECT payout_ref FROM bursar.payout_request WHERE external_id = %s", reference)
    stripe.pay_payout(payout_ref)
    stripe.fail_payout(payout_ref, "account_closed")
    platform.webhooks()
    assert machine.one("SELECT status FROM bursar.payout_request WHERE external_id = %s", reference) == "failed"
    assert platform.balance(account) == 14_250
    bank = machine.one("SELECT status FROM bursar.external_account WHERE external_id = (SELECT destination_ref FROM bursar.payout)")
    assert bank == "errored"
    mails = machine.all("SELECT payload ->> 'mail' FROM bursar.outbox WHERE kind = 'mail.send' AND payload ->> 'to' = 'org@example.com'")
    assert [name for (name,) in mails].count("payout_failed") == 1
    back = "SELECT count(*) FROM bursar.journal WHERE debit = %s AND kind LIKE 'payout%%'"
    assert machine.one(back, f"stripe:{account}:balance") == 1, "given back once in the books"
    # The next turn pays the same money out again, once.
    platform.days_later(31)
    runs.pay_out_due(machine.context, machine.clock.now())
    machine.settle()
    platform.webhooks()
    assert [one["amount"] for one in stripe.effects("payout")] == [14_250, 14_250]
    assert platform.balance(account) == 0


@pytest.mark.requirement("PAYOUT-7", "PAYOUT-1", "PAYOUT-12")
def test_lost_replies_and_an_account_that_cannot_be_read_double_nothing_and_stop_nobody(platform: Platform) -> None:
    machine, stripe = platform.machine, platform.stripe
    accounts = [stripe.ready_account() for _ in range(3)]
    platform.webhooks()
    for number, account in enumerate(accounts):
        stripe.top_up(1_000 * (number + 1), "eur", account=account)
        wish = {"source": "stripe", "account_ref": account, "schedule": "weekly", "day": 3}
        platform.run("billing.payouts.schedule.v1", wish, f"s{number}")
    machine.clock.move_to(machine.clock.now() + timedelta(days=7))
    stripe.fault("lost_reply", "/v1/payouts", times=2)
    stripe.fault("error_before", "/v1/balance", method="GET", status=404)
    assert runs.pay_out_due(machine.context, machine.clock.now())["begun"] == 3
    machine.settle()
    assert machine.one("SELECT count(*) FROM bursar.payout_turn WHERE status = 'checking'") == 1
    for _ in range(2):
        machine.clock.move_to(machine.clock.now() + timedelta(minutes=16))
        runs.poll_stuck_payouts(machine.context, machine.clock.now())
        machine.settle()
    platform.webhooks(dead=1)
    assert sorted(one["amount"] for one in stripe.effects("payout")) == [1_000, 2_000, 3_000]
    assert stripe.count("payout") == {"payout": 3}
    assert machine.all("SELECT DISTINCT status FROM bursar.payout_turn") == [("done",)]
    assert [platform.balance(account) for account in accounts] == [0, 0, 0]
