"""What a payee owes is given up by a person: refused before anything where it is too much, booked once, and netted no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing.operations.owe import owe
from billing.operations.payee_of import payee_of
from billing.operations.send_transfer import send_transfer
from models.transfer_request import TransferRequest
from tests.harness.cluster import Database
from tests.tasks.payouts.till import Till, account
from workers.unit import Unit

NAME = "billing.debts.write_off.v1"
WISH = {"source": "stripe", "account_ref": "acct_1", "reference": "W-1", "currency": "EUR", "reason": "insolvent"}
DEBTS = "SELECT kind, amount_minor FROM bursar.journal WHERE fact LIKE 'payee_write_off:%%' OR kind LIKE 'write_off%%' ORDER BY id"
VIEW = "SELECT receivable_minor FROM bursar.payee_balance WHERE account_ref = 'acct_1' AND currency = 'EUR'"


@pytest.fixture
def till(database: Database) -> Iterator[Till]:
    made = Till(database)
    yield made
    made.close()


def in_debt(till: Till, **debts: int) -> None:
    account(till)
    till.work()
    with till.context.engine.begin() as connection:
        unit = Unit(connection, till.context.keys, now=till.clock.now(), reason="test")
        for reference, amount in debts.items():
            key = f"transfer_reversal_request:stripe:refund_request:{reference}:tr_1"
            owe(unit, "stripe", "acct_1", key=key, currency="EUR", amount_minor=amount, why="refund")
        unit.flush()


def give_back(till: Till, name: str, amount_minor: int) -> tuple[str, int, int]:
    """The refund or dispute came to nothing: the payee's part is passed on to him again."""
    with till.context.engine.begin() as connection:
        unit = Unit(connection, till.context.keys, now=till.clock.now(), reason="test")
        payee_of(unit, "stripe", "acct_1")
        row = unit.row(TransferRequest, "stripe", name)
        row.versions = {"own": [1, 1, 0, "own"]}
        row.status, row.attempt, row.amount_minor, row.currency, row.account_ref = "waiting", 1, amount_minor, "EUR", "acct_1"
        row.requested_at = till.clock.now()
        send_transfer(unit, row)
        unit.flush()
        return row.status, row.amount_minor, row.netted_minor or 0


@pytest.mark.requirement("REFUND-4", "PAYOUT-1", "AUDIT-2")
def test_a_debt_is_written_off_in_parts_once_each_and_never_more_than_is_owed(till: Till) -> None:
    assert till.command(NAME, WISH)["code"] == "nothing_owed"
    in_debt(till, A=500, B=300)
    refused = till.command(NAME, WISH | {"amount_minor": 801})
    assert (refused["code"], refused["details"]["limit"]) == ("over_write_off", 800)
    assert (till.rows(DEBTS), till.one(VIEW)) == ([], 800)
    for _ in range(2):
        told = till.command(NAME, WISH | {"amount_minor": 600})
        assert (told["result"]["written_off_minor"], told["result"]["left_minor"]) == (600, 200)
    assert till.command(NAME, WISH | {"amount_minor": 100})["code"] == "reference_used"
    assert till.command(NAME, WISH | {"currency": "JPY"})["code"] == "reference_used"
    assert (till.rows(DEBTS), till.one(VIEW)) == ([("write_off", 600)], 200)
    # The next payout keeps back only what is left of the debt.
    till.command("billing.payouts.request.v1", {"source": "stripe", "account_ref": "acct_1", "reference": "P-1", "currency": "EUR"})
    till.balance("acct_1", EUR=(1_000, 0))
    assert [one["sent"]["amount"] for one in till.asked("payout.create")] == [800]
    rest = till.command(NAME, WISH | {"reference": "W-2"})
    assert (rest["result"]["written_off_minor"], rest["result"]["left_minor"], till.one(VIEW)) == (200, 0, 0)
    audit = """SELECT actor, before ->> 'owed_minor', after ->> 'owed_minor', after ->> 'why' FROM bursar.audit
               WHERE action = 'payee.written_off' ORDER BY id"""
    assert till.rows(audit) == [("app:user:7", "800", "200", "insolvent"), ("app:user:7", "200", "0", "insolvent")]
    books = """SELECT code, sum(delta)::bigint FROM (SELECT debit AS code, amount_minor AS delta FROM bursar.journal
               UNION ALL SELECT credit, -amount_minor FROM bursar.journal) AS legs GROUP BY code ORDER BY code"""
    assert till.rows(books) == [("stripe:acct_1:receivable", 0), ("stripe:payee_share", -800), ("stripe:write_offs", 800)]


@pytest.mark.requirement("REFUND-4")
def test_what_was_forgiven_is_not_given_back_as_well(till: Till) -> None:
    """He could not give his part back and was forgiven; the refund fails, so that his part is 'given back': he never lost it."""
    in_debt(till, **{"REF-1": 500, "REF-2": 300})
    till.command(NAME, WISH)
    assert give_back(till, "refund:REF-1", 500) == ("cancelled", 0, 500)
    assert till.rows(DEBTS) == [("write_off", 800), ("write_off_recalled", 500)]
    assert till.one(VIEW) == 0
    assert till.one("SELECT sum(amount_minor)::bigint FROM bursar.journal WHERE kind = 'netting'") == 500
    # What others were forgiven stays forgiven, and what he really gave is given back.
    assert give_back(till, "refund:REF-9", 250) == ("requested", 250, 0)
    assert till.command(NAME, WISH | {"reference": "W-2"})["code"] == "nothing_owed"
