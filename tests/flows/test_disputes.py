"""A dispute end to end against the stand-in of Stripe: held, taken back from the payee, answered once, won or lost, and explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from cli.dispute import dispute as dispute_command
from cli.explain import explain
from tasks.notifications.runs import alert_disputes, remind_dispute_deadlines
from tasks.payments.runs import return_disputed_shares
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox

EVIDENCE, ACCEPT, NOTE = (f"billing.disputes.{verb}.v1" for verb in ("submit_evidence", "accept", "note"))


class Court:
    """A payment of 10.00 whose payee got 9.50, and a payer who contests it."""

    def __init__(self, machine: Machine, sandbox: Sandbox) -> None:
        self.machine, self.stripe = machine, sandbox.control
        self.account = self.stripe.ready_account()
        customer = {"source": "stripe", "external_ref": "user-7", "email": "ann@example.com"}
        machine.run("billing.customers.create.v1", customer, "c")
        customer_ref = machine.one("SELECT customer_ref FROM bursar.customer_request")
        self.webhooks()
        wish = {"source": "stripe", "reference": "order:17", "amount_minor": 1000, "currency": "EUR", "customer_ref": customer_ref}
        wish |= {"payment_method_ref": "pm_card_visa", "payee_ref": self.account, "purpose": "course_enrolment", "purpose_ref": "enr-3"}
        assert machine.run("billing.payments.request.v1", wish, "k")["state"] == "succeeded"
        self.webhooks()
        self.charge = str(machine.one("SELECT external_id FROM bursar.charge WHERE source_transfer_ref IS NULL"))
        self.dispute = str(self.stripe.dispute(self.charge)["id"])
        self.webhooks()

    def webhooks(self) -> None:
        """Stripe's events arrive, and all that follows from them happens."""
        for _ in range(6):
            events = self.stripe.take_events()
            for event in events:
                self.machine.deliver(event)
            # A look ahead of an hour, so that nothing else that is due much later is jumped to.
            self.machine.settle(timedelta(hours=1))
            if not events:
                break
        assert self.machine.failures() == []

    def answer(self, name: str, reference: str, **more: Any) -> dict[str, Any]:
        """Command, and what the app is told."""
        said = {"source": "stripe", "dispute_ref": self.dispute, "reference": reference, **more}
        found = self.machine.run(name, said)
        self.webhooks()
        return found

    def net_minor(self) -> int:
        """What the payee has less, at the provider."""
        [share, *back] = sorted(self.stripe.objects("transfer"), key=lambda one: one["created"])
        return int(share["amount_reversed"]) - sum(int(one["amount"]) for one in back)

    def row(self, table: str, *columns: str) -> tuple[Any, ...]:
        """Its only row."""
        [row] = self.machine.all(f"SELECT {', '.join(columns)} FROM bursar.{table}")
        return row


@pytest.fixture
def court(database: Database, stripe_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Court]:
    for name, value in settings_env(database.settings(**stripe_sandbox.settings())).items():
        monkeypatch.setenv(name, value)
    machine = Machine(database, **stripe_sandbox.settings(), operator_emails="ops@example.com")
    yield Court(machine, stripe_sandbox)
    machine.close()


@pytest.mark.requirement("DISPUTE-1", "DISPUTE-2", "DISPUTE-3", "DISPUTE-4", "PAY-2")
def test_evidence_is_sent_once_though_the_reply_is_lost_and_winning_gives_the_share_back(court: Court) -> None:
    assert court.net_minor() == 950
    assert court.row("dispute_case", "status", "taken_minor") == ("open", 950)
    court.stripe.fault("lost_reply", f"/v1/disputes/{court.dispute}")
    evidence = {"uncategorized_text": "delivered and used", "customer_name": "Ann"}
    assert court.answer(EVIDENCE, "E-1", evidence=evidence)["result"]["status"] == "requested"
    assert court.stripe.count("dispute_evidence") == {"dispute_evidence": 1}
    assert court.row("dispute_response", "status", "kind") == ("made", "evidence")
    assert court.row("dispute_case", "status") == ("answered",)
    assert court.answer(EVIDENCE, "E-1", evidence=evidence)["state"] == "succeeded"
    assert court.answer(EVIDENCE, "E-2", evidence=evidence)["code"] == "already_answered"
    assert court.stripe.count("dispute_evidence") == {"dispute_evidence": 1}
    court.stripe.end_dispute(court.dispute, "won")
    court.webhooks()
    # What came back is pending at Stripe for days; the payee's part follows by itself once the balance allows it.
    [owed] = court.machine.all("SELECT status, failure_code FROM bursar.transfer_request WHERE external_id LIKE 'dispute:%'")
    assert owed == ("failed", "balance_insufficient")
    court.stripe.top_up(5000, "eur")
    court.machine.clock.move_to(court.machine.clock.now() + timedelta(hours=1))
    assert return_disputed_shares(court.machine.context, court.machine.clock.now()) == {"asked": 1, "put_back": 0}
    court.webhooks()
    assert court.net_minor() == 0
    assert court.row("fulfilment", "status") == ("granted",)
    assert court.row("dispute_case", "status", "taken_minor") == ("closed", 0)
    assert court.machine.all("SELECT external_id FROM bursar.payout_hold WHERE status = 'open'") == []


