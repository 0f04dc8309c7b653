"""What the breakdown makes is judged by the official rules of EN 16931: rounding, rates, discounts, reverse charge (TAX-1, TAX-2)."""

from __future__ import annotations

import random
from datetime import date

import pytest

from billing.rules.paper.document import Document, Party, Tax
from billing.rules.tax.breakdown import Item, break_down
from billing.rules.tax.sold_as import SERVICE
from billing.rules.tax.treatment import Buyer, Seller, treat
from providers.anaf.ubl.compose import compose
from tests.factories.paper import BUYER_DE, BUYER_RO, CONSUMER_RO, a_document
from tests.harness.ubl import check_ubl

_DAY = date(2026, 11, 21)
_RO = Seller(country="RO", vat_registered=True)
_CASES: list[tuple[Buyer, Party]] = [
    (Buyer(country="RO", business=True), BUYER_RO),
    (Buyer(country="RO", business=False), CONSUMER_RO),
    (Buyer(country="DE", business=True, vat_id_valid=True), BUYER_DE),
    (Buyer(country="DE", business=True, vat_id_valid=None), BUYER_DE),
    (Buyer(country="US", business=False), CONSUMER_RO),
]
_MIXED = [Tax(category="S", rate=rate) for rate in (210_000, 110_000, 255_000, 55_000, 21_000)]


def _paper(dice: random.Random, buyer: Party, taxes: list[Tax]) -> Document:
    """Odd amounts, with tax or without, some lines that lower the total, and a discount."""
    items = [
        Item(description=f"Line {number}", amount_minor=dice.choice((1, 3, 99, 1_999, 123_457, 9_999_999)) * dice.randint(1, 9),
             tax=dice.choice(taxes), quantity=dice.choice((1, 1, 3, 7)))
        for number in range(dice.randint(1, 6))
    ]  # fmt: skip
    if dice.random() < 0.4:
        first = items[0]
        items.append(Item(description="Proration", amount_minor=-(first.amount_minor // 3), tax=first.tax))
    if dice.random() < 0.3:  # more is given back of one rate than is billed of it
        given_up = sum(item.amount_minor for item in items) // 4
        items.append(Item(description="Seats given up", amount_minor=-given_up, tax=dice.choice(taxes)))
    priced = sum(item.amount_minor for item in items)
    broken = break_down(items, dice.choice((0, 0, priced // 7, priced // 2)), dice.random() < 0.7)
    return a_document(
        buyer=buyer, lines=broken.lines, allowances=broken.allowances, taxes=broken.taxes, net_minor=broken.net_minor,
        tax_minor=broken.tax_minor, total_minor=broken.total_minor,
    )  # fmt: skip


@pytest.mark.requirement("TAX-1", "TAX-2", "TAX-5")
def test_what_is_broken_down_passes_the_official_rules() -> None:
    dice = random.Random(2026)
    papers = [_paper(dice, BUYER_RO, _MIXED) for _ in range(30)]
    for buyer, party in _CASES:
        papers += [_paper(dice, party, [treat(_RO, buyer, SERVICE, _DAY)]) for _ in range(4)]
    assert check_ubl([compose(paper) for paper in papers if paper.total_minor > 0]) == []
