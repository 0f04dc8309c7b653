"""Facts about memberships end in the same seats, whatever their order and however often they come (SEAT-1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from billing.operations.change_membership import change_membership
from billing.rules.commands.memberships import MembershipChanged
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine

_AT = datetime(2027, 3, 1, tzinfo=UTC)
_FACTS: some.SearchStrategy[list[dict[str, Any]]] = some.lists(
    some.builds(
        dict, user_ref=some.sampled_from(["ann", "bob"]), change=some.sampled_from(["added", "removed", "role_changed"]),
        role=some.sampled_from(["organizer", "course_manager", "student"]), courses=some.sampled_from([(), ("c1",)]),
        at=some.integers(0, 3).map(lambda hour: _AT + timedelta(hours=hour)),
    ), max_size=6,
)  # fmt: skip
_ENDS = """SELECT m.user_ref, m.status, m.role, m.seat, m.courses, o.members, o.seats_taken FROM bursar.membership m
           JOIN bursar.organisation o ON o.external_id = m.organisation_ref WHERE m.organisation_ref = %s ORDER BY m.user_ref"""


@pytest.fixture
def numbers() -> Iterator[int]:
    """Each example has organisations of its own."""
    return iter(range(1_000_000))


@pytest.mark.requirement("SEAT-1")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=_FACTS, data=some.data())
def test_any_order_ends_in_the_same_seats(machine: Machine, numbers: Iterator[int], facts: list[dict[str, Any]], data: Any) -> None:
    orders = [facts, data.draw(some.permutations(facts + facts[:2]))]
    ends = []
    for order in orders:
        name = f"org-{next(numbers)}"

        def tell(unit: Any, name: str = name, order: list[dict[str, Any]] = order) -> None:
            subscriber(unit, name, pay_customer_ref=None)
            for fact in order:
                change_membership(unit, MembershipChanged(organisation_ref=name, **fact))

        do(machine.context, tell)
        ends.append(machine.all(_ENDS, name))
    assert ends[0] == ends[1]
    taken = sum(bool(row[3]) for row in ends[0])
    assert all(row[6] == taken and row[5] == sum(one[1] == "active" for one in ends[0]) for row in ends[0])
