"""A stand-in with trade, and a machine in this process that may have heard of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from billing.operations.ask_recon import ask_recon
from tasks.maintenance.recon.backfill import Backfilled, backfill_stripe
from tasks.maintenance.recon.lists import LISTS
from tasks.maintenance.recon.run import turn
from tasks.maintenance.runs import pull_balance_transactions
from tests.factories.inbox import store_event
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from workers.routing import queue_of
from workers.unit import Unit

Json = dict[str, Any]
BY_HAND = "refund_not_asked"
"""All refunds of this trade are made at the stand-in, without a request: test_unasked_refunds.py looks at that."""
_OPEN = "SELECT external_id FROM bursar.finding WHERE status = 'open' AND kind <> %s ORDER BY 1"


class Trade:
    """A stand-in with trade, and a machine that may have heard of it."""

    def __init__(self, database: Database, sandbox: Sandbox) -> None:
        self.control = sandbox.control
        self.machine = Machine(database, **sandbox.settings())
        self.runs = self.slots = 0

    def hear(self, *, loss: float = 0.0, but: Callable[[Json], bool] = lambda _: False) -> None:
        """Deliver what happened since, less a share of it and what `but` says, and work it off."""
        lost = Random(4711)
        self.deliver(*(event for event in self.control.take_events() if lost.random() >= loss and not but(event)))
        self.machine.settle()

    def deliver(self, *events: Json) -> None:
        """Events, as the door stores them."""
        with self.machine.connect() as connection, connection.transaction():
            for event in events:
                store_event(
                    connection, event, source="stripe", event_id=event["id"], event_type=event["type"],
                    object_id=event["data"]["object"]["id"], queue=queue_of("stripe", event["type"]), now=self.machine.clock.now(),
                )  # fmt: skip

    def change(self, verb: Callable[[Unit], object]) -> None:
        """A person's verb, and what follows from it."""
        context = self.machine.context
        with context.engine.begin() as connection:
            unit = Unit(connection, context.keys, now=context.clock.now(), actor="person:tester (finance)", reason="test")
            verb(unit)
            unit.flush()
        self.machine.settle()

    def backfill(self) -> Backfilled:
        """Ask for what never came, and work it off."""
        done = backfill_stripe(self.machine.context, since=self.machine.clock.now() - timedelta(days=29))
        self.machine.settle()
        return done

    def pull(self) -> None:
        """Read the balances, and work it off."""
        self.slots += 1
        pull_balance_transactions(self.machine.context, self.machine.clock.now() + timedelta(microseconds=self.slots))
        self.machine.settle()

    def recon(self) -> dict[str, Any]:
        """One run over all; its counts."""
        self.runs += 1
        context, now = self.machine.context, self.machine.clock.now()
        with context.engine.begin() as connection:
            unit = Unit(connection, context.keys, now=now, reason="test")
            ask_recon(
                unit, "stripe", f"RUN-{self.runs}", since=now - timedelta(days=90), until=now + timedelta(days=90),
                objects=list(LISTS["stripe"]), actor="test", reason="test",
            )  # fmt: skip
            unit.flush()
        done = turn(context, budget_s=60.0)
        assert done.done
        assert done.run is not None
        return {kind: count for kind, count in done.run.counts.items() if kind not in ("listed", BY_HAND)}

    def open(self) -> list[str]:
        """References of the open findings."""
        return [row[0] for row in self.machine.all(_OPEN, BY_HAND)]
