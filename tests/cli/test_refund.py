"""`bursar refund`: which refunds wait for a second person, and what that person decides at the terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.refund import refund as command
from tests.cli.operator_command import Here
from tests.flows.counter import Counter, opened
from tests.harness.cluster import Database
from tests.harness.sandbox import Sandbox


@pytest.fixture
def counter(database: Database, stripe_sandbox: Sandbox) -> Iterator[Counter]:
    """A shop where each refund waits."""
    with opened(database, stripe_sandbox, refund_approval_above_minor=0) as made:
        yield made


@pytest.mark.requirement("REFUND-2", "AUDIT-2", "SEC-13")
def test_a_person_at_the_terminal_agrees_or_declines(here: Here, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(command, "ls").code == 3
    counter.pay(10_010, "KWD", destination_ref=counter.stripe.ready_account())
    first, second = (counter.ask(actor="user:anna", amount_minor=minor)["result"]["reference"] for minor in (10, 1000))
    said = here(command, "approve", first, "--reason", "ticket 12")
    assert (said.code, "role finance" in said.err) == (77, True)
    assert here(command, "note", first, "the payer called").out.endswith("1 notes\n")

    monkeypatch.setenv("BURSAR_ROLE", "finance")
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    assert here(command, "approve", first).code == 2
    assert here(command, "approve", first, "--reason", "two\nlines").code == 2
    assert here(command, "approve", "REF-20260301-7K3M9QXA", "--reason", "x").code == 3
    refused = here(command, "approve", first, "--reason", "ticket 12")
    assert (refused.code, "same_person" in refused.err) == (1, True)
    assert counter.stripe.objects("refund") == []

    monkeypatch.setenv("BURSAR_ACTOR", "ben")
    agreed = here(command, "approve", first, "--reason", "ticket 12")
    assert agreed.out.startswith(f"{first}: processing, 0.010 KWD")
    assert "rejected; nothing goes back" in here(command, "reject", second, "--reason", "it took place").out
    assert here(command, "approve", second, "--reason", "x").code == 1
    counter.machine.settle()
    counter.webhooks()

    assert here(command, "ls").code == 3
    [row] = here(command, "ls", "--status", "completed", "--json").objects
    assert (row["reference"], row["amount_minor"], row["decided_by"], row["notes"]) == (first, 10, "person:ben (finance)", 2)
    assert first in here(command, "ls", "--all").out
    [shown] = here(command, "show", row["refund_ref"], "--json").objects
    assert shown["submissions"][0]["operation"] == "refund.create"
    text = here(command, "show", first).out
    for wanted in ("0.010 KWD", "the payer called", "agreed: ticket 12", "person:ben (finance)"):
        assert wanted in text
    audit = counter.machine.all(
        "SELECT actor, reason, before ->> 'status', after ->> 'status' FROM bursar.audit WHERE actor LIKE 'person:ben%' ORDER BY id"
    )
    assert audit == [
        ("person:ben (finance)", "ticket 12", "pending", "processing"),
        ("person:ben (finance)", "it took place", "pending", "rejected"),
    ]
