"""Credit notes of an invoice, one after the other: in proportion, each tax within the invoice's, and in the end exactly nothing is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.paper.credit import gross, left, share
from billing.rules.paper.document import RATE_SCALE, Tax, TaxPart
from billing.rules.tax.breakdown import Item, break_down

_TAXES = tuple(Tax(category="S" if rate else "Z", rate=rate * RATE_SCALE) for rate in (21, 11, 5, 0))
_ITEMS = st.lists(
    st.builds(Item, description=st.just("x"), amount_minor=st.integers(1, 100_000), tax=st.sampled_from(_TAXES)), min_size=1, max_size=6
)


@pytest.mark.requirement("INV-9", "TAX-5")
@given(items=_ITEMS, inclusive=st.booleans(), data=st.data())
def test_any_credit_notes_stay_within_the_invoice_and_the_last_one_leaves_nothing(
    items: list[Item], inclusive: bool, data: st.DataObject
) -> None:
    invoice = break_down(items, 0, inclusive).taxes
    notes: list[list[TaxPart]] = []
    while rest := gross(left(invoice, notes)):
        amount = data.draw(st.integers(1, rest)) if len(notes) < 5 else rest
        note = share(left(invoice, notes), amount)
        assert gross(note) == amount
        assert all(part.tax_minor >= 0 and part.taxable_minor >= 0 for part in note)
        notes.append(note)
        assert all(part.tax_minor >= 0 and part.taxable_minor >= 0 for part in left(invoice, notes)), "never more than the invoice"
    for part in invoice:
        mine = [one for note in notes for one in note if one.tax == part.tax]
        assert (sum(one.taxable_minor for one in mine), sum(one.tax_minor for one in mine)) == (part.taxable_minor, part.tax_minor)


def test_a_part_has_the_tax_of_its_share_and_more_than_is_left_is_refused() -> None:
    s21, zero = _TAXES[0], _TAXES[3]
    parts = [TaxPart(tax=s21, taxable_minor=10_000, tax_minor=2_100), TaxPart(tax=zero, taxable_minor=12_100, tax_minor=0)]
    assert share(parts, 2_420) == [
        TaxPart(tax=s21, taxable_minor=1_000, tax_minor=210), TaxPart(tax=zero, taxable_minor=1_210, tax_minor=0)
    ]  # fmt: skip
    for amount in (0, 24_201):
        with pytest.raises(ValueError, match="is not 1 to 24200"):
            share(parts, amount)


def test_what_lowers_an_invoice_of_two_rates_goes_back_with_the_rest() -> None:
    parts = [TaxPart(tax=_TAXES[0], taxable_minor=100, tax_minor=21), TaxPart(tax=_TAXES[1], taxable_minor=-20, tax_minor=-2)]
    first = share(parts, 50)
    rest = left(parts, [first])
    assert gross(rest) == 49
    assert left(parts, [first, share(rest, 49)]) == [
        TaxPart(tax=_TAXES[0], taxable_minor=0, tax_minor=0), TaxPart(tax=_TAXES[1], taxable_minor=0, tax_minor=0)
    ]  # fmt: skip
