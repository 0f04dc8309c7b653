"""All of PayPal's record beside ours: payouts that end in every way, disputes, fees, and the journal; true books show nothing, and
damage is found, named and mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from providers.sandbox.paypal import payouts
from providers.sandbox.paypal.call import Call
from providers.sandbox.paypal.problems import Json
from providers.sandbox.paypal.world import amount_of, v1_amount
from tasks.maintenance.recon.backfill_paypal import backfill_paypal
from tests.harness.cluster import Database
from tests.harness.paypal import PayPal
from tests.tasks.maintenance.recon.test_paypal import findings, recon
from tests.tasks.payments.paypal.market import Market

PAYEE = "organiser@example.com"
BEFORE = {"RETURNED": "UNCLAIMED", "CANCELED": "UNCLAIMED", "REFUNDED": "SUCCESS", "BLOCKED": "ONHOLD"}
"""What comes back has left before."""
ENDS = ("SUCCESS", "UNCLAIMED", "FAILED", "ONHOLD", "DENIED", *BEFORE)
PAYOUT, REPAIR = "billing.payouts.request.v1", "billing.recon.repair.v1"


@pytest.fixture
def market(database: Database, paypal_sandbox: PayPal) -> Iterator[Market]:
    """The machine and PayPal."""
    found = Market(database, paypal_sandbox)
    yield found
    found.machine.close()


def pay_out_at_paypal(market: Market, *ends: str) -> dict[str, str]:
    """Payouts that were made in PayPal's own pages and end so, which nobody has told us yet: status -> item."""
    world = market.paypal.standin.world
    wanted = [
        {"recipient_type": "EMAIL", "receiver": f"{end}@example.com", "amount": v1_amount(1_000 + number, "EUR")}
        for number, end in enumerate(ends)
    ]
    with world.lock:
        world.config.payout_outcomes = {f"{end}@example.com": BEFORE.get(end, end.partition("-")[0]) for end in ends}
        payouts.create(world, Call("POST", "/v1/payments/payouts", {"sender_batch_header": {}, "items": wanted}))
        return {item["payout_item"]["receiver"].partition("@")[0]: name for name, item in world.table("item").items()}


def pay_out(market: Market, reference: str, outcome: str) -> str:
    """A payout that we ask for; its item."""
    market.control.tell("config", payout_outcomes={PAYEE: outcome})
    wish = {"source": "paypal", "account_ref": PAYEE, "reference": reference, "currency": "EUR", "amount_minor": 1_000}
    told = market.machine.run(PAYOUT, wish)
    assert told["state"] == "succeeded", told
    market.settle()
    found = "SELECT external_id FROM bursar.payout WHERE metadata->>'bursar_request' = %s"
    return str(market.machine.one(found, f"payout_request:{reference}"))


class Traded:
    """A trade that was all told: captures, a sale, a refund, payouts that end in every way, disputes that are open, won and lost."""

    def __init__(self, market: Market) -> None:
        self.market, self.control = market, market.control
        self.items = pay_out_at_paypal(market, *ENDS)
        market.settle()
        for end in BEFORE:
            self.control.tell("payout_item", item=self.items[end], status=end)
        self.charges = [market.bought("C-1"), market.bought("C-2", payee_ref=PAYEE)]
        # Further ones need no pages: they come like a subscription's payments.
        self.charges += [self.sale(currency=currency) for currency in ("EUR", "EUR", "JPY", "EUR", "EUR")]
        self.control.tell("refund_at_paypal", capture=self.charges[0], amount_minor=100)
        self.open, self.won, self.lost = (self.dispute(number) for number in (0, 1, 2))
        self.asked_back = self.dispute(3, stage="INQUIRY", amount_minor=500)
        self.control.tell("resolve", dispute=self.won, outcome="RESOLVED_SELLER_FAVOUR")
        self.control.tell("resolve", dispute=self.lost, outcome="RESOLVED_BUYER_FAVOUR")
        self.control.tell("resolve", dispute=self.asked_back, outcome="RESOLVED_BUYER_FAVOUR")
        market.settle()
        self.items["ours"] = pay_out(market, "P-1", "SUCCESS")
        self.items["waiting"] = pay_out(market, "P-2", "PENDING")

    def sale(self, **changes: Any) -> str:
        """A payment of a subscription."""
        wanted = {"amount_minor": 2_000, "currency": "EUR", "subscription": "I-1", "custom": "bursar_purpose=subscription"}
        return str(self.control.tell("sale", **wanted | changes)["id"])

    def dispute(self, charge: int, **changes: Any) -> str:
        """A dispute about a charge."""
        return str(self.control.tell("dispute", transaction=self.charges[charge], **changes)["dispute_id"])

    def transaction(self, end: str) -> str:
        """PayPal's id of what moved."""
        return str(self.control.tell("object", kind="item", id=self.items[end])["transaction_id"])


