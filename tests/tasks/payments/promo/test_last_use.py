"""One use of a code is left, and fifty customers want it at the same moment (PROMO-1)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import commands
from tests.tasks.payments.promo.counter import Counter
from workers import inbox

_THREADS = 10
_MANY = 50


@pytest.mark.requirement("PROMO-1", "SEC-9")
def test_fifty_redemptions_of_a_last_use_are_one(desk: Counter) -> None:
    """Each command is a batch of its own, in a lane of its own: nothing but the locked counter is between them."""
    desk.campaign(uses=2)
    assert desk.reserve("first")["state"] == "succeeded"
    order = {"code": "spring", "currency": "EUR", "unit_amounts_minor": [1010]}
    ids = []
    for number in range(_MANY):
        wish = {**order, "reference": f"o-{number}", "subscriber_ref": f"other-{number}"}
        commands.submit(desk.app, f"wish-{number}", wish, name="billing.promo_codes.reserve.v1", lane=f"shop-{number}")
        ids.append(desk.one("SELECT id FROM bursar.inbox WHERE event_id = %s", f"wish-{number}"))

    with ThreadPoolExecutor(_THREADS) as pool:
        start = threading.Barrier(_THREADS)

        def work(mine: list[int]) -> None:
            start.wait()
            for row_id in mine:
                inbox.work(desk.context, "payments", [row_id])

        for one in [pool.submit(work, ids[number::_THREADS]) for number in range(_THREADS)]:
            one.result()
    desk.work()

    told = [commands.status(desk.app, f"wish-{number}") or {} for number in range(_MANY)]
    assert sorted(one["state"] for one in told) == ["rejected"] * (_MANY - 1) + ["succeeded"]
    refused = [one for one in told if one["state"] == "rejected"]
    assert {one["code"] for one in refused} == {"promo_used_up"}
    assert all(one["details"] == {"current": 2, "limit": 2, "of": "code"} and "SPRING" in one["message"] for one in refused)
    assert desk.held == 2
    assert desk.count("promo_redemption") == 2
    assert desk.count("promo_customer") == 2
