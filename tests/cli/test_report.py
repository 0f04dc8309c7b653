"""`bursar report`: the trade of a few days as operators read it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from click.testing import CliRunner

from billing.operations.reports import REPORTS
from cli.report import _cell, report_command
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.sandbox import Sandbox
from tests.tasks.maintenance.recon.trade import Trade

_SUBSCRIBED = """
    INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, currency, cycle_unit, cycle_count,
                                     items, started_at, ended_at)
    VALUES (gen_random_uuid(), 'stripe', %(id)s, '{"a": 1}', %(at)s, %(at)s, %(status)s, 'EUR', %(unit)s, 1,
            '[{"unit_amount_minor": 1000, "quantity": 1}]', %(at)s, %(ended)s)"""


def told(name: str, *more: str) -> list[dict[str, Any]]:
    """A report's rows, read from its CSV."""
    result = CliRunner().invoke(report_command, [name, *more], catch_exceptions=False)
    assert result.exit_code == 0
    return list(csv.DictReader(io.StringIO(result.stdout)))


@pytest.mark.requirement("RECON-2", "RECON-6", "PAY-13", "PAY-14", "PAYOUT-10")
def test_reports_tell_the_trade(database: Database, stripe_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    trade = Trade(database, stripe_sandbox)
    for name, value in settings_env(database.settings()).items():
        monkeypatch.setenv(name, value)
    control = trade.control
    control.configure(accounts_ready=True)
    payee = control.ready_account("DE", currency="eur")
    paid = control.paid(10_000)
    control.paid(4_000, transfer_data={"destination": payee}, application_fee_amount=150)
    control.api("POST", "/v1/refunds", {"payment_intent": paid["id"], "amount": 700, "reason": "requested_by_customer"})
    trade.hear()
    trade.pull()
    until = ("--since", "2020-01-01", "--until", "2099-01-01")

    assert [row["amount_minor"] for row in told("payments", *until)] == ["10000", "4000"]
    assert told("failed-payments", *until) == []
    fees = told("fees", *until)
    assert [(row["application_fee_minor"], row["owed_minor"], row["leaked_minor"]) for row in fees] == [
        ("0", "0", "0"), ("150", "200", "50")
    ]  # fmt: skip
    assert [row["processor_fee_minor"] for row in fees] == ["175", "85"]
    assert [(row["reason"], row["account"], row["amount_minor"]) for row in told("refunds", *until)] == [
        ("requested_by_customer", "platform", "700")
    ]
    revenue = {row["account"]: row["amount_minor"] for row in told("revenue", *until)}
    assert (revenue["sales"], revenue["refunds"], revenue["processor_fees"]) == ("14000", "-700", "-260")
    [earned] = told("earnings", *until)
    assert (earned["account"], earned["transferred_minor"], earned["application_fees_minor"]) == (payee, "4000", "-150")
    assert CliRunner().invoke(report_command, ["payouts", "--format", "json"]).stdout == ""
    assert set(REPORTS) <= set(CliRunner().invoke(report_command, []).stdout.split())
    trade.machine.close()


@pytest.mark.requirement("RECON-6")
def test_recurring_revenue_by_month(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings_env(database.settings()).items():
        monkeypatch.setenv(name, value)
    with database.connect() as connection:
        for number, (status, unit, at, ended) in enumerate([
            ("active", "month", "2027-01-10", None), ("active", "year", "2027-02-03", None),
            ("cancelled", "month", "2027-01-05", "2027-02-20"),
        ]):  # fmt: skip
            connection.execute(_SUBSCRIBED, {"id": f"sub_{number}", "status": status, "unit": unit, "at": at, "ended": ended})

    rows = told("mrr", "--since", "2027-01-01", "--until", "2027-03-01")
    assert [tuple(row.values()) for row in rows] == [
        ("2027-01", "EUR", "0", "2000", "0", "2000", "2"), ("2027-02", "EUR", "2000", "83", "1000", "1083", "2"),
    ]  # fmt: skip


def test_no_cell_is_a_formula() -> None:
    assert [_cell(value) for value in ("=1+1", "@x", "plain", -5, None)] == ["'=1+1", "'@x", "plain", "-5", ""]
