"""`bursar credits`, `bursar usage` and the report of what credits were spent on."""

from __future__ import annotations

import pytest

from cli.credits import credits as command
from cli.report import report_command
from cli.usage import usage
from tests.cli.operator_command import Here
from tests.factories.credits import CreditShop
from tests.harness.machine import Machine


@pytest.mark.requirement("CRED-9", "RECON-6", "USAGE-6")
def test_people_see_credits_and_usage_and_finance_sets_them_right(here: Here, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = CreditShop(machine)
    assert here(command, "show", "alice").code == 3
    wish = ("adjust", "alice", "300", "--reference", "a1", "--reason", "a gift", "--never-expires")
    assert here(command, *wish).code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    assert "alice: +300 under a1; 300 credits now" in here(command, *wish).out
    over = here(command, "adjust", "--reference", "a2", "--reason", "wrong", "--", "alice", "-301")
    assert (over.code, "insufficient_credits" in over.err) == (1, True)
    assert here(command, *wish[:2], "0", *wish[3:]).code == 2
    shop.spends(40, model="large")
    shop.spends(30, "op-2", site="api")
    shop.asks("give_back", reference="op-2")
    shown = here(command, "show", "alice").out
    assert ("alice: 260 credits\n" in shown, "a gift" in shown, "person:anna (finance)" in shown) == (True, True, True)
    account, lot, *ledger = here(command, "show", "alice", "--json").objects
    assert (account["balance"], lot["remaining"], [row["amount"] for row in ledger]) == (260, 260, [30, -30, -40, 300])

    span = ("--since", "2020-01-01T00:00:00Z", "--until", "2030-01-01T00:00:00Z")
    rows = here(report_command, "credit-usage", *span, "--format", "json").objects
    assert [(row["site"], row["model"], row["spent"], row["used"]) for row in rows] == [("studio", "large", 40, 40), ("api", "", 30, 0)]

    assert here(usage, "show", "alice").code == 3
    shop.asks("billing.meters.define.v1", meter="gb", title="Storage", category="storage", aggregation="max")
    shop.asks("billing.usage.record.v1", events=[{"subscriber_ref": "alice", "meter": "gb", "key": "e1", "quantity": 9}])
    now, counter = here(usage, "show", "alice", "--json").objects
    assert (now["used"], now["limit"], counter["value"], counter["events"]) == (9, None, 9, 1)
    assert "gb" in here(usage, "show", "alice").out
