"""Three seats are free, and fifty users join at the same moment (SEAT-4)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories.organisations import SCHOOL, Organisations
from tests.harness.machine import Machine
from workers import inbox

_THREADS, _MANY, _FREE = 10, 50, 3


@pytest.mark.requirement("SEAT-4", "SEC-9")
def test_fifty_joins_to_three_free_seats_are_three(machine: Machine) -> None:
    """Ten workers with connections of their own: nothing but the organisation's lock is between them."""
    school = Organisations(machine, seats=5)
    school.says("ann")
    school.says("bob")
    now = machine.clock.now().isoformat()
    fact = {"organisation_ref": SCHOOL, "change": "added", "role": "organizer", "at": now}
    keys = [machine.submit("billing.memberships.changed.v1", fact | {"user_ref": f"user-{number}"}) for number in range(_MANY)]
    ids = [machine.one("SELECT id FROM bursar.inbox WHERE event_id = %s", key) for key in keys]
    with ThreadPoolExecutor(_THREADS) as pool:
        start = threading.Barrier(_THREADS)

        def work(mine: list[int]) -> None:
            start.wait()
            for row_id in mine:
                inbox.work(machine.context, "payments", [row_id])

        for one in [pool.submit(work, ids[number::_THREADS]) for number in range(_THREADS)]:
            one.result()
    machine.settle()

    told = [machine.status(key) for key in keys]
    assert sorted(one["state"] for one in told) == ["rejected"] * (_MANY - _FREE) + ["succeeded"] * _FREE
    refused = [one for one in told if one["state"] == "rejected"]
    assert all(one["code"] == "seat_limit_reached" and one["details"] == {"current": 5, "limit": 5} and one["message"] for one in refused)
    assert school.counts() == (5, 5, 0)
    assert machine.one("SELECT count(*) FROM bursar.membership WHERE seat") == 5
