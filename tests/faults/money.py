"""A shop, its provider's stand-in, and workers that die: what was asked for, what really happened there, what our rows say."""

from __future__ import annotations

import random
import signal
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.machine import Machine
from tests.harness.processes import Processes
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

WORKER = "tests.faults.money_worker"
KILLED = -signal.SIGKILL


@dataclass
class Shop:
    """Commands go in by `ask`, events by `deliver`; `work` runs a worker that may be told where to die."""

    database: Database
    sandbox: Sandbox
    smtp: SmtpServer
    processes: Processes
    folder: Path
    asked: dict[str, str] = field(default_factory=dict)
    """Request reference -> what kind of effect it may have, at most once."""
    _late: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        place = {**self.sandbox.settings(), "smtp_url": f"smtp://127.0.0.1:{self.smtp.port}"}
        self.machine = Machine(self.database, **place)
        self.customer = str(self.sandbox.control.api("POST", "/v1/customers", {"email": "ada@example.com"})["id"])
        self.account = self.sandbox.control.ready_account()
        self.sandbox.control.top_up(10_000_000, "eur", account=self.account)
        self.deliver()
        self.machine.settle()
        self._clock = self.folder / "clock"
        self._clock.write_text(SystemClock().now().isoformat(), encoding="utf-8")
        # Short leases: a dead worker's rows are free at once, and one that is slow finds out that it lost them.
        quick = {"stripe_rate_per_s": 100_000.0, "lease_s": 0.05, "retry_jitter": 0.0, "retry_ladder_s": [1.0] * 20}
        settings = self.database.settings(**(place | quick), max_crashes=1000)
        self._env = settings_env(settings)

    def ask(self, name: str, payload: dict[str, Any], reference: str, effect: str) -> None:
        """A command of the shop whose effect at the provider is `effect`, once."""
        self.machine.submit(name, payload, f"{name}:{reference}")
        self.asked[reference] = effect

    def paid(self, *, passed_on: bool) -> str:
        """A payment that went through long ago, of which our rows know all; its id."""
        number = f"old-{len(self.sandbox.control.objects('payment_intent'))}"
        payload = {
            "source": "stripe", "reference": number, "amount_minor": 1999, "currency": "EUR", "customer_ref": self.customer,
            "payment_method_ref": "pm_card_visa", **({"payee_ref": self.account} if passed_on else {}),
        }  # fmt: skip
        self.machine.submit("billing.payments.request.v1", payload, number)
        self.machine.settle()
        self.deliver()
        self.machine.settle()
        return str(self.machine.one("SELECT payment_ref FROM bursar.payment_request WHERE external_id = %s", number))

    def work(self, die_at: str | None = None) -> int:
        """A worker does all there is; its exit code. With `die_at` (place:n) it may die there."""
        env = self._env | ({"BURSAR_TEST": "1", "BURSAR_FAILPOINT": die_at} if die_at else {})
        running = self.processes.python("-m", WORKER, str(self._clock), env=env)
        code = running.wait(60)
        assert code in ((0, KILLED) if die_at else (0,)), running.output()[-3000:]
        return code

    def later(self, span: timedelta) -> None:
        """Time goes by for us; the provider's clock is its own."""
        at = datetime.fromisoformat(self._clock.read_text(encoding="utf-8")) + span
        self._clock.write_text(at.isoformat(), encoding="utf-8")

    def deliver(self, chance: random.Random | None = None) -> None:
        """What the provider has to tell. With `chance` some of it comes late, in any order, and twice."""
        events = self._late + self.sandbox.control.take_events()
        self._late = []
        if chance is not None:
            chance.shuffle(events)
            kept = chance.randrange(len(events) + 1)
            events, self._late = events[:kept], events[kept:]
        for event in events:
            self.machine.deliver(event)

    def rest(self) -> None:
        """All that is open is finished, all that is late arrives, until nothing is left."""
        for _ in range(20):
            self.work()
            self.deliver()
            if not self._open():
                return
        raise AssertionError(f"it does not come to rest: {self.machine.failures()}")

    def _open(self) -> int:
        return int(self.machine.one("SELECT count(*) FROM bursar.inbox WHERE state IN ('received', 'waiting')"))

    def close(self) -> None:
        """Give the connections back."""
        self.machine.close()

