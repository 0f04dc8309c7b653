"""`bursar confirm bank-transfer`: a person's word goes the way of all events (INBOX-14)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.operator_command import Bursar
from tests.factories.inbox import states
from tests.harness.cluster import Database
from workers import inbox
from workers.context import make_context

TRANSFER = ("confirm", "bank-transfer", "RO-2026-000017", "--currency", "RON", "--received-on", "2026-03-02", "--pays", "INV-42")
WHY = ("--reason", "seen on the statement of 2 March")


def confirm(bursar: Bursar, amount: str, **env: str) -> Any:
    """Enter the transfer with this amount."""
    return bursar(*TRANSFER, "--amount", amount, *WHY, **({"BURSAR_ROLE": "finance"} | env))


@pytest.mark.requirement("INBOX-14", "AUDIT-1")
def test_a_transfer_counts_once_however_often_it_is_entered(bursar: Bursar, database: Database) -> None:
    for expected in ("entered", "known already", "known already"):
        said = confirm(bursar, "1250.50")
        assert (said.code, expected in said.out) == (0, True), said
    context = make_context(database.settings())
    assert inbox.drain(context, "payments").done == 1
    context.engine.dispose()
    with database.connect() as connection:
        assert states(connection) == {"done": 1}
        payments = connection.execute("SELECT external_id, kind, status, received_minor, currency, metadata FROM bursar.payment").fetchall()
        assert payments == [("RO-2026-000017", "bank_transfer", "succeeded", 125050, "RON", {"pays": "INV-42"})]
        legs = connection.execute("SELECT kind, debit, credit, amount_minor, currency FROM bursar.journal").fetchall()
        assert legs == [("bank_transfer", "manual:bank", "manual:sales", 125050, "RON")]
        audited = connection.execute("SELECT actor, reason FROM bursar.audit WHERE action = 'bank_transfer.confirmed'").fetchall()
        assert audited == [("person:anna (finance)", "seen on the statement of 2 March")]


@pytest.mark.requirement("INBOX-14")
def test_the_same_reference_with_another_amount_is_refused(bursar: Bursar, database: Database) -> None:
    assert confirm(bursar, "1250.50").code == 0
    said = confirm(bursar, "99.00")
    assert said.code == 1
    assert "confirmed before with other particulars" in said.err
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM bursar.inbox").fetchone() == (1,)


@pytest.mark.requirement("SEC-13")
def test_an_operator_may_not_confirm_money(bursar: Bursar) -> None:
    said = confirm(bursar, "1.00", BURSAR_ROLE="operator")
    assert said.code == 77


@pytest.mark.parametrize("amount", ["1,50", "0.00", "-5", "1.005", "1e3"])
def test_what_is_no_amount_is_refused(bursar: Bursar, amount: str) -> None:
    said = confirm(bursar, f"{amount}" if not amount.startswith("-") else amount)
    assert said.code == 2, said
    assert "Error" in said.err or "error" in said.err
