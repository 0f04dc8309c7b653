"""The next period's price: agreed before kept before version; nobody pays more untold; nothing else changes it (PRICE-3, PRICE-6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.price_in_force import PriceVersion
from billing.rules.price_precedence import Assigned, next_price

T0 = datetime(2027, 1, 1, tzinfo=UTC)
_days = st.integers(-400, 400).map(lambda days: T0 + timedelta(days=days))
_maybe = st.one_of(st.none(), _days)


def _version(number: int, minor: int, existing: datetime | None, notice: int) -> PriceVersion:
    return PriceVersion(
        reference=f"pro:1month:EUR:v{number}", product_ref="pro", cycle_unit="month", cycle_count=1, currency="EUR", version=number,
        unit_amount_minor=minor, effective_for_new_at=T0, effective_for_existing_at=existing, notice_days=notice,
    )  # fmt: skip


@st.composite
def _versions(draw: st.DrawFn) -> list[PriceVersion]:
    return [
        _version(number + 1, draw(st.integers(0, 50)), draw(_maybe), draw(st.integers(0, 60))) for number in range(draw(st.integers(1, 4)))
    ]


_assigned = st.lists(
    st.builds(
        Assigned, kind=st.sampled_from(["override", "grandfather"]), price_ref=st.none(), unit_amount_minor=st.integers(0, 50),
        locked_at=_days, expires_at=_maybe, warned_at=_maybe,
    ),
    max_size=4,
)  # fmt: skip


@pytest.mark.requirement("PRICE-3", "PRICE-6", "PRICE-7")
@given(_versions(), st.integers(0, 3), _assigned, st.lists(_maybe, min_size=4, max_size=4), st.sets(st.integers(0, 3)))
def test_the_order_holds_and_nobody_pays_more_untold(
    versions: list[PriceVersion], own: int, assigned: list[Assigned], told: list[datetime | None], moves: set[int]
) -> None:
    current = versions[min(own, len(versions) - 1)]
    noticed = {f"pro:1month:EUR:v{number + 1}": at for number, at in enumerate(told) if at is not None}
    declared = frozenset(f"pro:1month:EUR:v{number + 1}" for number in moves)
    found = next_price(
        T0, price_ref=current.reference, unit_amount_minor=current.unit_amount_minor, versions=versions, assigned=assigned,
        noticed=noticed, declared=declared,
    )  # fmt: skip
    holding = {kind: [one for one in assigned if one.kind == kind and one.holds_at(T0)] for kind in ("override", "grandfather")}
    if holding["override"]:
        assert found.because == "override"
        assert found.unit_amount_minor in {one.unit_amount_minor for one in holding["override"]}
        return
    if holding["grandfather"]:
        assert found.because == "grandfather"
        return
    chosen = next(one for one in versions if one.reference == found.price_ref)
    assert found.unit_amount_minor == chosen.unit_amount_minor
    assert chosen.version >= current.version
    if chosen.unit_amount_minor > current.unit_amount_minor:
        assert noticed[chosen.reference] + timedelta(days=chosen.notice_days) <= T0
    if chosen.version > current.version:
        begun = chosen.effective_for_existing_at is not None and chosen.effective_for_existing_at <= T0
        assert begun or chosen.reference in declared
    else:
        assert found.because == "locked"
    again = next_price(
        T0, price_ref=found.price_ref, unit_amount_minor=found.unit_amount_minor, versions=versions, noticed=noticed, declared=declared
    )
    assert again.unit_amount_minor <= max(found.unit_amount_minor, *(one.unit_amount_minor for one in versions))


@pytest.mark.requirement("PRICE-7")
def test_an_end_that_was_told_late_comes_30_days_after_it_was_told() -> None:
    def kept(warned: int | None) -> Assigned:
        at = None if warned is None else T0 - timedelta(days=warned)
        return Assigned(
            kind="grandfather", price_ref="v1", unit_amount_minor=5, locked_at=T0 - timedelta(days=90),
            expires_at=T0 - timedelta(days=1), warned_at=at,
        )  # fmt: skip

    assert [kept(warned).holds_at(T0) for warned in (None, 29, 30)] == [True, True, False]


@pytest.mark.requirement("PRICE-6")
def test_what_has_no_version_keeps_its_price() -> None:
    found = next_price(T0, price_ref=None, unit_amount_minor=0, versions=[_version(1, 5, T0, 0)])
    assert (found.price_ref, found.unit_amount_minor, found.because) == (None, 0, "locked")
