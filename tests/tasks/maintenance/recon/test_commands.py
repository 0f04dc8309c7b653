"""The app asks for a comparison, and settles what was found (RECON-8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tasks.maintenance.recon.run import turn
from tests.tasks.maintenance.recon.trade import Trade


@pytest.mark.requirement("RECON-8")
def test_asked_for_by_the_app_found_repaired_and_accepted(trade: Trade) -> None:
    machine = trade.machine
    trade.control.freeze(int((machine.clock.now() - timedelta(days=2)).timestamp()))
    customer = trade.control.api("POST", "/v1/customers", {"email": "a@example.com"})["id"]
    lost = trade.control.paid(1_000, customer=customer)["latest_charge"]
    strange = trade.control.paid(2_000)["latest_charge"]
    trade.hear(but=lambda event: event["data"]["object"]["id"] == lost)
    asked: dict[str, Any] = {
        "source": "stripe", "since": (machine.clock.now() - timedelta(days=5)).isoformat(), "until": machine.clock.now().isoformat(),
        "objects": ["charge", "payment"], "reason": "month's end",
    }  # fmt: skip

    told = machine.run("billing.recon.run.v1", asked, actor="shop:anna")
    assert told["result"]["status"] == "asked"
    assert turn(machine.context, budget_s=60).done
    assert machine.run("billing.recon.run.v1", {**asked, "objects": ["meeting"]})["code"] == "nothing_to_compare"

    def settle(verb: str, finding: str) -> dict[str, Any]:
        return machine.run(f"billing.recon.{verb}.v1", {"source": "stripe", "finding": finding, "reason": "looked into"}, actor="shop:anna")

    assert settle("repair", f"missing_here:charge:{lost}")["result"]["repair"] == "fetch"
    assert settle("repair", f"unknown_charge:charge:{strange}")["code"] == "needs_decision"
    assert settle("repair", "missing_here:charge:ch_none")["code"] == "unknown_finding"
    assert settle("accept", f"unknown_charge:charge:{strange}")["result"]["status"] == "accepted"
    assert settle("accept", f"unknown_charge:charge:{strange}")["code"] == "not_open"
    assert machine.one("SELECT count(*) FROM bursar.finding WHERE versions = '{}'") == 0
    machine.run("billing.recon.run.v1", asked)
    assert turn(machine.context, budget_s=60).done
    assert trade.open() == []
    assert machine.one("SELECT accepted_by FROM bursar.finding WHERE status = 'accepted'") == "app:shop:anna"

    # PayPal reports up to three hours late: what is younger would look like missing.
    run = machine.run("billing.recon.run.v1", {**asked, "source": "paypal", "objects": ["payout"]})["result"]["run"]
    assert machine.clock.now() - machine.one("SELECT until_at FROM bursar.recon_run WHERE external_id = %s", run) >= timedelta(hours=3)
