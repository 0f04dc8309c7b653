"""`bursar standby`: one small process without Celery that keeps promises 1 and 6 while the broker or beat is away.

It sweeps each second, listens for NOTIFY, ticks due slots when beat is silent, and works through the queues itself while
the broker cannot be reached (a Celery worker stops working when its broker dies).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from core.clock import monotonic_s
from core.settings import QUEUES
from models.database import connect
from workers import inbox, outbox, slots
from workers.context import Context
from workers.hints import Hinter
from workers.liveness import beat, silent_for_s
from workers.observe import metrics
from workers.observe.sentry import report
from workers.observe.serve import MetricsServer
from workers.routing import preload
from workers.sweep import Swept, sweep

log = structlog.get_logger(__name__)

NOTIFY_CHANNEL = "bursar_inbox"
_PROBE_S = 10.0
_OWN_BUDGET_S = 1.0

Tick = Callable[[Context, Hinter], object]
"""What makes due slots (schedules.slots.tick); handed in, because schedules is a room above."""


class Standby:
    """The loop; `stop` ends it after the step in hand."""

    def __init__(self, context: Context, tick: Tick) -> None:
        self._context = context
        self._tick = tick
        self._hinter = Hinter(context.settings.broker_url.get_secret_value())
        self._stopped = threading.Event()
        self._probed_at = -_PROBE_S
        self._late_since_s: dict[str, float] = {}
        self._listener: psycopg.Connection | None = None

    def stop(self) -> None:
        """Ask the loop to end."""
        self._stopped.set()

    def broker_depth(self, queue: str) -> int | None:
        """Messages that wait in a broker queue, or None when the broker cannot say."""
        return self._hinter.depth(queue)

    def run(self) -> None:
        """Loop until stopped. A lost database is waited for; nothing is lost meanwhile, because nothing is held here."""
        preload()
        while not self._stopped.is_set():
            try:
                self.step()
                self._wait()
            except (DBAPIError, psycopg.Error) as error:
                log.error("standby_without_database", error=str(error)[:300], effect="no sweep until it is back")
                self._close_listener()
                self._stopped.wait(self._context.settings.sweep_interval_s)
            except Exception as error:  # the last one that finds lost work must not go because of one bad step
                log.exception("standby_step_failed", error_class=type(error).__name__, effect="it goes on with the next step")
                report(error)
                self._stopped.wait(self._context.settings.sweep_interval_s)
        self._hinter.close()
        self._close_listener()

    def step(self) -> None:
        """One round: sweep, probe, slots if beat is silent, own work if the broker is away."""
        context = self._context
        beat(context, "standby")
        swept = sweep(context, self._hinter)
        self._probe()
        silence = silent_for_s(context, "beat")
        if silence is None or silence > context.settings.beat_silence_s:
            self._tick(context, self._hinter)
        if self._hinter.broken or (swept.late and self._hinter.depth(QUEUES[0]) is None):
            self._work(QUEUES)
        elif stuck := self._stuck(swept):
            log.warning("workers_silent", queues=stuck, effect="the standby works these queues itself")
            self._work(stuck)

    def _stuck(self, swept: Swept) -> list[str]:
        """Queues whose rows have been late for a while and whose workers gave no sign of life meanwhile.

        A broker connection can be half open: it takes hints and delivers none, and only the workers' silence shows it.
        """
        now, limit = monotonic_s(), self._context.settings.takeover_s
        if swept.held:
            late = {name.removesuffix(".calls") for name in swept.late}
            self._late_since_s = {queue: self._late_since_s.get(queue, now) for queue in late}
        waited = [queue for queue, since in sorted(self._late_since_s.items()) if now - since > limit]
        return [queue for queue in waited if (silent_for_s(self._context, queue) or limit + 1) > limit]

    def _probe(self) -> None:
        """Send a message through each queue now and then: the workers' heartbeats prove the whole path."""
        if monotonic_s() - self._probed_at >= _PROBE_S:
            self._probed_at = monotonic_s()
            for queue in QUEUES:
                for calls in (False, True):
                    if not self._hinter.depth(f"{queue}.calls" if calls else queue):
                        self._hinter.probe(queue, calls=calls)

    def _work(self, queues: Sequence[str]) -> None:
        """Nobody else does: be the worker, slowly but surely."""
        for queue in queues:
            began_at_s = monotonic_s()
            done = inbox.drain(self._context, queue, _OWN_BUDGET_S)
            drained_at_s = monotonic_s()
            called = outbox.drain(self._context, queue, _OWN_BUDGET_S)
            metrics.settled(queue, "run", done, seconds=drained_at_s - began_at_s)
            metrics.settled(queue, "call", called, seconds=monotonic_s() - drained_at_s)
            if done.done or called.done or done.failed or called.failed:
                log.info("worked_without_broker", queue=queue, events=str(done), calls=str(called))
        for queue, job, slot_at in self._due_slots(queues):
            try:
                slots.run(self._context, queue, job, slot_at)
            except slots.RunFailedError:
                continue  # said in its slot, the log and Sentry; the other runs and the sweep go on

    def _due_slots(self, queues: Sequence[str]) -> list[tuple[str, str, str]]:
        sql = """SELECT queue, job, slot_at FROM bursar.schedule_slot
                 WHERE state = 'due' AND ready_at <= clock_timestamp() AND queue = ANY(%(queues)s) ORDER BY slot_at LIMIT 20"""
        with self._context.engine.begin() as connection:
            found = connection.exec_driver_sql(sql, {"queues": list(queues)})
            return [(row[0], row[1], row[2].isoformat()) for row in found]

    def _wait(self) -> None:
        """Sleep until the next sweep, or until somebody notifies."""
        if self._listener is None or self._listener.closed:
            url = self._context.settings.database_url.get_secret_value()
            self._listener = connect(url, "bursar_app", autocommit=True, application="bursar-standby-listen")
            self._listener.execute(f"LISTEN {NOTIFY_CHANNEL}")
        # Many may come at once; one sweep finds all that they told of.
        if list(self._listener.notifies(timeout=self._context.settings.sweep_interval_s, stop_after=1)):
            sweep(self._context, self._hinter, grace_s=0)

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None


def main(context: Context, tick: Tick) -> None:
    """Run until SIGTERM or SIGINT."""
    standby = Standby(context, tick)
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: standby.stop())
    server = MetricsServer(context, standby.broker_depth)
    log.info("standby_started", sweep_interval_s=context.settings.sweep_interval_s)
    standby.run()
    server.close()
