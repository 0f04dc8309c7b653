"""`bursar payout`: what an operator sees of payouts, and what he may do about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.payout import payout as command
from tests.cli.operator_command import Here
from tests.harness.cluster import Database
from tests.tasks.payouts.till import CREATED_S, Till, account, payout


@pytest.fixture
def till(database: Database) -> Iterator[Till]:
    made = Till(database)
    yield made
    made.close()


@pytest.mark.requirement("PAYOUT-4", "PAYOUT-10", "PAYOUT-11", "AUDIT-2")
def test_an_operator_sees_holds_and_releases(here: Here, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(command, "ls").code == 3
    assert here(command, "account", "acct_1").code == 3
    assert here(command, "show", "P-1").code == 3
    account(till)
    till.tell("transfer.created", {
        "id": "tr_1", "object": "transfer", "amount": 123_456, "amount_reversed": 6, "currency": "kwd", "destination": "acct_1",
        "created": CREATED_S, "metadata": {},
    })  # fmt: skip
    wish = {"source": "stripe", "account_ref": "acct_1", "reference": "P-1", "currency": "KWD", "amount_minor": 45_500}
    till.command("billing.payouts.request.v1", wish)
    till.balance("acct_1", KWD=(123_450, 0))
    [asked] = till.asked()
    till.answer(asked, payout(asked, "in_transit"))
    till.work()
    assert here(command, "hold", "acct_1", "--reference", "H", "--reason", "x").code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    assert here(command, "hold", "acct_1", "--reference", "H", "--reason", "x", "--amount", "1").code == 2
    held = here(command, "hold", "acct_1", "--reference", "H", "--reason", "fraud", "--amount", "20.5", "--currency", "KWD")
    assert "20.500 KWD of acct_1" in held.out
    assert here(command, "hold", "acct_2", "--reference", "H", "--reason", "x").code == 2
    seen = here(command, "account", "acct_1").out
    assert "held  20.500 KWD  operator:H (operator)" in seen
    assert ["KWD", "123.450", "0.000", "45.500", "20.500", "0.000", "57.450"] in [line.split() for line in seen.splitlines()]
    assert here(command, "release", "nothing", "--reason", "x").code == 3
    assert "released" in here(command, "release", "H", "--reason", "cleared").out
    assert "nothing changed" in here(command, "release", "H", "--reason", "cleared").out
    [row] = here(command, "ls", "--json", "--account", "acct_1").objects
    assert (row["reference"], row["status"], row["amount_minor"]) == ("P-1", "in_transit", 45_500)
    shown = here(command, "show", "po_1").out
    assert "45.500 KWD" in shown
    assert "payout.create:" in shown
    [month] = here(command, "statement", "acct_1", "--month", "2026-03", "--json").objects
    assert [(one["earned_minor"], one["taken_back_minor"], one["paid_out_minor"]) for one in month["currencies"]] == [(123_456, 6, 45_500)]
    assert "123.456" in here(command, "statement", "acct_1", "--month", "2026-03").out
    actors = till.rows("SELECT DISTINCT actor, reason FROM bursar.audit WHERE action = 'payout_hold.status' ORDER BY 2")
    assert actors == [("person:anna (finance)", "cleared"), ("person:anna (finance)", "fraud")]
