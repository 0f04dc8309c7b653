"""Rates of exchange under people: what the doctor says of them, and how a stand-in's bank is told to go wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.operations.hold_fx_rate import hold_fx_rate
from billing.operations.record_fx_rate import record_fx_rate
from billing.rules.commands.tax import RecordFxRate
from cli.checks.tax import tax as checked
from cli.sandbox_fx import fx as sandbox
from cli.tax import tax as command
from core.clock import SystemClock
from providers.sandbox.fx.standin import FxSandbox
from tests.cli.operator_command import Here
from tests.factories.documents import invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness.machine import Machine


@pytest.mark.requirement("TAX-5")
def test_doctor_warns_before_papers_wait(here: Here, machine: Machine) -> None:
    def told() -> list[tuple[str, str]]:
        with machine.connect() as connection:
            return [(one.level, one.said) for one in checked(connection) if one.check == "rates of exchange"]

    def record(days: int) -> None:
        on = SystemClock().now().date() - timedelta(days=days)
        wish = RecordFxRate(rate_source="BNR", base="EUR", quote="RON", valid_on=on.isoformat(), rate="5.09")
        do(machine.context, lambda unit: record_fx_rate(unit, wish))

    with unit_of(machine.context) as unit:
        seller(unit, currency="RON", zone="UTC")
    assert told() == []  # nothing is billed in another currency
    with unit_of(machine.context) as unit:
        subscriber(unit, "ann", country="RO")
        invoice(unit, "in-1")
    assert told() == [("warn", "the newest is old: EUR/RON none")]
    record(5)
    assert [level for level, _ in told()] == ["warn"]
    record(1)
    assert told() == [("ok", "BNR's hold for EUR")]

    about = {"rate_source": "BNR", "base": "EUR", "quote": "RON", "valid_on": SystemClock().now().date().isoformat()}
    do(machine.context, lambda unit: hold_fx_rate(unit, about, "50.9", last_rate="5.09", last_on=SystemClock().now().date()))
    assert [said.partition(" is ")[2] for _, said in told()] == ["kept back: 50.9 after 5.09"]
    assert "kept back" in here(command, "fx").out
    assert here(command, "fx", "--json").objects[0]["held"] is True
    record(0)
    assert told() == [("ok", "BNR's hold for EUR")]


@pytest.mark.requirement("TAX-5")
def test_finance_has_the_bank_asked_now(here: Here, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(command, "ask-fx").code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    assert here(command, "ask-fx").code == 3  # in mode test there is nobody
    monkeypatch.setenv("BURSAR_FX_API_BASE", "http://127.0.0.1:9")
    assert "nobody was asked" in here(command, "ask-fx").out
    with unit_of(machine.context) as unit:
        seller(unit, currency="RON")
        subscriber(unit, "ann", country="RO")
        invoice(unit, "in-1")
    for _ in range(2):
        assert here(command, "ask-fx").out == "BNR is asked\n"
    asked = "SELECT payload ->> 'bank', payload -> 'bases' FROM bursar.outbox WHERE kind = 'fx.fetch'"
    assert machine.all(asked) == [("BNR", ["EUR"])] * 2


def test_a_person_decides_how_a_bank_tells(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(sandbox, "BNR", "down").code == 2  # no sandbox
    with FxSandbox() as banks:
        monkeypatch.setenv("BURSAR_FX_API_BASE", banks.base)
        assert here(sandbox, "BNR", "misprint").out.startswith("BNR is misprint now")
        assert here(sandbox, "BNR", "nonsense").code == 2
    assert here(sandbox, "BNR", "well").code == 69