@pytest.mark.requirement("DISPUTE-2", "DISPUTE-3")
def test_an_accepted_dispute_is_lost_and_what_was_bought_is_revoked(court: Court) -> None:
    unknown = court.machine.run(ACCEPT, {"source": "stripe", "dispute_ref": "dp_none", "reference": "A-0", "reason": "x"})
    assert (unknown["state"], unknown["code"]) == ("rejected", "dispute_unknown")
    court.answer(ACCEPT, "A-1", reason="our mistake")
    assert court.stripe.count("dispute_accepted") == {"dispute_accepted": 1}
    assert court.row("dispute_response", "status", "kind") == ("made", "accept")
    assert court.row("fulfilment", "status") == ("revoked",)
    assert court.row("payment", "dispute_standing") == ("charged_back",)
    assert court.net_minor() == 950
    assert court.answer(EVIDENCE, "E-1", evidence={"uncategorized_text": "too late"})["code"] == "already_answered"


@pytest.mark.requirement("DISPUTE-1", "DISPUTE-3")
def test_operators_are_told_once_and_reminded_three_times(court: Court) -> None:
    machine = court.machine
    due = machine.one("SELECT evidence_due_at FROM bursar.dispute")
    for _ in range(2):
        alert_disputes(machine.context, machine.clock.now())
        remind_dispute_deadlines(machine.context, machine.clock.now())
    for days in (6.5, 6, 2.5, 2, 0.5, 0.4):
        machine.clock.move_to(due - timedelta(days=days))
        remind_dispute_deadlines(machine.context, machine.clock.now())
    mails = machine.all(
        "SELECT payload ->> 'mail', payload -> 'context' ->> 'days' FROM bursar.outbox WHERE kind = 'mail.send' ORDER BY id"
    )
    assert [mail for mail in mails if str(mail[0]).startswith("dispute")] == [
        ("dispute_alert", None), ("dispute_reminder", "7"), ("dispute_reminder", "3"), ("dispute_reminder", "1"),
    ]  # fmt: skip
    with machine.connect() as connection:  # commands have the database's time, which does not jump
        connection.execute("UPDATE bursar.dispute SET evidence_due_at = clock_timestamp() - interval '1 minute'")
    key = machine.submit(EVIDENCE, {
        "source": "stripe", "dispute_ref": court.dispute, "reference": "E-1", "evidence": {"uncategorized_text": "late"},
    })  # fmt: skip
    machine.work()
    late = machine.status(key)
    assert (late["state"], late["code"]) == ("rejected", "too_late")


@pytest.mark.requirement("DISPUTE-3", "AUDIT-2")
def test_the_story_is_told_from_any_end(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    court.machine.run(NOTE, {"source": "stripe", "dispute_ref": court.dispute, "text": "called Ann, she forgot", "assign_to": "anna"})
    monkeypatch.setenv("BURSAR_ROLE", "viewer")
    payment, public = court.machine.one("SELECT payment_ref FROM bursar.dispute"), court.machine.one("SELECT id FROM bursar.payment")
    key = court.machine.one("SELECT key FROM bursar.submission WHERE operation = 'payment_intent.create'")
    event = court.machine.one("SELECT event_id FROM bursar.inbox WHERE event_type = 'charge.dispute.funds_withdrawn'")
    told = {}
    for identity in (court.dispute, payment, f"pay_{public.hex}", key, event, "order:17", f"stripe:{payment}"):
        result = CliRunner().invoke(explain, [identity], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        told[identity] = result.output
    story = told[court.dispute]
    for expected in (
        "charge.dispute.funds_withdrawn", "tasks/payments/stripe/charge_dispute.py" if "tasks/" in story else "charge_dispute",
        "new -> needs_response", "booked dispute_withdrawn: 10.00 EUR from stripe:balance to stripe:disputes_held",
        f"dispute {court.dispute} waits for our answer, due", "payment_intent.create",
    ):  # fmt: skip
        assert expected in story, story
    assert "booked charge: 10.00 EUR" in told[payment]
    assert f"key {key}" in told[key]
    assert "Ann" not in story
    shown = CliRunner().invoke(dispute_command, ["show", court.dispute], catch_exceptions=False).output
    assert "called Ann" in shown
    assert "anna" in shown
    assert CliRunner().invoke(explain, ["nothing"], catch_exceptions=False).exit_code == 3
    result = CliRunner().invoke(explain, [payment, "--json"], catch_exceptions=False)
    assert '"next"' in result.output
