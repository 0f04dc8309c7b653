"""Credit notes of invoices that are not simple: parts below zero, papers that are issued in the same moment or later (INV-9, TAX-5)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing.operations.issue_invoice import Line
from billing.rules.tax.rates import RateKind
from billing.rules.tax.sold_as import SoldAs
from tests.factories.documents import invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness.machine import Machine
from tests.tasks.payments.documents.test_papers import papers


@pytest.fixture
def shop(machine: Machine) -> Machine:
    """A seller and a consumer."""
    machine.clock.move_to(datetime(2027, 3, 5, 12, tzinfo=UTC))
    with unit_of(machine.context) as unit:
        seller(unit)
        subscriber(unit, "ann", country="RO")
    return machine


def _pay(shop: Machine, ref: str, amount_minor: int) -> None:
    """By a bank transfer that an operator has found."""
    asked = {"reference": f"T-{ref}", "purpose": "invoice", "purpose_ref": ref, "country": "PK", "external_ref": "ann"}
    shop.run("billing.bank_transfers.submit.v1", asked | {"amount_minor": amount_minor, "currency": "EUR"})
    told = shop.run("billing.bank_transfers.approve.v1", {"reference": f"T-{ref}", "reason": "looked"})
    assert told["state"] == "succeeded", told


@pytest.mark.requirement("INV-9", "TAX-5")
@pytest.mark.parametrize(("down", "up", "kind"), [(-1_210, 11_100, "reduced"), (-7, 93, "reduced"), (-1_210, 2_000, "zero")])
def test_a_part_of_an_invoice_whose_one_rate_is_below_zero_is_credited_over_all_its_rates(
    shop: Machine, down: int, up: int, kind: RateKind
) -> None:
    lines = [Line(amount_minor=down, description="given up"), Line(amount_minor=up, description="Handbook", sold_as=SoldAs(kind=kind))]
    do(shop.context, lambda unit: invoice(unit, "in-1", lines=lines))
    _pay(shop, "in-1", down + up)
    for number, minor in enumerate((down + up - 7, 3, None)):
        asked = {"invoice_ref": "in-1", "reference": f"cn-{number}", "reason": "agreed", "amount_minor": minor}
        told = shop.run("billing.documents.credit.v1", asked)
        assert told["state"] == "succeeded", (told, shop.failures())
    (_, paper), *notes = papers(shop)
    for of, each in (("net", "net_minor"), ("tax", "tax_minor"), ("total", "total_minor")):
        assert sum(getattr(note, each) for _, note in notes) == getattr(paper, each), of
    first = notes[0][1]
    assert len(first.taxes) == 2
    assert abs(first.tax_minor * paper.total_minor - paper.tax_minor * first.total_minor) <= paper.total_minor
