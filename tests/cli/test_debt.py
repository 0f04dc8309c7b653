"""`bursar debt`: who owes what, and giving it up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.debt import debt as command
from tests.cli.operator_command import Here
from tests.harness.cluster import Database
from tests.tasks.payouts.test_debts import in_debt
from tests.tasks.payouts.till import Till


@pytest.fixture
def till(database: Database) -> Iterator[Till]:
    made = Till(database)
    yield made
    made.close()


@pytest.mark.requirement("REFUND-4", "AUDIT-2")
def test_finance_writes_off_a_debt(here: Here, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(command, "ls").code == 3
    in_debt(till, A=1_234)
    wish = ("write-off", "acct_1", "--currency", "EUR", "--reference", "W", "--reason", "gone")
    assert here(command, *wish).code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    over = here(command, *wish, "--amount", "12.35")
    assert (over.code, "over_write_off" in over.err) == (1, True)
    assert here(command, *wish, "--amount", "0.001").code == 2
    assert "0.34 EUR written off under W; 12.00 EUR still owed" in here(command, *wish, "--amount", "0.34").out
    assert "12.00" in here(command, "ls", "--account", "acct_1").out
    [row] = here(command, "ls", "--json").objects
    assert (row["amount_minor"], row["netted_minor"], row["written_off_minor"]) == (1_234, 0, 34)
    assert "12.00 EUR written off" in here(command, *wish[:4], "--reference", "W2", "--reason", "gone").out
    assert here(command, "ls").code == 3
    assert len(here(command, "ls", "--all", "--json").objects) == 1
    assert till.rows("SELECT DISTINCT actor FROM bursar.audit WHERE action = 'payee.written_off'") == [("person:anna (finance)",)]
