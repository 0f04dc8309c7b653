"""`bursar journal`: what is booked of a fact, an account's balance, and all accounts at an instant."""

from __future__ import annotations

import pytest

from cli.journal import journal
from tests.billing.operations.test_books import Told, charge, fee
from tests.cli.operator_command import Here
from tests.factories.telling import Teller
from tests.harness.cluster import Database


@pytest.fixture
def books(database: Database) -> None:
    """A charge at T0, its fee a second later (dated by Stripe), a refund in yen a third of its charge."""
    told = Told()
    told.tell("charge.succeeded", charge(1, 10_050))
    told.moves({"id": "txn_1", "type": "charge", "amount": 10_050, "fee": 325, "fee_details": [fee(325)], "source": "ch_1"})
    told.tell("charge.succeeded", charge(2, 3_000, currency="jpy"))
    told.tell(
        "refund.created",
        {"id": "re_1", "object": "refund", "amount": 1_000, "currency": "jpy", "charge": "ch_2", "status": "succeeded"},
    )
    teller = Teller(database)
    teller.tell(*told.events)
    teller.close()


@pytest.mark.usefixtures("books")
def test_a_fact_s_legs_are_shown_by_the_provider_s_id(here: Here) -> None:
    for name in ("ch_1", "charge:stripe:ch_1"):
        [leg] = here(journal, "show", name, "--json").objects
        assert (leg["fact"], leg["kind"], leg["leg"]) == ("charge:stripe:ch_1", "charge", 0)
        assert (leg["debit"], leg["credit"], leg["amount_minor"]) == ("stripe:balance", "stripe:sales", 10_050)
    assert "100.50 EUR" in here(journal, "show", "ch_1").out
    assert "1000 JPY" in here(journal, "show", "re_1").out
    assert len(here(journal, "show", "1", "--json").objects) == 4  # all were told by the test's inbox row
    assert here(journal, "show", "ch_none").code == 3


@pytest.mark.usefixtures("books")
def test_an_account_s_balance_is_the_sum_of_its_legs(here: Here) -> None:
    first, second, *legs = here(journal, "balance", "stripe:balance", "--json").objects
    assert [(row["currency"], row["balance_minor"]) for row in (first, second)] == [("EUR", 10_050 - 325), ("JPY", 2_000)]
    assert len(legs) == 4
    assert len(here(journal, "balance", "stripe:balance", "--limit", "1", "--json").objects) == 3
    held = here(journal, "balance").out
    assert "97.25 EUR debit" in held
    assert "2000 JPY debit" in held
    assert here(journal, "balance", "stripe:nothing").code == 3


@pytest.mark.usefixtures("books")
def test_the_trial_balance_balances_at_any_instant(here: Here) -> None:
    now = here(journal, "trial-balance")
    assert now.code == 0
    assert "EUR: debits 103.75, credits" not in now.out
    assert "JPY: debits 4000 JPY, credits 4000 JPY: balanced" in now.out
    assert {row["account"] for row in here(journal, "trial-balance", "--json").objects} == {
        "stripe:balance", "stripe:processor_fees", "stripe:refunds", "stripe:sales",
    }  # fmt: skip
    # Before the refund; the fee was taken when Stripe says, in February.
    before = here(journal, "trial-balance", "--as-of", "2026-03-01T12:00:02Z", "--json").objects
    assert "stripe:refunds" not in {row["account"] for row in before}
    fees = here(journal, "trial-balance", "--as-of", "2026-02-28", "--json").objects
    assert {row["account"] for row in fees} == {"stripe:processor_fees", "stripe:balance"}
    assert here(journal, "trial-balance", "--as-of", "2020-01-01").code == 3


@pytest.mark.usefixtures("books")
@pytest.mark.requirement("SEC-13", "AUDIT-1")
def test_what_was_recorded_before_the_journal_is_booked_once(
    here: Here, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = here(journal, "trial-balance", "--json").out
    with database.connect() as connection:
        connection.execute("ALTER TABLE bursar.journal DISABLE TRIGGER USER")
        for table in ("charge", "refund", "balance_transaction"):
            connection.execute(f"UPDATE bursar.{table} SET booked = NULL".encode())
        connection.execute("DELETE FROM bursar.journal")
    assert here(journal, "catch-up", "--reason", "upgrade").code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    assert here(journal, "catch-up", "--reason", " ").code == 2
    assert "charge: 2 without legs, 2 of them booked now" in here(journal, "catch-up", "--reason", "upgrade").out
    assert here(journal, "trial-balance", "--json").out == whole
    assert "charge: 0 without legs, 0 of them booked now" in here(journal, "catch-up", "--reason", "upgrade").out
    assert here(journal, "trial-balance", "--json").out == whole
    with database.connect() as connection:
        audited = connection.execute("SELECT object_type, after, reason FROM bursar.audit WHERE action = 'journal.caught_up'").fetchall()
    assert ("charge", {"booked": 2}, "upgrade") in audited
