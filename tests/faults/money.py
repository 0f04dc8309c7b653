"""A shop, its provider's stand-in, and workers that die: what was asked for, what really happened there, what our rows say."""

from __future__ import annotations

import os
import random
import select
import signal
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from core.clock import SystemClock
from tasks.maintenance.check_invariants import check as check_rules
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.machine import Machine
from tests.harness.processes import Processes
from tests.harness.smtp import SmtpServer

WORKER = "tests.faults.money_worker"
KILLED = -signal.SIGKILL
_PATIENCE_S = 120.0
SCHEDULES = int(os.environ.get("MONEY_SCHEDULES", "200"))
SHARES = {"stripe": 3, "paypal": 2}
"""Of five parts of the schedules: what the providers' kills share."""
SEED = int(os.environ.get("MONEY_SEED", "20261121")) or random.SystemRandom().randrange(1, 1 << 31)


def per_world(provider: str, worlds: int) -> int:
    """Schedules of one of a provider's worlds."""
    return SCHEDULES * SHARES[provider] // sum(SHARES.values()) // worlds


class Always(random.Random):
    """Chance without chance: always the first, so that each case differs in its place of death only."""

    def choice(self, seq: Any) -> Any:
        """The first one."""
        return seq[0]

    def randrange(self, start: int, *_: Any, **__: Any) -> int:
        """The smallest one."""
        return start


class Shop:
    """Commands go in by `machine.submit`, events by `deliver`; `work` runs a worker that may be told where to die."""

    SOURCE: ClassVar[str]
    EFFECTS: ClassVar[Mapping[str, tuple[str, str]]]
    """What happens at the provider -> our requests that say it did: table, condition."""

    def __init__(
        self, database: Database, smtp: SmtpServer, processes: Processes, folder: Path, provider: dict[str, Any]
    ) -> None:
        self.database, self.smtp = database, smtp
        place = {**provider, "smtp_url": f"smtp://127.0.0.1:{smtp.port}"}
        self.machine = Machine(database, **place)
        self._late: list[dict[str, Any]] = []
        self._clock, orders, answers = folder / "clock", folder / "orders", folder / "answers"
        self._clock.write_text(SystemClock().now().isoformat(), encoding="utf-8")
        # Short leases: one that is slow finds out that it lost them.
        quick = {"stripe_rate_per_s": 100_000.0, "paypal_rate_per_s": 100_000.0, "lease_s": 0.05, "retry_jitter": 0.0}
        settings = database.settings(**(place | quick), retry_ladder_s=[1.0] * 20, max_crashes=1000)
        for pipe in (orders, answers):
            os.mkfifo(pipe)
        # For both directions, so that opening waits for nobody.
        self._orders, self._answers = os.open(orders, os.O_RDWR), os.open(answers, os.O_RDWR)
        self._worker = processes.python("-m", WORKER, str(self._clock), str(orders), str(answers), env=settings_env(settings))

    def take_events(self) -> list[dict[str, Any]]:
        """What the provider tells since it was asked last."""
        raise NotImplementedError

    def effects(self, kind: str) -> Counter[str]:
        """`<request type>:<reference>` -> how often that was really done there."""
        raise NotImplementedError

    def work(self, die_at: str = "") -> int:
        """A worker does all there is; its exit code. With `die_at` (place:n) it is a fresh one that may die there."""
        self.later(timedelta())
        os.write(self._orders, f"{die_at}\n".encode())
        said = select.select([self._answers], [], [], _PATIENCE_S)[0]
        assert said, f"no worker answers: {self._worker.output()[-3000:]}"
        code = int(os.read(self._answers, 64))
        assert code in ((0, KILLED) if die_at else (0,)), self._worker.output()[-3000:]
        return code

    def later(self, span: timedelta) -> None:
        """Time goes by for us, and never slower than for the provider, whose clock is its own."""
        at = max(datetime.fromisoformat(self._clock.read_text(encoding="utf-8")), SystemClock().now()) + span
        self._clock.write_text(at.isoformat(), encoding="utf-8")

    def deliver(self, chance: random.Random | None = None) -> None:
        """What the provider has to tell. With `chance` some of it comes late, and in any order."""
        events = self._late + self.take_events()
        self._late = []
        if chance is not None:
            chance.shuffle(events)
            kept = chance.randrange(len(events) + 1)
            events, self._late = events[:kept], events[kept:]
        for event in events:
            self.machine.deliver(event, self.SOURCE)

    def rest(self) -> None:
        """All that is open is finished, all that is late arrives, until nothing is left."""
        for _ in range(20):
            self.work()
            self.deliver()
            if not self.machine.one("SELECT count(*) FROM bursar.inbox WHERE state IN ('received', 'waiting')"):
                return
        raise AssertionError(f"it does not come to rest: {self.machine.failures()}")

    def check(self) -> None:
        """What was done, was done once, and our rows say the same."""
        machine = self.machine
        assert machine.failures() == []
        for kind, (table, done) in self.EFFECTS.items():
            ours = machine.all(f"SELECT external_id FROM bursar.{table} WHERE {done}")
            assert self.effects(kind) == Counter(f"{table}:{reference}" for (reference,) in ours), kind
        assert machine.all("SELECT key, state FROM bursar.submission WHERE state <> 'settled'") == []
        mails = Counter(received.message["Message-ID"] for received in self.smtp.mails)
        assert set(mails.values()) <= {1}, "each mail once"
        far = timedelta(days=60)
        broken = check_rules(machine.context.engine, machine.clock.now() - far, machine.clock.now() + far)
        assert not broken, [str(one) for one in broken]

    def close(self) -> None:
        """Give the connections back."""
        os.close(self._orders)
        os.close(self._answers)
        self.machine.close()
