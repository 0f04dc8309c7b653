"""Measurements count once, in the period in which they were made; a settled period begins at zero; limits are told of once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.operations.own_row import own_row
from billing.rules.usage import shown
from models.base import OWN_SOURCE
from models.product import Product
from tests.factories.credits import CreditShop
from tests.factories.subscribers import do
from tests.harness.machine import Machine

pytestmark = pytest.mark.breaks("periods_opened", because="its rows are made by hand, by verbs and not by payments")

JANUARY = datetime(2027, 1, 31, 9, 0, tzinfo=UTC)
FEBRUARY = datetime(2027, 2, 28, 9, 0, tzinfo=UTC)
MARCH = datetime(2027, 3, 31, 9, 0, tzinfo=UTC)
_MAILS = "SELECT payload -> 'context' FROM bursar.outbox WHERE kind = 'mail.send' ORDER BY id"


@pytest.fixture
def shop(machine: Machine) -> Iterator[CreditShop]:
    """The 31st of January, a subscription that is paid, and at most 10 GB and 3 certificates."""
    machine.clock.move_to(JANUARY)
    made = CreditShop(machine)

    def limited(unit: Any) -> None:
        own_row(unit, Product, OWN_SOURCE, "pro")[0].limits = {"storage": 10, "certificates": 3}

    do(machine.context, limited)
    made.begins()
    made.settles(JANUARY)
    yield made
    machine.close()


def _define(shop: CreditShop, meter: str = "storage", aggregation: str = "sum", **values: Any) -> dict[str, Any]:
    given = {"meter": meter, "title": meter.title(), "category": "custom", "aggregation": aggregation}
    return shop.asks("billing.meters.define.v1", **(given | values))


def _record(shop: CreditShop, *events: dict[str, Any], meter: str = "storage") -> dict[str, Any]:
    return shop.asks("billing.usage.record.v1", events=[{"subscriber_ref": "alice", "meter": meter, **one} for one in events])


def _used(shop: CreditShop) -> dict[str, tuple[int, int | None]]:
    found = shop.machine.all("SELECT meter, used, max_used FROM bursar_api.usage('alice', %s)", shop.machine.clock.now())
    return {meter: (used, limit) for meter, used, limit in found}


@pytest.mark.requirement("USAGE-3", "USAGE-6")
def test_five_ways_to_add_up_and_each_key_once(shop: CreditShop) -> None:
    ways = {"sum": 12, "count": 4, "max": 7, "last": 1, "unique": 2}
    shop.machine.clock.move_to(JANUARY + timedelta(days=1))
    for way in ways:
        assert _define(shop, way, way, limit_name="certificates")["state"] == "succeeded"
        events = [
            {"key": f"{way}{number}", "quantity": quantity, "item": item, "used_at": (JANUARY + timedelta(hours=number)).isoformat()}
            for number, (quantity, item) in enumerate([(2, "a"), (7, "b"), (2, "a"), (1, "b")], 1)
        ]
        told = _record(shop, *reversed(events), meter=way)
        assert (told["recorded"], told["known"]) == (4, 0)
        told = _record(shop, *events, events[0], meter=way)
        assert (told["recorded"], told["known"]) == (0, 5)
    assert _used(shop) == {way: (used, 3) for way, used in ways.items()}


@pytest.mark.requirement("USAGE-3")
def test_what_is_shown_is_rounded_and_what_is_kept_is_not(shop: CreditShop) -> None:
    ways = {"up": 3, "down": 2, "nearest": 3}
    for way in ways:
        _define(shop, way, rounding=way, unit_size=1_000, limit_name="storage")
        _record(shop, {"key": f"{way}1", "quantity": 1_200}, {"key": f"{way}2", "quantity": 1_300}, meter=way)
    assert _used(shop) == {way: (used, 10) for way, used in ways.items()}
    assert shop.machine.all("SELECT DISTINCT value FROM bursar.usage_counter") == [(2_500,)]
    assert {way: shown(2_500, 1_000, way) for way in ways} == ways, "in Python as in SQL"


@pytest.mark.requirement("USAGE-1", "USAGE-2")
def test_a_settled_period_begins_at_zero_once_and_late_events_count_where_they_were_made(shop: CreditShop) -> None:
    _define(shop)
    _record(shop, {"key": "a", "quantity": 9})
    shop.machine.clock.move_to(FEBRUARY + timedelta(hours=1))
    assert _used(shop) == {"storage": (9, 10)}, "no calendar resets: the next period is not paid yet"
    for _ in range(2):
        shop.settles(FEBRUARY, because="nothing_owed")
        _record(shop, {"key": "b", "quantity": 2})
        assert _used(shop) == {"storage": (2, 10)}
    told = _record(
        shop,
        {"key": "late", "quantity": 5, "used_at": (FEBRUARY - timedelta(minutes=5)).isoformat()},
        {"key": "ancient", "quantity": 5, "used_at": (JANUARY - timedelta(days=60)).isoformat()},
    )
    assert (told["recorded"], told["late"], told["too_late"]) == (2, 1, 1)
    shop.settles(JANUARY)
    shop.machine.clock.move_to(MARCH)
    shop.settles(MARCH)
    assert _record(shop, {"key": "old", "used_at": JANUARY.isoformat()})["too_late"] == 1
    assert shop.machine.all("SELECT period_start, value FROM bursar.usage_counter WHERE period_start IS NOT NULL ORDER BY 1") == [
        (JANUARY, 14), (FEBRUARY, 2),
    ]  # fmt: skip


@pytest.mark.requirement("USAGE-4")
def test_each_threshold_is_told_of_once_a_period(shop: CreditShop) -> None:
    _define(shop, alert_percents=[50, 80, 100])
    for number, quantity in enumerate([4, 1, 3, 1, 1, 5]):
        _record(shop, {"key": f"e{number}", "quantity": quantity})
    told = [(row[0]["percent"], row[0]["used"], row[0]["limit"]) for row in shop.machine.all(_MAILS)]
    assert told == [(50, 5, 10), (80, 8, 10), (100, 10, 10)]
    shop.machine.clock.move_to(FEBRUARY)
    shop.settles(FEBRUARY)
    _record(shop, {"key": "late", "quantity": 9, "used_at": (FEBRUARY - timedelta(hours=1)).isoformat()})
    assert len(shop.machine.all(_MAILS)) == 3, "nothing can be done about a period that is over"
    _record(shop, {"key": "all", "quantity": 12})
    assert [row[0]["percent"] for row in shop.machine.all(_MAILS)] == [50, 80, 100, 100]


@pytest.mark.requirement("USAGE-3")
def test_what_is_wrong_is_refused_as_a_whole(shop: CreditShop) -> None:
    _define(shop)
    _define(shop, "users", "unique")
    good = {"key": "good"}
    assert _record(shop, good, {"key": "x"}, meter="nothing")["code"] == "unknown_meter"
    assert _record(shop, good, {"key": "x", "used_at": "2030-01-01T00:00:00Z"})["code"] == "in_the_future"
    assert _record(shop, good, meter="users")["code"] == "item_missing"
    assert shop.machine.one("SELECT count(*) FROM bursar.usage_event") == 0
    assert _record(shop, good)["recorded"] == 1
    assert _record(shop, good | {"quantity": 2})["code"] == "key_used"
    assert _define(shop, aggregation="max")["code"] == "aggregation_fixed"
    assert _used(shop)["storage"] == (1, 10)
