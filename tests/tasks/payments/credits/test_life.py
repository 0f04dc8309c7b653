"""Credits from grant to end: spend order, adjustments, warnings, yearly plans, what refunds take back, who spends at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from billing.operations.fulfil_payment import follow_payment
from billing.operations.reset_credits import advance_credits
from billing.operations.revoke_fulfilment import restore_fulfilment, revoke_fulfilment
from billing.operations.spend_credits import spend_credits
from billing.operations.void_invoice import void_invoice
from billing.rules.commands.base import Rejected
from billing.rules.commands.credits import SpendCredits
from billing.rules.credits import low_at, worth
from models.base import OWN_SOURCE
from models.credit_cycle import CreditCycle
from models.invoice import Invoice
from models.payment import Payment
from models.subscriber import Subscriber
from models.subscription import Subscription
from tests.factories.credits import WRONG, CreditShop
from tests.factories.subscribers import do, unit_of
from tests.harness.machine import Machine

pytestmark = pytest.mark.breaks(
    "periods_opened", "invoices_paid_by_something", "invoices_end_on_time", "ended_is_over", "one_plan_once",
    because="its rows are made by hand, by verbs and not by payments",
)

JANUARY = datetime(2027, 1, 31, 9, 0, tzinfo=UTC)
_LOTS = "SELECT external_id, remaining FROM bursar.credit_lot WHERE versions <> '{}' ORDER BY 1"
_MAILS = "SELECT payload -> 'context' ->> 'percent' FROM bursar.outbox WHERE kind = 'mail.send' ORDER BY id"
_DAY = timedelta(days=1)


@pytest.fixture
def shop(machine: Machine) -> Iterator[CreditShop]:
    """The 31st of January."""
    machine.clock.move_to(JANUARY)
    yield CreditShop(machine)
    assert machine.all(WRONG) == []


@pytest.mark.requirement("CRED-1", "CRED-11", "CRED-7", "CRED-9")
def test_soonest_to_expire_first_never_below_zero_and_back_where_it_came_from(shop: CreditShop) -> None:
    shop.begins()
    shop.settles(JANUARY)
    shop.asks("grant", reference="forever", amount=10, reason="welcome", never_expires=True)
    shop.asks("grant", reference="long", amount=10, reason="welcome", valid_months=3)
    shop.invoices()
    shop.pays()
    told = shop.spends(705, "op-1", model="large")
    assert (told["state"], told["balance"], told["spent"]) == ("succeeded", 15, 705)
    assert [left for _, left in shop.machine.all(_LOTS)] == [10, 5, 0, 0]
    told = shop.spends(16, "op-2")
    assert (told["state"], told["code"], told["details"]) == ("rejected", "insufficient_credits", {"current": 16, "limit": 15})
    assert shop.spends(705, "op-1", model="large")["balance"] == 15, "the same operation again"
    assert shop.spends(1, "op-1")["code"] == "reference_used"
    told = [shop.asks("give_back", reference="op-1") for _ in range(2)][-1]
    assert (told["balance"], told["spent"]) == (720, 0)
    assert shop.asks("adjust", reference="a-1", amount=-721, reason="wrong")["code"] == "insufficient_credits"
    told = [shop.asks("adjust", reference="a-1", amount=-720, reason="wrong") for _ in range(2)][-1]
    assert (told["balance"], told["amount"]) == (0, -720)
    assert shop.asks("adjust", reference="a-2", amount=7, reason="right")["balance"] == 7
    assert shop.asks("adjust", reference="a-2", amount=8, reason="right")["code"] == "reference_used"
    assert shop.machine.all("SELECT DISTINCT reason, actor FROM bursar.credit_entry WHERE kind = 'adjustment' ORDER BY 1") == [
        ("right", "app:anna"), ("wrong", "app:anna"),
    ]  # fmt: skip
    assert shop.machine.all("SELECT site, operation, model, amount FROM bursar.credit_spend") == [("studio", "summary", "large", 705)]


@pytest.mark.requirement("CRED-3", "CRED-12", "SUB-13")
def test_a_yearly_plan_resets_monthly_on_the_anchor_day_and_only_while_it_is_paid_and_runs(shop: CreditShop) -> None:
    shop.begins(unit="year")
    shop.settles(JANUARY, because="nothing_owed")
    assert shop.pools() == {}, "what cost nothing grants nothing"
    shop.begins("sub-2", unit="year")
    shop.settles(JANUARY, "sub-2")
    shop.spends(150)
    shop.at(datetime(2027, 2, 28, 8, 59, tzinfo=UTC))
    assert shop.pools() == {"subscription": 50}
    for _ in range(2):
        shop.at(datetime(2027, 2, 28, 9, 0, tzinfo=UTC))
    assert shop.pools() == {"subscription": 200}
    shop.at(datetime(2027, 6, 15, tzinfo=UTC))  # nobody was there for three months
    assert shop.pools() == {"subscription": 200}
    starts = [row[0] for row in shop.machine.all("SELECT month_start FROM bursar.credit_lot WHERE amount = 200 ORDER BY 1")]
    assert [(at.month, at.day) for at in starts] == [(1, 31), (2, 28), (5, 31)]
    assert shop.machine.one("SELECT next_reset_at FROM bursar.credit_cycle WHERE external_id = 'sub-2'") == datetime(
        2027, 6, 30, 9, 0, tzinfo=UTC
    )
    shop.at(datetime(2028, 2, 1, tzinfo=UTC))
    assert (shop.pools(), shop.machine.one("SELECT next_reset_at FROM bursar.credit_cycle WHERE external_id = 'sub-2'")) == ({}, None)


@pytest.mark.requirement("CRED-3", "T4")
def test_paid_ahead_begins_when_its_time_comes_and_an_old_payment_that_comes_late_resets_nothing(shop: CreditShop) -> None:
    february, march = datetime(2027, 2, 28, 9, 0, tzinfo=UTC), datetime(2027, 3, 31, 9, 0, tzinfo=UTC)
    shop.begins()
    shop.settles(JANUARY)
    shop.spends(150)
    shop.settles(february)
    assert shop.pools() == {"subscription": 50}
    shop.at(february)
    assert shop.pools() == {"subscription": 200}
    shop.at(datetime(2027, 5, 1, tzinfo=UTC))
    assert shop.pools() == {}
    shop.settles(datetime(2027, 4, 30, 9, 0, tzinfo=UTC))
    shop.spends(20)
    shop.settles(march)
    assert shop.pools() == {"subscription": 180}


@pytest.mark.requirement("CRED-8")
def test_low_credits_are_told_once_per_threshold_and_period(shop: CreditShop) -> None:
    shop.begins()
    shop.settles(JANUARY)
    assert [shop.spends(amount)["low_percent"] for amount in (159, 1, 1, 35, 4)] == [None, 20, 20, 5, 5]
    assert [row[0] for row in shop.machine.all(_MAILS)] == ["20", "5"]
    shop.machine.clock.move_to(JANUARY + 28 * _DAY)
    shop.settles(datetime(2027, 2, 28, 9, 0, tzinfo=UTC))
    shop.spends(200)
    assert [row[0] for row in shop.machine.all(_MAILS)] == ["20", "5", "5"], "whoever passes two at once is told once"
    assert low_at(0, None, [20], []) == []


def _restored(unit: Any, because: str, payment: Callable[[Any], Payment]) -> None:
    restore_fulfilment(unit, payment(unit), because)


@pytest.mark.requirement("REFUND-13")
@pytest.mark.parametrize("purpose", ["invoice", "credit_package"])
def test_a_refund_takes_back_what_is_left_of_its_own_lot_and_gives_it_back_if_it_fails(shop: CreditShop, purpose: str) -> None:
    shop.invoices()
    shop.approves("t-1", purpose=purpose, purpose_ref="pkg-1" if purpose == "invoice" else "credits-500", external_ref="alice")
    shop.asks("grant", reference="own", amount=40, reason="welcome", never_expires=True)
    shop.spends(200, "op-1")

    def payment(unit: Any) -> Payment:
        unit.row(Subscriber, OWN_SOURCE, "alice")
        return unit.row(Payment, "manual", "t-1")  # type: ignore[no-any-return]

    for _ in range(2):
        do(shop.machine.context, lambda unit: revoke_fulfilment(unit, payment(unit), "refund"))
        told = "SELECT clawback_minor, clawback_shortfall_minor FROM bursar.fulfilment"
        assert (shop.pools(), shop.machine.all(told)) == ({"bonus": 40}, [(4_900, 1_960)])
    for because in ("refund", "refund"):
        do(shop.machine.context, partial(_restored, because=because, payment=payment))
        assert shop.pools() == {"purchased": 300, "bonus": 40}
    do(shop.machine.context, lambda unit: revoke_fulfilment(unit, payment(unit), "dispute:1"))
    shop.machine.clock.move_to(JANUARY + 40 * _DAY)
    do(shop.machine.context, lambda unit: restore_fulfilment(unit, payment(unit), "dispute:1"))
    assert shop.pools() == {"bonus": 40}, "they would have expired meanwhile"
    assert [kind for kind, _, _ in shop.ledger()] == ["purchase", "bonus", "deduction", "clawback", "refund", "clawback"]
    assert worth(100, 3, 1) == 33


@pytest.mark.requirement("REFUND-13")
@pytest.mark.parametrize("purpose", ["invoice", "credit_package"])
def test_a_part_that_goes_back_takes_back_as_much_of_its_lot(shop: CreditShop, purpose: str) -> None:
    shop.invoices()
    shop.approves("t-1", purpose=purpose, purpose_ref="pkg-1" if purpose == "invoice" else "credits-500", external_ref="alice")
    shop.spends(200)

    def back(minor: int) -> tuple[dict[str, int], Any]:
        def verb(unit: Any) -> None:
            row = unit.row(Payment, "manual", "t-1")
            row.refunded_minor = minor
            follow_payment(unit, row)

        do(shop.machine.context, verb)
        return shop.pools(), shop.machine.all("SELECT clawback_minor, clawback_shortfall_minor FROM bursar.fulfilment")[0]

    for _ in range(2):
        assert back(980) == ({"purchased": 200}, (980, 0))
    assert back(3_430) == ({}, (3_430, 490))
    assert back(4_900) == ({}, (4_900, 1_960))
    assert back(980) == ({"purchased": 200}, (980, 0))
    assert back(0) == ({"purchased": 300}, (None, None))


@pytest.mark.requirement("REFUND-13", "CRED-4")
def test_a_part_that_is_back_before_the_credits_are_granted_takes_its_part_of_them(shop: CreditShop) -> None:
    shop.approves("t-1", purpose="credit_package", purpose_ref="credits-500")
    shop.machine.kept().execute("UPDATE bursar.fulfilment SET customer_ref = 'cus_9', source = 'stripe'")
    shop.machine.kept().execute("UPDATE bursar.payment SET refunded_minor = 980, source = 'stripe'")
    shop.asks("billing.customer.link.v1", source="stripe", customer_ref="cus_9", external_ref="alice")
    assert shop.pools() == {"purchased": 400}


@pytest.mark.requirement("INV-13", "REFUND-13")
def test_a_part_of_a_package_that_waits_for_the_rest_goes_back_and_leaves_no_stub(shop: CreditShop) -> None:
    shop.invoices()
    shop.asks("billing.bank_transfers.submit.v1", reference="t-1", amount_minor=900, currency="EUR", country="PK", purpose="invoice",
              purpose_ref="pkg-1")  # fmt: skip
    shop.asks("billing.bank_transfers.approve.v1", reference="t-1", reason="seen")
    do(shop.machine.context, lambda unit: revoke_fulfilment(unit, unit.row(Payment, "manual", "t-1"), "refund"))
    assert shop.machine.all("SELECT external_id FROM bursar.invoice") == [("pkg-1",)]


@pytest.mark.requirement("REFUND-13", "INV-13")
def test_money_that_came_after_the_invoices_end_grants_and_its_refund_takes_that_back(shop: CreditShop) -> None:
    shop.invoices()
    do(shop.machine.context, lambda unit: void_invoice(unit, unit.row(Invoice, OWN_SOURCE, "pkg-1"), "expired"))
    shop.approves("t-1", purpose="invoice", purpose_ref="pkg-1")
    assert shop.pools() == {"purchased": 500}
    do(shop.machine.context, lambda unit: revoke_fulfilment(unit, unit.row(Payment, "manual", "t-1"), "refund"))
    assert shop.pools() == {}


@pytest.mark.requirement("CRED-4", "PAY-9")
def test_who_paid_before_the_app_said_who_he_is_gets_his_credits_then(shop: CreditShop) -> None:
    shop.approves("t-1", purpose="credit_package", purpose_ref="credits-500")
    with shop.machine.connect() as connection:
        connection.execute("UPDATE bursar.fulfilment SET customer_ref = 'cus_9', source = 'stripe'")
    assert shop.machine.one("SELECT count(*) FROM bursar.credit_lot WHERE versions <> '{}'") == 0
    for _ in range(2):
        shop.asks("billing.customer.link.v1", source="stripe", customer_ref="cus_9", external_ref="alice")
        assert shop.pools() == {"purchased": 500}


@pytest.mark.requirement("CRED-11")
def test_concurrent_spends_of_what_is_left_lock_and_never_go_below_zero(shop: CreditShop) -> None:
    shop.asks("grant", reference="g", amount=10, reason="welcome")

    def spend(number: int) -> bool:
        command = SpendCredits(subscriber_ref="alice", reference=f"op-{number}", amount=3, site="s", operation="o")
        try:
            with unit_of(shop.machine.context) as unit:
                unit.load(command.references())
                spend_credits(unit, command)
        except Rejected:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(spend, range(24)))
    assert (sum(done), shop.pools()) == (3, {"bonus": 1})


@pytest.mark.requirement("CRED-3")
def test_what_an_operation_gives_back_never_adds_to_a_new_month(shop: CreditShop) -> None:
    shop.begins()
    shop.settles(JANUARY)
    shop.spends(200, "op-1")
    shop.machine.clock.move_to(JANUARY + 5 * _DAY)
    shop.settles(JANUARY + 5 * _DAY)  # the terms changed: a new period began before the old one's end
    told = shop.asks("give_back", reference="op-1")
    assert (told["balance"], shop.pools()) == (200, {"subscription": 200})

    def ended(unit: Any) -> bool:
        unit.row(Subscriber, OWN_SOURCE, "alice")
        row = unit.row(Subscription, OWN_SOURCE, "sub-1")
        row.status = "cancelled"
        cycle = unit.row(CreditCycle, OWN_SOURCE, "sub-1")
        cycle.next_reset_at = unit.now
        return advance_credits(unit, row, cycle, unit.now) or cycle.next_reset_at is not None

    assert do(shop.machine.context, ended) is False


@pytest.mark.requirement("CRED-3", "DUN-2")
def test_a_month_that_began_while_service_was_suspended_has_its_credits_once_that_goes_on(shop: CreditShop) -> None:
    shop.begins(unit="year")
    shop.settles(JANUARY)

    def becomes(status: str) -> Callable[[Any], None]:
        return lambda unit: setattr(unit.row(Subscription, OWN_SOURCE, "sub-1"), "status", status)

    do(shop.machine.context, becomes("unpaid"))
    shop.at(datetime(2027, 3, 1, tzinfo=UTC))
    assert shop.pools() == {}
    do(shop.machine.context, becomes("active"))
    shop.at(datetime(2027, 3, 10, tzinfo=UTC))
    assert shop.pools() == {"subscription": 200}
    shop.at(datetime(2027, 4, 1, tzinfo=UTC))
    assert [row[0] for row in shop.machine.all("SELECT count(*) FROM bursar.credit_lot WHERE amount = 200")] == [3]
