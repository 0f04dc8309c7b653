"""A version's subscribers move in pages that may be stopped and may die; none is raised silently (PRICE-4, PRICE-9)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from billing.operations.own_row import own_row
from core.failpoints import DiedError
from models.product import Product
from models.subscription import Subscription
from tasks.payments.prices import migrate
from tests.factories.subscribers import do, subscriber
from tests.tasks.payments.prices.shop import V1, V2, Shop
from workers.unit import Unit

pytestmark = pytest.mark.breaks(
    "invoices_paid_by_something",
    because="its rows are made by hand, by verbs and not by payments",
)

_MOVES = """SELECT subscription_source, subscription_ref, outcome, because, from_minor, to_minor, currency FROM bursar.price_move
            WHERE migration_ref = %s ORDER BY 1, 2"""
_COUNTS = ("currencies", "subscriptions", "provider_billed", "now_minor", "then_minor")
_ALL = [
    ("bursar", "sub-ann", "planned", None, 2_000, 2_500, "EUR"),
    ("bursar", "sub-bob", "planned", None, 2_000, 2_500, "EUR"),
    ("bursar", "sub-eve", "kept", "override", 2_000, 2_500, "EUR"),
    ("bursar", "sub-ian", "kept", "it ends with its period", 2_000, 2_500, "EUR"),
    ("paypal", "I-PAM", "awaiting_approval", "its payer has to agree at the provider", 2_000, 2_500, "EUR"),
    ("stripe", "sub_sam", "provider_change_needed", "no price of Stripe's is linked to it", 6_000, 7_500, "EUR"),
]
_numbers = itertools.count(1)


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Six subscribers of the first version, two of whom providers bill; one of the second version, and one of another plan."""
    for ref in ("ann", "bob", "eve", "ian"):
        shop.joins(ref)
    shop.publishes(2_500, days=None)
    shop.joins("new")
    shop.asks("override", subscriber_ref="eve", product="pro", currency="EUR", unit_amount_minor=1_000)
    do(shop.machine.context, _others)
    return shop


def _others(unit: Unit) -> None:
    unit.row(Subscription, "bursar", "sub-ian").cancel_at_period_end = True
    unit.row(Product, "bursar", "pro").provider_refs = ["P-PRO", "price_pro"]
    items = [{"id": "si_1", "price_ref": "price_pro", "product_ref": "prod_1", "unit_amount_minor": 2_000}]
    given: dict[tuple[str, str, str], dict[str, Any]] = {
        ("pam", "paypal", "I-PAM"): {"plan_ref": "P-PRO"},
        ("sam", "stripe", "sub_sam"): {"items": items, "currency": "EUR", "cycle_unit": "month", "cycle_count": 1, "quantity": 3},
        ("una", "stripe", "sub_una"): {"items": [items[0] | {"unit_amount_minor": 900}], "currency": "EUR"},
        ("zoe", "stripe", "sub_zoe"): {"items": [items[0] | {"price_ref": "price_other"}], "currency": "EUR"},
    }
    for (ref, source, name), values in given.items():
        subscriber(unit, ref)
        row, _ = own_row(unit, Subscription, source, name)
        for key, value in ({"status": "active", "subscriber_ref": ref, "current_period_end": unit.now} | values).items():
            setattr(row, key, value)


def _moves(shop: Shop, reference: str) -> list[tuple[Any, ...]]:
    return shop.machine.all(_MOVES, reference)


def _asks(shop: Shop, reference: str, mode: str, **values: Any) -> dict[str, Any]:
    return shop.asks("migrate", reference=reference, from_price=V1, to_price=V2, mode=mode, **values)


