"""`bursar recon` and `bursar inbox backfill` against a stand-in of Stripe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from cli.inbox.backfill import backfill
from cli.recon import recon
from cli.trouble import FORBIDDEN, NOTHING, PROBLEMS, USAGE
from models.database import connect
from tasks.maintenance.recon.run import LOCK
from tests.cli.operator_command import Here, Said
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.sandbox import Sandbox
from tests.tasks.maintenance.recon.trade import Trade

_DAYS_AGO = 3 * 86_400


@pytest.fixture
def trade(database: Database, stripe_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trade]:
    """Trade of three days ago, so that it is old enough to be compared; the command line knows the stand-in."""
    made = Trade(database, stripe_sandbox)
    for name, value in settings_env(database.settings(**stripe_sandbox.settings())).items():
        monkeypatch.setenv(name, value)
    made.control.freeze(int(made.machine.clock.now().timestamp()) - _DAYS_AGO)
    yield made
    made.machine.close()


@pytest.fixture
def here(trade: Trade) -> Here:
    """A command run inside this process."""

    def run(command: Any, *arguments: str, role: str = "operator") -> Said:
        env = {"BURSAR_ROLE": role, "BURSAR_ACTOR": "anna"}
        result = CliRunner(env=env).invoke(command, list(arguments), catch_exceptions=False)
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.mark.requirement("RECON-1", "RECON-8")
def test_found_at_the_command_line_repaired_and_accepted(trade: Trade, here: Here) -> None:
    customer = trade.control.api("POST", "/v1/customers", {"email": "a@example.com"})["id"]
    lost = trade.control.paid(1_000, customer=customer)["latest_charge"]
    strange = trade.control.paid(2_000)["latest_charge"]
    trade.hear(but=lambda event: event["data"]["object"]["id"] == lost)
    trade.pull()

    [told] = here(recon, "run", "stripe", "--kind", "charge", "--kind", "payment", "--json").objects
    assert (told["status"], told["counts"]["listed"]) == ("done", 4)
    found = {row["finding"]: row for row in here(recon, "findings", "--json").objects}
    assert set(found) == {f"missing_here:charge:{lost}", f"unknown_charge:charge:{strange}"}
    assert found[f"missing_here:charge:{lost}"]["theirs_minor"] == 1_000

    refused = here(recon, "repair", f"unknown_charge:charge:{strange}")
    assert (refused.code, "choose one of: adopt, refund" in refused.err) == (PROBLEMS, True)
    assert "--as adopt|refund" in here(recon, "findings").out
    assert here(recon, "repair", f"unknown_charge:charge:{strange}", "--as", "refund", "--reason", "a test").code == FORBIDDEN
    assert here(recon, "repair", f"unknown_charge:charge:{strange}", "--as", "refund", role="finance").code == USAGE
    assert here(recon, "repair", f"missing_here:charge:{lost}", "--as", "refund", "--reason", "a test", role="finance").code == PROBLEMS
    assert here(recon, "repair", f"missing_here:charge:{lost}").code == 0
    trade.machine.settle()
    assert here(recon, "accept", f"unknown_charge:charge:{strange}", "--reason", "a test").code == FORBIDDEN
    assert here(recon, "accept", f"unknown_charge:charge:{strange}", "--reason", "a test", role="finance").code == 0
    assert here(recon, "run", "--kind", "charge", "--kind", "payment").code == 0
    assert here(recon, "findings").code == NOTHING
    states = {row["finding"]: row["status"] for row in here(recon, "findings", "--all", "--json").objects}
    assert states == {f"missing_here:charge:{lost}": "repaired", f"unknown_charge:charge:{strange}": "accepted"}
    assert trade.machine.one("SELECT count(*) FROM bursar.audit WHERE action IN ('finding.repair', 'finding.status')") == 2


@pytest.mark.requirement("RECON-1")
def test_of_two_reconcilers_at_once_the_second_says_so_and_ends_well(trade: Trade, here: Here) -> None:
    with connect(trade.machine.database.url, "bursar_app", autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        said = here(recon, "run")
    assert said.code == 0
    assert "another reconciliation is at work" in said.out


@pytest.mark.requirement("RECON-9")
def test_a_payout_is_explained_and_its_remainder_shown(trade: Trade, here: Here) -> None:
    control = trade.control
    control.configure(payouts="daily")
    customer = control.api("POST", "/v1/customers", {"email": "a@example.com"})["id"]
    lost = control.paid(10_000, customer=customer)
    control.paid(5_000, customer=customer)
    control.advance(days=3)
    [payout] = control.objects("payout")
    trade.hear(but=lambda event: lost["id"] in (event["data"]["object"]["id"], event["data"]["object"].get("payment_intent")))
    trade.pull()

    said = here(recon, "explain-payout", payout["id"], "--json")
    [told] = said.objects
    assert said.code == PROBLEMS
    assert told["amount_minor"] == payout["amount"]
    assert told["remainder_minor"] == 10_000 - 175
    here(backfill, "stripe", "--since", "10d")
    trade.machine.settle()
    said = here(recon, "explain-payout", payout["id"])
    assert said.code == 0
    assert "remainder  0 EUR" in said.out


@pytest.mark.requirement("INBOX-6")
def test_backfill_counts_and_does_nothing_twice(trade: Trade, here: Here) -> None:
    trade.control.paid(1_000)
    events = len(trade.control.objects("event"))

    [told] = here(backfill, "stripe", "--since", "5d", "--json").objects
    assert told == {"source": "stripe", "looked_at": events, "known": 0, "injected": events}
    [told] = here(backfill, "stripe", "--since", "5d", "--json").objects
    assert (told["known"], told["injected"]) == (events, 0)
    headers = trade.machine.one("SELECT DISTINCT headers FROM bursar.inbox_payload")
    assert headers == '{"via":"backfill"}'
