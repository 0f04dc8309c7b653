"""Sixteen processes that issue and void invoices as fast as they can: `python -m tests.faults.number_hammer SEED INVOICES`.

By chance a transaction whose numbers are drawn is rolled back, or its process is killed with -9 before the commit; another one
takes its place and goes on. Prints how often.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import traceback
from collections.abc import Sequence

from billing.operations.void_invoice import void_invoice
from core.clock import SystemClock
from core.settings import load
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber
from tests.factories.documents import invoice
from workers.context import Context, make_context
from workers.unit import Unit

CONNECTIONS = 16
_MOST, _ROLLED_BACK, _KILLED = 16, 0.2, 0.06
_ROLLBACKS = "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()"
_DONE = "SELECT external_id FROM bursar.invoice WHERE subscriber_ref = %(ref)s"


class _RolledBackError(Exception):
    """As any error of a later statement would."""


def main(seed: int, invoices: int) -> int:
    """0 when all have issued their part."""
    context = make_context(load(), clock=SystemClock())
    quota, generation, killed = -(-invoices // CONNECTIONS), 0, 0
    running = {_fork(context, seed, number, 0, quota): number for number in range(CONNECTIONS)}
    while running:
        pid, status = os.wait()
        number, code = running.pop(pid), os.waitstatus_to_exitcode(status)
        if code < 0:
            killed, generation = killed + 1, generation + 1
            running[_fork(context, seed, number, generation, quota)] = number
        elif code:
            return 1
    with context.engine.connect() as connection:
        rolled_back = int(connection.exec_driver_sql(_ROLLBACKS).scalar_one())
    print(f"killed {killed} rolled_back {rolled_back}")  # noqa: T201
    return 0


def _fork(context: Context, seed: int, number: int, generation: int, quota: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        context.engine.dispose(close=False)  # the parent's connections stay the parent's
        _hammer(context, random.Random(f"{seed} {number} {generation}"), f"s{number:02}", quota)
        code = 0
    except BaseException:  # noqa: BLE001 - shown, and the process ends
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _hammer(context: Context, chance: random.Random, subscriber_ref: str, quota: int) -> None:
    with context.engine.connect() as connection:
        done = set(connection.exec_driver_sql(_DONE, {"ref": subscriber_ref}).scalars())
    while len(done) < quota:
        new = [f"{subscriber_ref}-{len(done) + one}" for one in range(chance.randint(1, min(_MOST, quota - len(done))))]
        old = chance.sample(sorted(done), min(len(done), chance.randint(0, 2)))
        try:
            _issue(context, chance, subscriber_ref, new, old)
        except _RolledBackError:
            continue
        done.update(new)


def _issue(context: Context, chance: random.Random, subscriber_ref: str, new: Sequence[str], old: Sequence[str]) -> None:
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=context.clock.now(), actor="app:test", reason="test")
        unit.load([(Subscriber.NAME, OWN_SOURCE, subscriber_ref), *((Invoice.NAME, OWN_SOURCE, ref) for ref in (*new, *old))])
        for ref in new:
            invoice(unit, ref, subscriber_ref, chance.randint(1, 99_999))
        for ref in old:
            void_invoice(unit, unit.row(Invoice, OWN_SOURCE, ref), "test order")
        unit.flush()
        fate = chance.random()
        if fate < _KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        if fate < _KILLED + _ROLLED_BACK:
            raise _RolledBackError


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
