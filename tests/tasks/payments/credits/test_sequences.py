"""Any sequence of grants, spends, resets, expiries and refunds: the ledger is the lots, and nothing is below zero."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.operations.adjust_credits import adjust_credits
from billing.operations.claw_back_credits import claw_back_credits, give_back_credits
from billing.operations.credit_ledger import account_of
from billing.operations.grant_package import grant_bought_package
from billing.operations.own_row import own_row
from billing.operations.settle_period import settle_period
from billing.operations.spend_credits import give_back_spent, spend_credits
from billing.rules.commands.base import Rejected
from billing.rules.commands.credits import AdjustCredits, GiveBackCredits, SpendCredits
from core.clock import FixedClock, SystemClock
from models.base import OWN_SOURCE
from models.fulfilment import Fulfilment
from models.subscriber import Subscriber
from models.subscription import Subscription
from tests.factories.credits import WRONG
from tests.factories.subscribers import do, product, subscriber, unit_of
from tests.harness.cluster import Database
from workers.context import Context, make_context
from workers.unit import Unit

_numbers = itertools.count()
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("spend"), st.integers(1, 400)), st.tuples(st.just("adjust"), st.integers(-300, 300).filter(bool)),
        st.tuples(st.sampled_from(["buy", "refund", "undo", "give_back"]), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(1, 20)), st.tuples(st.just("renew"), st.just(0)),
    ),
    min_size=3, max_size=14,
)  # fmt: skip


@pytest.fixture(scope="module")
def stores() -> Iterator[list[Any]]:
    """What one database serves: all examples, each with a subscriber of its own."""
    held: list[Any] = []
    yield held
    for one in held:
        one.engine.dispose()


class Story:
    """One subscriber."""

    def __init__(self, context: Context, clock: FixedClock) -> None:
        self.context, self.clock, self.ref = context, clock, f"s{next(_numbers)}"
        self.bought = self.spent = 0
        self.begun: datetime = clock.now()
        do(context, lambda unit: (subscriber(unit, self.ref, email=None), product(unit), product(
            unit, "credits-500", kind="credit_package", credits=500)))  # fmt: skip
        do(context, self._subscribe)

    def _subscribe(self, unit: Unit) -> None:
        row, _ = own_row(unit, Subscription, OWN_SOURCE, self.ref)
        row.status, row.subscriber_ref, row.product_ref, row.cycle_unit, row.cycle_count = "active", self.ref, "pro", "month", 1
        row.anchor_at, row.zone = self.begun, "UTC"

    def step(self, name: str, number: int) -> None:
        """Do it; what is refused changes nothing."""
        if name == "wait":
            self.clock.move_to(self.clock.now() + timedelta(days=number))
            return
        verbs: dict[str, Callable[[Unit, int], Any]] = {
            "spend": self._spend, "adjust": self._adjust, "buy": self._buy, "refund": self._refund, "undo": self._undo,
            "give_back": self._give_back, "renew": self._renew,
        }  # fmt: skip
        try:
            with unit_of(self.context) as unit:
                unit.row(Subscriber, OWN_SOURCE, self.ref)
                verbs[name](unit, number)
        except Rejected as refused:
            if refused.code not in ("insufficient_credits", "unknown_operation"):
                raise

    def _spend(self, unit: Unit, number: int) -> None:
        self.spent += 1
        told = {"reference": f"{self.ref}:{self.spent}", "site": "s", "operation": "o"}
        spend_credits(unit, SpendCredits(subscriber_ref=self.ref, amount=number, **told))

    def _give_back(self, unit: Unit, number: int) -> None:
        give_back_spent(unit, GiveBackCredits(subscriber_ref=self.ref, reference=f"{self.ref}:{number}"))

    def _adjust(self, unit: Unit, number: int) -> None:
        adjust_credits(unit, AdjustCredits(subscriber_ref=self.ref, reference=f"{self.ref}:a{next(_numbers)}", amount=number, reason="x"))

    def _fulfilment(self, unit: Unit, number: int) -> Fulfilment:
        row, new = own_row(unit, Fulfilment, "manual", f"{self.ref}:p{number}")
        if new:
            row.status, row.purpose, row.purpose_ref, row.external_ref = "granted", "credit_package", "credits-500", self.ref
            row.amount_minor, row.currency, row.granted_at = 4_900, "EUR", unit.now
        return row

    def _buy(self, unit: Unit, number: int) -> None:
        grant_bought_package(unit, self._fulfilment(unit, number))

    def _refund(self, unit: Unit, number: int) -> None:
        claw_back_credits(unit, self._fulfilment(unit, number))

    def _undo(self, unit: Unit, number: int) -> None:
        give_back_credits(unit, self._fulfilment(unit, number))

    def _renew(self, unit: Unit, _number: int) -> None:
        row = unit.row(Subscription, OWN_SOURCE, self.ref)
        row.anchor_at = row.anchor_at if row.anchor_at is not None else unit.now
        settle_period(unit, row, unit.now, "invoice_paid")


@pytest.mark.requirement("CRED-6", "CRED-11")
def test_any_sequence_keeps_the_ledger_and_the_lots_equal(database: Database, stores: list[Any]) -> None:
    clock = FixedClock(SystemClock().now())
    context = make_context(database.settings(), clock=clock)
    stores.append(context)

    @given(_STEPS)
    @settings(max_examples=25)
    def plays(steps: list[tuple[str, int]]) -> None:
        story = Story(context, clock)
        for name, number in steps:
            story.step(name, number)
        do(context, lambda unit: account_of(unit, story.ref))
        with database.connect() as connection:
            assert connection.execute(WRONG.encode()).fetchall() == []
            chain = connection.execute(
                """SELECT seq, amount, balance_after - lag(balance_after, 1, 0::bigint) OVER (ORDER BY seq) FROM bursar.credit_entry
                   WHERE subscriber_ref = %s ORDER BY seq""", [story.ref]
            ).fetchall()  # fmt: skip
        assert [seq for seq, _, _ in chain] == list(range(1, len(chain) + 1))
        assert all(amount == step for _, amount, step in chain)

    plays()