@pytest.mark.requirement("PRICE-3", "PRICE-4", "PRICE-8", "PRICE-9")
def test_a_migration_is_counted_shadowed_and_done_and_raises_nobody_untold(town: Shop) -> None:
    counted = _asks(town, "m", "dry_run")
    assert [tuple(counted[name]) for name in _COUNTS] == [("EUR",), (6,), (2,), (16_000,), (20_000,)]
    assert (counted["status"], _moves(town, "m")) == ("dry_run", [])
    refused = _asks(town, "m", "apply")
    assert (refused["code"], refused["details"]["current"]) == ("shadow_first", 2)

    assert _asks(town, "shadow", "shadow", rate_per_minute=4)["status"] == "running"
    assert _asks(town, "shadow", "apply")["code"] == "reference_used"
    assert [town.migrates() for _ in range(2)] == [{"items": 4, "failed": 0, "done": 0, "more": False}, _nothing()]
    town.machine.clock.move_to(town.machine.clock.now() + timedelta(minutes=1))
    assert town.migrates() == {"items": 2, "failed": 0, "done": 1, "more": False}
    assert (_moves(town, "shadow"), town.mails()) == (_ALL, [])
    assert town.machine.all("SELECT DISTINCT status FROM bursar.price_move") == [("shadow",)]

    assert _asks(town, "m", "apply", actor="anna")["status"] == "running"
    assert town.migrates()["done"] == 1
    assert _moves(town, "m") == _ALL
    assert sorted(to for _, to in town.mails()) == ["ann@example.com", "bob@example.com", "pam@example.com"]
    town.at(10)
    town.sent()
    town.at(32)
    town.renews()
    assert [town.billed(ref) for ref in ("ann", "eve", "new")] == [[2_000, 2_500], [2_000, 1_000], [2_500, 2_500]]
    found = town.machine.all("SELECT subscription_ref, status FROM bursar.price_move WHERE migration_ref = 'm' AND outcome = 'planned'")
    assert sorted(found) == [("sub-ann", "moved"), ("sub-bob", "moved")]
    assert town.machine.one("SELECT actor FROM bursar.price_migration WHERE external_id = 'm'") == "app:anna"


@pytest.mark.requirement("PRICE-4")
def test_what_is_no_migration_is_refused(town: Shop) -> None:
    for from_price, to_price, code in (
        (V2, V1, "not_a_later_version"), (V1, V1, "not_a_later_version"), (V1, "pro:1month:EUR:v9", "unknown_price"),
        (V1, "pro", "invalid_payload"),
    ):  # fmt: skip
        told = town.asks("migrate", reference="m", from_price=from_price, to_price=to_price, mode="shadow")
        assert told["code"] == code
    assert town.asks("stop_migration", reference="m")["code"] == "unknown_migration"


@pytest.mark.requirement("PRICE-4")
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 3), st.integers(1, 3),
    st.lists(st.one_of(st.sampled_from(["turn", "stop_migration", "resume_migration"]), st.integers(1, 4)), max_size=6),
)  # fmt: skip
def test_any_interruption_ends_in_the_same_rows(town: Shop, rate: int, page: int, steps: list[str | int]) -> None:
    reference = f"m{next(_numbers)}"
    _asks(town, reference, "shadow", rate_per_minute=rate)
    for step in steps:
        if isinstance(step, int):
            with _death(town.machine.context.engine, step):
                _turn(town, page)
        elif step == "turn":
            _turn(town, page)
        else:
            assert town.asks(step, reference=reference)["state"] == "succeeded"
    town.asks("resume_migration", reference=reference)
    for _ in range(8):
        _turn(town, page)
    assert _moves(town, reference) == _ALL
    assert town.machine.one("SELECT status FROM bursar.price_migration WHERE external_id = %s", reference) == "done"


def _turn(town: Shop, page: int) -> None:
    clock = town.machine.clock
    clock.move_to(clock.now() + timedelta(minutes=1))
    migrate(town.machine.context, clock.now(), page=page)


@contextmanager
def _death(engine: Engine, number: int) -> Iterator[None]:
    """The worker dies before its `number`-th commit, if it comes so far."""
    left = itertools.count(1)

    def die(_connection: object) -> None:
        if next(left) == number:
            raise DiedError

    event.listen(engine, "commit", die)
    try:
        yield
    except DiedError:
        pass
    finally:
        event.remove(engine, "commit", die)


def _nothing() -> dict[str, Any]:
    return {"items": 0, "failed": 0, "done": 0, "more": False}
