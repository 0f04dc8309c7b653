"""The six acceptance scenarios of the credits audit, by name, as far as credits and their invoices go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.credits import WRONG, CreditShop
from tests.harness.machine import Machine

pytestmark = pytest.mark.breaks(
    "periods_opened", "invoices_paid_by_something", "invoices_end_on_time",
    because="its rows are made by hand, by verbs and not by payments",
)

JANUARY = datetime(2027, 1, 31, 9, 0, tzinfo=UTC)
FEBRUARY = datetime(2027, 2, 28, 9, 0, tzinfo=UTC)


@pytest.fixture
def shop(machine: Machine) -> Iterator[CreditShop]:
    """The 31st of January."""
    machine.clock.move_to(JANUARY)
    yield CreditShop(machine)
    assert machine.all(WRONG) == []


@pytest.mark.requirement("INV-6", "CRED-4", "INV-1", "INV-3")
def test_scenario_1_a_pending_package_invoice_neither_blocks_nor_changes_anything(shop: CreditShop) -> None:
    shop.begins()
    shop.settles(JANUARY)
    before = (shop.machine.one("SELECT status FROM bursar.subscriber"), shop.pools())
    for number in (1, 2):
        told = shop.asks("buy", reference=f"pkg-{number}", product="credits-500", currency="EUR")
        assert (told["state"], told["status"], told["credits"], told["total_minor"]) == ("succeeded", "pending", 500, 4_900)
    assert (shop.machine.one("SELECT status FROM bursar.subscriber"), shop.pools()) == before
    assert shop.spends(10)["balance"] == 190
    assert shop.machine.all("SELECT invoice_type, package_credits, product_ref, expires_at - finalized_at FROM bursar.invoice") == [
        ("credit_package", 500, "credits-500", timedelta(hours=48))
    ] * 2
    shop.pays("pkg-2")
    assert shop.pools() == {"subscription": 190, "purchased": 500}


@pytest.mark.requirement("CRED-4", "T6")
def test_scenario_2_a_paid_package_adds_its_500_and_not_the_plans_200(shop: CreditShop) -> None:
    shop.begins()
    shop.settles(JANUARY)
    shop.invoices()
    shop.pays()
    shop.pays()
    assert shop.pools() == {"subscription": 200, "purchased": 500}
    assert shop.ledger() == [("subscription", 200, 200), ("purchase", 500, 700)]


@pytest.mark.requirement("CRED-3", "USAGE-1")
def test_scenario_3_a_renewal_with_50_left_ends_at_200_and_not_at_250(shop: CreditShop) -> None:
    shop.begins()
    shop.settles(JANUARY)
    shop.spends(150)
    assert shop.pools() == {"subscription": 50}
    shop.machine.clock.move_to(FEBRUARY)
    for _ in range(2):
        shop.settles(FEBRUARY)
    assert shop.pools() == {"subscription": 200}
    assert [amount for _, amount, _ in shop.ledger()] == [200, -150, -50, 200]


@pytest.mark.requirement("CRED-3", "CRED-1")
def test_scenario_4_a_renewal_leaves_purchased_credits_alone(shop: CreditShop) -> None:
    shop.begins()
    shop.settles(JANUARY)
    shop.machine.clock.move_to(JANUARY + timedelta(days=10))
    shop.invoices()
    shop.pays()
    shop.spends(120)
    shop.machine.clock.move_to(FEBRUARY)
    shop.settles(FEBRUARY)
    assert shop.pools() == {"subscription": 200, "purchased": 500}


@pytest.mark.requirement("CRED-2", "CRED-5")
def test_scenario_5_purchased_credits_expire_after_a_calendar_month(shop: CreditShop) -> None:
    shop.invoices()
    shop.pays()
    shop.asks("grant", reference="welcome", amount=30, reason="welcome")
    shop.spends(100)
    shop.at(FEBRUARY - timedelta(seconds=1))
    assert shop.pools() == {"purchased": 400, "bonus": 30}
    shop.at(FEBRUARY + timedelta(seconds=2))
    assert shop.pools() == {}
    assert shop.ledger()[-2:] == [("expiry", -400, 30), ("expiry", -30, 0)]
    assert shop.machine.all("SELECT DISTINCT status, ended_because, remaining FROM bursar.credit_lot") == [("expired", "expiry", 0)]


@pytest.mark.requirement("CRED-3", "CRED-4", "PAY-1")
def test_scenario_6_a_manual_approval_grants_alike(shop: CreditShop) -> None:
    shop.invoices()
    told = shop.approves("t-1", purpose="invoice", purpose_ref="pkg-1")
    assert told["state"] == "succeeded", told
    assert shop.pools() == {"purchased": 500}
    told = shop.approves("t-2", purpose="credit_package", purpose_ref="credits-500", external_ref="alice")
    assert told["state"] == "succeeded", told
    assert shop.pools() == {"purchased": 1_000}
    assert [row[:2] for row in shop.ledger()] == [("purchase", 500)] * 2
