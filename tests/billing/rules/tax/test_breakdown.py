"""Amounts taken apart: sums per rate, one rounding per document and rate, the total to the unit (TAX-1, TAX-5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.money import divide_half_up
from billing.rules.paper.document import Tax
from billing.rules.tax.breakdown import BreakdownError, BrokenDown, Item, break_down, tax_on, tax_within
from billing.rules.tax.treatment import OUTSIDE_SCOPE, REVERSE_CHARGE

_S21 = Tax(category="S", rate=210_000)
_S11 = Tax(category="S", rate=110_000)
_S255 = Tax(category="S", rate=255_000)
_Z = Tax(category="Z", rate=0)

_TAXES = st.sampled_from([_S21, _S11, _S255, _Z, REVERSE_CHARGE, Tax(category="S", rate=235_555)])
_ITEMS = st.lists(
    st.builds(
        Item,
        description=st.just("x"),
        amount_minor=st.one_of(st.integers(-2_000, 2_000), st.integers(0, 9_000_000_000)),
        tax=_TAXES,
        quantity=st.integers(1, 50),
    ),
    min_size=1,
    max_size=12,
).filter(lambda items: sum(item.amount_minor for item in items) >= 0)


def _items(*pairs: tuple[int, Tax]) -> list[Item]:
    return [
        Item(description=f"line {number}", amount_minor=amount, tax=tax) for number, (amount, tax) in enumerate(pairs)
    ]


def _totals(broken: BrokenDown) -> tuple[int, int, int]:
    return broken.net_minor, broken.tax_minor, broken.total_minor


@pytest.mark.requirement("TAX-5")
@pytest.mark.parametrize(
    ("pairs", "off", "inclusive", "totals"),
    [
        ([(12100, _S21)], 0, True, (10000, 2100, 12100)),
        ([(10000, _S21)], 0, False, (10000, 2100, 12100)),
        ([(3, _S21)], 0, True, (2, 1, 3)),  # no net gives 3
        ([(999, _S21)] * 3, 0, True, (2477, 520, 2997)),  # 520.14, not 3 x 173
        ([(999, _S255)] * 3, 0, False, (2997, 764, 3761)),  # 764.235, not 3 x 255
        ([(10000, _S21)], 1000, False, (9000, 1890, 10890)),
        ([(12100, _S21)], 2100, True, (8264, 1736, 10000)),
        ([(10000, _S21), (-2500, _S21)], 0, False, (7500, 1575, 9075)),
        ([(5000, REVERSE_CHARGE)], 0, True, (5000, 0, 5000)),
        ([(5000, OUTSIDE_SCOPE)], 500, False, (4500, 0, 4500)),
        ([(0, _S21)], 0, True, (0, 0, 0)),
        ([(100, _S21), (-100, _S21)], 0, True, (0, 0, 0)),
        ([(12100, _S21)], 12100, True, (0, 0, 0)),
    ],
)
def test_examples(pairs: list[tuple[int, Tax]], off: int, inclusive: bool, totals: tuple[int, int, int]) -> None:
    assert _totals(break_down(_items(*pairs), off, inclusive)) == totals


@pytest.mark.requirement("TAX-5")
def test_a_discount_is_shared_over_the_rates() -> None:
    broken = break_down(_items((6000, _S21), (3000, _S11), (1000, _S21)), 1000, False, discount_reason="WELCOME")

    assert [(part.tax, part.taxable_minor, part.tax_minor) for part in broken.taxes] == [
        (_S21, 6300, 1323),
        (_S11, 2700, 297),
    ]
    assert [(each.reason, each.net_minor, each.tax) for each in broken.allowances] == [
        ("WELCOME", 700, _S21),
        ("WELCOME", 300, _S11),
    ]
    assert [line.net_minor for line in broken.lines] == [6000, 3000, 1000]


@pytest.mark.requirement("TAX-5")
def test_what_makes_no_document_is_refused() -> None:
    for items, off in (([], 0), (_items((100, _S21)), 101), (_items((100, _S21)), -1), (_items((-1, _S21)), 0)):
        with pytest.raises(BreakdownError, match="Nothing was issued"):
            break_down(items, off, True)


@pytest.mark.requirement("TAX-1", "TAX-5")
@given(items=_ITEMS, inclusive=st.booleans(), data=st.data())
def test_sums_hold_whatever_the_lines(items: list[Item], inclusive: bool, data: st.DataObject) -> None:
    priced = sum(item.amount_minor for item in items)
    off = data.draw(st.integers(0, priced))
    broken = break_down(items, off, inclusive)

    assert [line.description for line in broken.lines] == [item.description for item in items]
    assert broken.net_minor == sum(line.net_minor for line in broken.lines) - sum(
        a.net_minor for a in broken.allowances
    )
    assert broken.tax_minor == sum(part.tax_minor for part in broken.taxes)
    assert broken.total_minor == broken.net_minor + broken.tax_minor
    assert (broken.total_minor if inclusive else broken.net_minor) == priced - off
    for part in broken.taxes:
        lines = sum(line.net_minor for line in broken.lines if line.tax == part.tax)
        allowed = sum(each.net_minor for each in broken.allowances if each.tax == part.tax)
        assert part.taxable_minor == lines - allowed
        exact = divide_half_up(part.taxable_minor * part.tax.rate, 1_000_000)
        assert abs(part.tax_minor - exact) <= (1 if inclusive else 0)
    assert all(each.net_minor > 0 for each in broken.allowances)
    assert len({(part.tax.category, part.tax.rate) for part in broken.taxes}) == len(broken.taxes)


@pytest.mark.requirement("TAX-5")
@given(items=_ITEMS)
def test_a_line_is_its_own_net_but_for_a_unit_or_two(items: list[Item]) -> None:
    for item, line in zip(items, break_down(items, 0, True).lines, strict=True):
        own = divide_half_up(item.amount_minor * 1_000_000, 1_000_000 + item.tax.rate)
        assert abs(line.net_minor - own) <= 1
        assert item.amount_minor or not line.net_minor


@given(st.integers(0, 10**12), st.integers(0, 1_000_000))
def test_within_and_on_are_each_others_mirror(net: int, rate: int) -> None:
    tax = tax_on(net, rate)
    assert abs(tax_within(net + tax, rate) - tax) <= 1
