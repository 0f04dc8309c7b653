"""Our own billing as operators see it: subscriber, subscriptions, invoices, and the whole story of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import cli.invoice
import cli.subscriber
import cli.subscription
from billing.operations.tell_subscription import tell_subscription_changed
from cli.explain import explain
from cli.invoice import invoice
from cli.subscriber import subscriber as people
from cli.subscription import subscription
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from models.subscription import Subscription
from tests.cli.operator_command import Here
from tests.factories.credits import CreditShop
from tests.factories.subscribers import do
from tests.harness.cluster import Database
from tests.harness.machine import Machine

MAY = datetime(2027, 5, 1, 9, tzinfo=UTC)


@pytest.fixture
def shop(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[CreditShop]:
    """Alice with a paid period, an open invoice for a package, credits, and a plan that is billed again."""
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    machine = Machine(database)
    machine.clock.move_to(MAY)
    made = CreditShop(machine)
    made.begins(current_period_start=MAY, current_period_end=MAY + timedelta(days=31), next_billing_at=MAY + timedelta(days=31),
                unit_price_minor=2_000, cycle_no=0)  # fmt: skip
    made.settles(MAY)
    made.asks("grant", reference="hello", amount=10, reason="welcome", valid_months=3)
    made.invoices()
    yield made
    machine.close()


def _park(machine: Machine) -> None:
    def park(unit: Any) -> None:
        unit.row(Subscriber, OWN_SOURCE, "alice")
        row = unit.row(Subscription, OWN_SOURCE, "sub-1")
        row.parked_at, row.parked_because, row.anchor_at, row.zone = unit.now, "40 periods at once", MAY, "UTC"

    do(machine.context, park)


@pytest.mark.requirement("AUDIT-2", "SUB-12")
def test_a_subscriber_stands_on_one_screen(here: Here, shop: CreditShop) -> None:
    assert [row["subscriber"] for row in here(people, "ls", "--json").objects] == ["alice"]
    assert "alice" in here(people, "ls").out
    assert here(people, "ls", "--status", "suspended").code == 3
    assert here(people, "show", "nobody").code == 3
    shown = here(people, "show", "alice").out
    for wanted in (
        "sub-1  [bursar]  active  pro  1 x 20.00 EUR", "pkg-1  credit_package  49.00 EUR", "subscription: 200", "bonus: 10",
        "subscription sub-1 is billed for its next period 2027-06-01T09:00:00Z", "invoice pkg-1 waits for its payment",
    ):  # fmt: skip
        assert wanted in shown, (wanted, shown)
    assert "alice@example.com" not in shown
    [told] = here(people, "show", "alice", "--json").objects
    assert told["entitlements"]["plan"] == "pro"
    assert [row["external_id"] for row in told["open_invoices"]] == ["pkg-1"]
    [again] = here(people, "show", told["subscriber"]["id"], "--json").objects
    assert again["subscriber"] == told["subscriber"]


@pytest.mark.requirement("AUDIT-2")
def test_the_story_of_each_part_and_what_comes_next(here: Here, shop: CreditShop) -> None:
    shop.spends(5, "op-1")
    told = here(explain, "alice").out
    for wanted in ("sub-1  active", "pkg-1  pending", "is billed for its next period 2027-06-01T09:00:00Z", "has 10 credits left"):
        assert wanted in told, (wanted, told)
    [row] = here(explain, "sub-1", "--json").objects
    assert row["rows"][0]["kind"] == "subscription"
    assert {"subscriber", "product", "credit_lot"} <= {one["kind"] for one in row["rows"]}
    told = here(explain, "pkg-1").out
    assert "invoice pkg-1 waits for its payment" in told
    assert "sub-1" not in told, "whose it is, is not followed"
    lot = shop.machine.one("SELECT external_id FROM bursar.credit_lot WHERE pool = 'subscription'")
    fact = shop.machine.one("SELECT fact FROM bursar.credit_entry WHERE amount < 0")
    for name in (lot, fact):
        said = here(explain, name)
        told = said.out
        assert "5 credits" in told, (name, said)
        assert "credits left, which expire" in told
    public = shop.machine.one("SELECT 'sbr_' || replace(id::text, '-', '') FROM bursar.subscriber")
    assert here(explain, public).code == 0


@pytest.mark.requirement("SUB-10", "AUDIT-2")
def test_each_change_of_a_plan_shows_its_mail(here: Here, shop: CreditShop) -> None:
    for minutes in (0, 5):
        shop.machine.clock.move_to(MAY + timedelta(minutes=10 + minutes))

        def change(unit: Any) -> None:
            unit.row(Subscriber, OWN_SOURCE, "alice").email = "alice@example.com"
            row = unit.row(Subscription, OWN_SOURCE, "sub-1")
            unit.audit("subscription.changed", Subscription.NAME, row.id, before=None, after={})
            tell_subscription_changed(unit, row)

        do(shop.machine.context, change)
    assert here(explain, "sub-1").out.count("mail subscription_changed") == 2


@pytest.mark.requirement("SUB-14", "AUDIT-2")
def test_a_parked_subscription_is_seen_and_let_go_on_by_finance(
    here: Here, shop: CreditShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here(subscription, "ls", "parked").code == here(subscription, "ls", "owing").code == 3
    _park(shop.machine)
    assert "40 periods at once" in here(subscription, "ls", "parked").out
    assert "waits for a person: bursar subscription unpark sub-1" in here(explain, "sub-1").out
    assert here(subscription, "unpark", "sub-1", "--reason", "looked").code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    assert "billed again" in here(subscription, "unpark", "sub-1", "--reason", "looked").out
    assert "not parked" in here(subscription, "unpark", "sub-1", "--reason", "looked").out
    actor, reason = shop.machine.all("SELECT actor, reason FROM bursar.audit WHERE action = 'subscription.unparked'")[0]
    assert (actor, reason) == ("person:anna (finance)", "looked")
    [row] = here(subscription, "show", "sub-1", "--json").objects
    assert row["parked_at"] is None
    assert "is billed for its next period" in here(subscription, "show", "sub-1").out
    assert here(subscription, "show", "stripe:sub_x").code == 3
    assert [one["subscription"] for one in here(subscription, "ls", "--subscriber", "alice", "--json").objects] == ["sub-1"]


@pytest.mark.requirement("INV-7", "AUDIT-2")
def test_invoices_are_listed_shown_and_voided_by_finance(here: Here, shop: CreditShop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "49.00 EUR" in here(invoice, "ls").out
    assert "line  49.00 EUR  500 credits" in here(invoice, "show", "pkg-1").out
    assert here(invoice, "void", "pkg-1", "--reason", "never ordered").code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    refused = here(invoice, "void", "pkg-1", "nobody", "--reason", "never ordered")
    assert (refused.code, "unknown_invoice" in refused.err) == (1, True)
    assert here(invoice, "void", "pkg-1", "--reason", "never ordered").out == "1 voided\n"
    assert "final and stay: pkg-1" in here(invoice, "void", "pkg-1", "--reason", "never ordered").out
    assert here(invoice, "ls").code == 3
    [row] = here(invoice, "ls", "--subscriber", "alice", "--json").objects
    assert (row["status"], row["void_because"]) == ("void", "never ordered")


def test_every_list_is_served_by_an_index(database: Database) -> None:
    bound = {"now": MAY, "limit": 50, "most": 50, "subscriber": "x", "ref": "x", "source": "bursar", "status": "free"}
    lists = [*cli.subscription._LS.values(), cli.invoice._OPEN, cli.invoice._OF, cli.subscriber._SUBSCRIPTIONS, cli.subscriber._INVOICES,
             cli.subscriber._POOLS, cli.subscriber._MONEY, *cli.subscriber._LS.values(), *cli.subscriber._AHEAD.values()]  # fmt: skip
    with database.connect() as connection:
        connection.execute("SET enable_seqscan = off")
        plans = {sql: "\n".join(row[0] for row in connection.execute(f"EXPLAIN {sql}", bound)) for sql in lists}
    assert [sql for sql, plan in plans.items() if "Seq Scan" in plan] == []
