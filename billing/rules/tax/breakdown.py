"""An amount taken apart into net and tax: rounded once per document and rate, split to the last unit (TAX-1, TAX-5).

EN 16931 adds tax per category and rate, never per line: what a rate taxes is the sum of its lines less its allowances, and the tax
is that times the rate, rounded. Prices that include tax are the harder direction: the tax is taken out of the sum of a rate's gross
amounts, rounded half up once, and what is left is shared over the lines by largest remainder. Not every gross amount is some net
plus its rounded tax (at 21 % no net gives 0.03 exactly); then the tax differs by one unit from net times rate, as the standard allows,
and the total stays what the customer was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing.rules.money import divide_half_up, split
from billing.rules.paper.document import Allowance, PaperLine, Tax, TaxPart
from billing.rules.tax.rates import MAX_RATE


class BreakdownError(ValueError):
    """Amounts that make no document: nothing to bill, or more taken off than there is. Nothing was issued."""


class MixedTaxError(BreakdownError):
    """Lines that are outside the scope of VAT beside lines that are not: no document may hold both (EN 16931, BR-O-11 to BR-O-14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is billed. `amount_minor` as priced, for the whole quantity: with tax or without; negative where it lowers the total."""

    description: str
    amount_minor: int
    tax: Tax
    quantity: int = 1
    period_start_on: date | None = None
    period_end_on: date | None = None
    """The last day, included."""
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenDown:
    """`net_minor` = lines - allowances = the parts' taxable amounts; `total_minor` = net + tax."""

    lines: Sequence[PaperLine]
    allowances: Sequence[Allowance]
    taxes: Sequence[TaxPart]
    net_minor: int
    tax_minor: int
    total_minor: int


def break_down(
    items: Sequence[Item], discount_minor: int, inclusive: bool, *, discount_reason: str = "Discount"
) -> BrokenDown:
    """The items with their tax taken out of the amounts (`inclusive`) or put on them.

    `discount_minor` is priced as the items are, and shared over the rates by what each has. With `inclusive` the total is the items'
    sum less the discount, to the unit.

    Raises:
        BreakdownError: no items, a negative discount, or a total below zero.
        MixedTaxError: some of it is outside the scope of VAT, and some is not.
    """
    priced = sum(item.amount_minor for item in items)
    if not items or discount_minor < 0 or priced < discount_minor:
        raise BreakdownError(
            f"{len(items)} items of {priced} with {discount_minor} off make no document. Nothing was issued"
        )
    groups = _by_rate(items)
    categories = {tax.category for tax, _ in groups}
    if "O" in categories and len(categories) > 1:
        others = ", ".join(sorted(categories - {"O"}))
        raise MixedTaxError(f"no document may hold what is outside the scope of VAT (O) beside {others}: bill it by two invoices")
    lines: dict[int, PaperLine] = {}
    allowances: list[Allowance] = []
    taxes: list[TaxPart] = []
    for (tax, members), off in zip(groups, _shares(groups, items, discount_minor), strict=True):
        amounts = [items[index].amount_minor for index in members]
        part, nets, off_net = _inclusive(tax, amounts, off) if inclusive else _exclusive(tax, amounts, off)
        taxes.append(part)
        lines.update((index, _line(items[index], tax, net)) for index, net in zip(members, nets, strict=True))
        if off_net:
            allowances.append(Allowance(reason=discount_reason, net_minor=off_net, tax=tax))
    net, tax_sum = sum(part.taxable_minor for part in taxes), sum(part.tax_minor for part in taxes)
    return BrokenDown(
        lines=tuple(lines[index] for index in range(len(items))),
        allowances=tuple(allowances),
        taxes=tuple(taxes),
        net_minor=net,
        tax_minor=tax_sum,
        total_minor=net + tax_sum,
    )


def tax_within(gross_minor: int, rate: int) -> int:
    """The tax in an amount that includes it, half up: 121.00 at 21 % holds 21.00."""
    return divide_half_up(gross_minor * rate, MAX_RATE + rate)


def tax_on(net_minor: int, rate: int) -> int:
    """The tax on an amount without it, half up."""
    return divide_half_up(net_minor * rate, MAX_RATE)


def _by_rate(items: Sequence[Item]) -> list[tuple[Tax, list[int]]]:
    """One group per category and rate, in the order of first appearance; a group's words are its first item's."""
    groups: dict[tuple[str, int], tuple[Tax, list[int]]] = {}
    for index, item in enumerate(items):
        groups.setdefault((item.tax.category, item.tax.rate), (item.tax, []))[1].append(index)
    return list(groups.values())


def _shares(groups: Sequence[tuple[Tax, list[int]]], items: Sequence[Item], discount_minor: int) -> list[int]:
    """The discount per group; a group that lowers the total bears none."""
    if not discount_minor:
        return [0] * len(groups)
    return split(discount_minor, [max(0, sum(items[index].amount_minor for index in members)) for _, members in groups])


def _inclusive(tax: Tax, amounts: Sequence[int], off: int) -> tuple[TaxPart, list[int], int]:
    gross = sum(amounts) - off
    part = TaxPart(tax=tax, taxable_minor=gross - tax_within(gross, tax.rate), tax_minor=tax_within(gross, tax.rate))
    off_net = off - tax_within(off, tax.rate)
    return part, _nets(amounts, tax.rate, part.taxable_minor + off_net), off_net


def _exclusive(tax: Tax, amounts: Sequence[int], off: int) -> tuple[TaxPart, list[int], int]:
    net = sum(amounts) - off
    return TaxPart(tax=tax, taxable_minor=net, tax_minor=tax_on(net, tax.rate)), list(amounts), off


def _nets(amounts: Sequence[int], rate: int, total: int) -> list[int]:
    """`total` shared over the lines: each its exact net's floor, then one unit more by largest remainder, earlier ones on a tie.

    Lines may be negative, so the rest can be one below zero; a line of nothing stays one unless there are only such.
    """
    nets, remainders = zip(*(divmod(amount * MAX_RATE, MAX_RATE + rate) for amount in amounts), strict=True)
    shared = list(nets)
    order = sorted((i for i in range(len(amounts)) if amounts[i]), key=lambda i: (-remainders[i], i)) or [0]
    each, more = divmod(total - sum(shared), len(order))
    for place, index in enumerate(order):
        shared[index] += each + (1 if place < more else 0)
    return shared


def _line(item: Item, tax: Tax, net_minor: int) -> PaperLine:
    return PaperLine(
        description=item.description,
        net_minor=net_minor,
        tax=tax,
        quantity=item.quantity,
        period_start_on=item.period_start_on,
        period_end_on=item.period_end_on,
        reference=item.reference,
    )
