"""What a credit note takes back of each tax: in proportion, to the last unit, and never more than there is (INV-9, TAX-5).

The invoice's breakdown is what there is to credit; each credit note takes its part of what is left. Whatever amounts are
credited one after the other, the parts of each tax stay within the invoice's, and the last one leaves exactly nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from billing.rules.money import divide_half_up
from billing.rules.paper.document import TaxPart


def left(invoice: Sequence[TaxPart], credited: Iterable[Sequence[TaxPart]]) -> list[TaxPart]:
    """What of the invoice's breakdown no credit note has taken back yet, in the invoice's order."""
    taken = [part for note in credited for part in note]
    return [
        TaxPart(
            tax=part.tax,
            taxable_minor=part.taxable_minor - sum(one.taxable_minor for one in taken if one.tax == part.tax),
            tax_minor=part.tax_minor - sum(one.tax_minor for one in taken if one.tax == part.tax),
        )
        for part in invoice
    ]


def gross(parts: Iterable[TaxPart]) -> int:
    """With tax, in minor units."""
    return sum(part.taxable_minor + part.tax_minor for part in parts)


def share(parts: Sequence[TaxPart], amount_minor: int) -> list[TaxPart]:
    """The parts of `amount_minor` (tax included) of what is left; parts of nothing are left out.

    Raises:
        ValueError: it is not 1 to all of it.
    """
    whole = gross(parts)
    if not 0 < amount_minor <= whole:
        raise ValueError(f"{amount_minor} is not 1 to {whole}")
    if amount_minor == whole:
        return [part for part in parts if part.taxable_minor or part.tax_minor]
    # A rate can be below zero (seats of a plan that was taxed otherwise were given up): it goes back in proportion, too.
    shares = [divmod((part.taxable_minor + part.tax_minor) * amount_minor, whole) for part in parts]
    more = amount_minor - sum(floor for floor, _ in shares)
    first = sorted(range(len(parts)), key=lambda i: (-shares[i][1], i))[:more]
    amounts = [floor + (index in first) for index, (floor, _) in enumerate(shares)]
    return [_part(part, minor) for part, minor in zip(parts, amounts, strict=True) if minor]


def _part(part: TaxPart, minor: int) -> TaxPart:
    whole = part.taxable_minor + part.tax_minor
    tax = divide_half_up(part.tax_minor * minor * (1 if whole > 0 else -1), abs(whole))
    return TaxPart(tax=part.tax, taxable_minor=minor - tax, tax_minor=tax)
