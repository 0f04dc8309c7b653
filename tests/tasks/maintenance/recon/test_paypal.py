"""Reconciliation with PayPal's reports: what is missing on one side is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from billing.operations.ask_recon import ask_recon
from tasks.maintenance.recon.lists import LISTS
from tasks.maintenance.recon.run import turn
from tests.harness.cluster import Database
from tests.harness.paypal import PayPal
from tests.tasks.maintenance.recon.trade import BY_HAND
from tests.tasks.payments.paypal.market import Market
from workers.unit import Unit

_OPEN = "SELECT kind, object_type, object_ref FROM bursar.finding WHERE status = 'open' AND kind <> %s ORDER BY 1, 2, 3"


@pytest.fixture
def market(database: Database, paypal_sandbox: PayPal) -> Iterator[Market]:
    """The machine and PayPal."""
    found = Market(database, paypal_sandbox)
    yield found
    found.machine.close()


def recon(market: Market, reference: str) -> dict[str, int]:
    """One run over all; its counts, less the rows that were listed."""
    context, now = market.machine.context, market.machine.clock.now()
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=now, reason="test")
        ask_recon(
            unit, "paypal", reference, since=now - timedelta(days=90), until=now + timedelta(days=1),
            objects=list(LISTS["paypal"]), actor="test", reason="test",
        )  # fmt: skip
        unit.flush()
    done = turn(context, budget_s=60.0)
    assert done.done
    assert done.run is not None
    return {kind: count for kind, count in done.run.counts.items() if kind not in ("listed", BY_HAND) and count}


def findings(market: Market) -> list[tuple[Any, ...]]:
    """(kind, object type, object) of the open ones."""
    return market.machine.all(_OPEN, BY_HAND)


@pytest.mark.requirement("RECON-1", "RECON-4")
def test_what_was_never_told_and_what_never_was_are_found(market: Market) -> None:
    market.bought("C-1")
    gone = market.bought("C-2")
    untold = market.control.tell("sale", amount_minor=999, currency="EUR", subscription="I-1")["id"]
    market.control.take_events()
    world = market.paypal.standin.world
    world.movements[:] = [moved for moved in world.movements if moved["row"]["transaction_id"] != gone]
    recon(market, "RUN-1")
    found = findings(market)
    assert ("missing_here", "charge", untold) in found
    assert ("missing_there", "charge", gone) in found
    wish = {"source": "paypal", "finding": f"missing_here:charge:{untold}", "reason": "its webhook was lost"}
    assert market.machine.run("billing.recon.repair.v1", wish)["state"] == "succeeded"
    payment = market.row("payment", untold)
    assert (payment["status"], payment["kind"], payment["confirmed"]) == ("succeeded", "sale", True)
    recon(market, "RUN-2")
    assert ("missing_here", "charge", untold) not in findings(market)


@pytest.mark.requirement("RECON-8")
def test_what_paypal_shows_by_no_id_is_written_off_and_what_only_its_report_lacks_is_not(market: Market) -> None:
    sale = {"currency": "EUR", "subscription": "I-1", "custom": "bursar_purpose=subscription"}
    gone, lags = (market.control.tell("sale", amount_minor=minor, **sale)["id"] for minor in (2_000, 3_000))
    market.settle()
    world = market.paypal.standin.world
    with world.lock:
        del world.table("sale")[gone]
        world.movements[:] = [moved for moved in world.movements if moved["row"]["transaction_id"] not in (gone, lags)]
    recon(market, "RUN-1")
    wish = {"source": "paypal", "reason": "looked into", "how": "write_off"}

    def repairs() -> None:
        market.machine.clock.move_to(market.machine.clock.now() + timedelta(hours=1))
        for charge in (gone, lags):
            told = market.machine.run("billing.recon.repair.v1", wish | {"finding": f"missing_there:charge:{charge}"}, actor="shop:anna")
            assert told["state"] == "succeeded", told
        market.settle()

    market.control.fault("error_before", path="/v1/payments/sale/", method="GET", status=403, times=2)
    repairs()
    written = "SELECT external_id FROM bursar.charge WHERE gone_at IS NOT NULL"
    assert market.machine.all(written) == [], "whoever may not look does not say that there is none"
    assert len(market.machine.failures()) == 2, "an operator is told of both"
    repairs()
    assert market.machine.all(written) == [(gone,)]
    sums = """SELECT sum(CASE WHEN debit = %s THEN amount_minor ELSE -amount_minor END)::bigint
              FROM bursar.journal WHERE %s IN (debit, credit)"""
    losses, balance = "paypal:losses", "paypal:balance"
    assert market.machine.one(sums, losses, losses) > 0
    kept = market.row("payment", lags)
    assert market.machine.one(sums, balance, balance) == 3_000 - kept["processor_fee_minor"]
    [(by, who)] = market.machine.all(
        "SELECT after ->> 'asked_by', after ->> 'finding' FROM bursar.audit WHERE action = 'charge.written_off'"
    )
    assert (by, who) == ("app:shop:anna", f"missing_there:charge:{gone}")
    recon(market, "RUN-2")
    assert {reference for _, _, reference in findings(market)} == {lags}