class Damaged:
    """Each new way in which PayPal's record and ours can differ; `expected` maps what has to be found to what mends it."""

    def __init__(self, traded: Traded) -> None:
        self.traded, market, control = traded, traded.market, traded.control
        items, charges = traded.items, traded.charges
        world = market.paypal.standin.world
        # Never told: a payout and a return, a dispute and a decision, a refund, a payment.
        self.unheard = pay_out_at_paypal(market, "SUCCESS-unheard")["SUCCESS-unheard"]
        control.tell("payout_item", item=items["UNCLAIMED"], status="RETURNED")
        control.tell("payout_item", item=items["waiting"], status="SUCCESS")
        new = traded.dispute(4)
        control.tell("resolve", dispute=traded.open, outcome="RESOLVED_BUYER_FAVOUR")
        refund = control.tell("refund_at_paypal", capture=charges[1], amount_minor=77)["id"]
        control.take_events()
        # Otherwise at PayPal than we were told, or there no more.
        self._shown(charges[5], lambda row: row.update(fee_amount=amount_of(-99, "EUR")))
        gone = traded.transaction("SUCCESS")
        with world.lock:
            world.table("sale")[charges[5]]["transaction_fee"] = v1_amount(99, "EUR")
            world.movements[:] = [moved for moved in world.movements if moved["row"]["transaction_id"] != gone]
        # By hand.
        with market.machine.connect() as connection:
            connection.execute("UPDATE bursar.payment SET processor_fee_minor = NULL WHERE external_id = %s", [charges[6]])
            connection.execute("UPDATE bursar.payout SET amount_minor = 1 WHERE external_id = %s", [items["ONHOLD"]])
            connection.execute("UPDATE bursar.payout SET currency = 'USD' WHERE external_id = %s", [items["REFUNDED"]])
            connection.execute("UPDATE bursar.payout SET status = 'in_transit' WHERE external_id = %s", [items["CANCELED"]])
            connection.execute("UPDATE bursar.dispute SET amount_minor = 1 WHERE external_id = %s", [traded.won])
            connection.execute("UPDATE bursar.dispute SET currency = 'USD' WHERE external_id = %s", [traded.lost])
        self.fetched = {
            f"status_differs:payout:{items['UNCLAIMED']}",
            f"journal_differs:payout:{items['UNCLAIMED']}",
            f"status_differs:payout:{items['waiting']}",
            f"missing_here:dispute:{new}",
            f"status_differs:dispute:{traded.open}",
            f"journal_differs:dispute:{traded.open}",
            f"missing_here:refund:{refund}",
            f"refund_unbooked:refund:{refund}",
            f"processor_fee_differs:charge:{charges[5]}",
            f"journal_differs:charge:{charges[5]}",
            f"processor_fee_missing:charge:{charges[6]}",
            f"amount_differs:payout:{items['ONHOLD']}",
            f"currency_differs:payout:{items['REFUNDED']}",
            f"status_differs:payout:{items['CANCELED']}",
            f"amount_differs:dispute:{traded.won}",
            f"currency_differs:dispute:{traded.lost}",
        }
        unheard = f"T0001:{control.tell('object', kind='item', id=self.unheard)['transaction_id']}"
        self.backfilled = {f"missing_here:payout:{unheard}", f"journal_differs:payout:{unheard}"}
        self.decided = {f"missing_there:payout:{items['SUCCESS']}", f"journal_differs:payout:{items['SUCCESS']}"}
        *_, held = (moved["row"]["transaction_id"] for moved in world.movements if moved["row"]["transaction_event_code"] == "T1110")
        self.followed = {f"dispute_unbooked:dispute:T1110:{held}"}
        """Mended with another one: the dispute itself."""

    def _shown(self, transaction: str, change: Any) -> None:
        world = self.traded.market.paypal.standin.world
        with world.lock:
            rows: list[Json] = [moved["row"] for moved in world.movements if moved["row"]["transaction_id"] == transaction]
            for row in rows:
                change(row)


def names(market: Market) -> set[str]:
    """References of the open findings."""
    return {":".join(row) for row in findings(market)}


@pytest.mark.requirement("RECON-1", "RECON-2", "RECON-3", "RECON-7", "RECON-8")
def test_true_books_show_nothing_and_damage_is_found_named_and_mended(market: Market) -> None:
    traded = Traded(market)
    assert market.machine.failures() == []
    assert recon(market, "RUN-1") == {}
    assert names(market) == set()

    damaged = Damaged(traded)
    recon(market, "RUN-2")
    assert names(market) == damaged.fetched | damaged.followed | damaged.backfilled | damaged.decided

    # What the report names and nobody here ever heard of has no id that could be asked for.
    assert mend(market, damaged.fetched | damaged.followed | damaged.backfilled) == {
        **dict.fromkeys(damaged.fetched, "succeeded"), **dict.fromkeys(damaged.followed | damaged.backfilled, "rejected")
    }  # fmt: skip
    recon(market, "RUN-3")
    assert names(market) == damaged.backfilled | damaged.decided

    backfill_paypal(market.machine.context, since=market.machine.clock.now() - timedelta(days=29))
    market.machine.settle()
    recon(market, "RUN-4")
    assert names(market) == damaged.decided
    assert market.machine.failures() == []


def mend(market: Market, findings: set[str]) -> dict[str, str]:
    """Ask for what mends each, an hour later; finding -> what became of the command."""
    market.machine.clock.move_to(market.machine.clock.now() + timedelta(hours=1))
    keys = {one: market.machine.submit(REPAIR, {"source": "paypal", "finding": one, "reason": "test"}) for one in findings}
    market.machine.settle()
    return {one: market.machine.status(key)["state"] for one, key in keys.items()}
