"""What is sold decides its tax: services and goods, reduced rates, and rates that differ by place, each line for itself (TAX-1, TAX-5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
import pytest

from billing.operations.issue_invoice import Line
from billing.operations.set_bill_to import set_bill_to
from billing.rules.commands.bill_to import SetBillTo
from billing.rules.paper.document import Document
from providers.sandbox.vies.standin import ViesSandbox
from tests.factories.documents import business, invoice, seller
from tests.factories.subscribers import do, product, subscriber, unit_of
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.tasks.payments.documents.test_papers import papers

_BOOK = {"reference": "book", "kind": "plan", "title": "E-book", "tax_kind": "reduced", "tax_kinds": {"DK": "standard"}}
_BOX = {"reference": "box", "kind": "plan", "title": "Box", "supply": "goods"}
_PRO = {"reference": "pro", "kind": "plan", "title": "Pro"}


@pytest.fixture
def machine(database: Database) -> Iterator[Machine]:
    """The machine with a VIES of its own."""
    with ViesSandbox() as vies:
        made = Machine(database, vies_api_base=vies.base)
        yield made
        made.close()


@pytest.fixture
def shop(machine: Machine) -> Machine:
    """A seller with three plans: a service, an e-book at a reduced rate, goods; buyers at home, in two members and outside."""
    machine.clock.move_to(datetime(2027, 3, 5, 12, tzinfo=UTC))
    with unit_of(machine.context) as unit:
        seller(unit)
        for ref, country in (("ann", "RO"), ("dan", "DK"), ("firm", "DE"), ("usa", "US")):
            subscriber(unit, ref, country=country)
        business(unit, "firm", country="DE", vat_id="DE136695976", county=None, city="Berlin", street="Unter den Linden 1")
        consumer = {"kind": "consumer", "full_name": "Dan", "street": "Nyhavn 1", "city": "København"}
        set_bill_to(unit, SetBillTo(subscriber_ref="dan", country="DK", **consumer))  # type: ignore[arg-type]  # texts
        set_bill_to(unit, SetBillTo(subscriber_ref="usa", country="US", **consumer))  # type: ignore[arg-type]  # texts
    machine.settle()
    assert machine.one("SELECT vat_id_valid FROM bursar.bill_to WHERE external_id = 'firm'")
    for said in (_BOOK, _BOX, _PRO):
        told = machine.run("billing.products.define.v1", said)
        assert told["state"] == "succeeded", told
    return machine


def _sells(shop: Machine, ref: str, to: str, *products: str, **values: Any) -> None:
    lines = [Line(amount_minor=11_100, description=name, product_ref=name) for name in products]
    do(shop.context, lambda unit: invoice(unit, ref, to, lines=lines, **values))


def _last(shop: Machine) -> Document:
    return papers(shop)[-1][1]


def _parts(paper: Document) -> list[tuple[str, int, int, int]]:
    return [(part.tax.category, part.tax.rate, part.taxable_minor, part.tax_minor) for part in paper.taxes]


@pytest.mark.requirement("TAX-1")
@pytest.mark.parametrize(
    ("to", "product_ref", "expected"),
    [
        ("ann", "book", ("S", 110_000, 10_000, 1_100)),
        ("ann", "box", ("S", 210_000, 9_174, 1_926)),
        ("dan", "book", ("S", 250_000, 8_880, 2_220)),  # Denmark has one rate only
        ("firm", "book", ("AE", 0, 11_100, 0)),
        ("firm", "box", ("K", 0, 11_100, 0)),
        ("usa", "book", ("O", 0, 11_100, 0)),
        ("usa", "box", ("G", 0, 11_100, 0)),
    ],
)
def test_a_line_is_taxed_by_what_is_sold(shop: Machine, to: str, product_ref: str, expected: tuple[str, int, int, int]) -> None:
    _sells(shop, "in-1", to, product_ref)
    assert _parts(_last(shop)) == [expected]


@pytest.mark.requirement("TAX-1", "TAX-5", "INV-9")
def test_lines_of_several_rates_stand_on_one_paper_and_its_credit_note_takes_back_of_each(shop: Machine) -> None:
    _sells(shop, "in-1", "ann", "pro", "book", discount_minor=2_220)

    paper = _last(shop)
    assert _parts(paper) == [("S", 210_000, 8_256, 1_734), ("S", 110_000, 9_000, 990)]
    assert [(line.tax.rate, line.net_minor) for line in paper.lines] == [(210_000, 9_173), (110_000, 10_000)]
    assert [(one.tax.rate, one.net_minor) for one in paper.allowances] == [(210_000, 917), (110_000, 1_000)]
    assert paper.total_minor == 19_980
    kept = shop.all("SELECT tax_minor, taxes -> 0 -> 'lines', taxes -> 1 -> 'lines' FROM bursar.invoice")
    assert kept == [(2_724, [1], [2])]

    shop.run("billing.invoices.bulk_void.v1", {"invoice_refs": ["in-1"], "reason": "test order"})
    _, (reference, note) = papers(shop)
    assert (reference, _parts(note), note.total_minor) == ("void:in-1", _parts(paper), 19_980)


@pytest.mark.requirement("TAX-5")
def test_an_invoice_keeps_what_its_product_was_when_it_was_issued(shop: Machine) -> None:
    with unit_of(shop.context) as unit:
        product(unit, "pages", kind="credit_package", tax_kind="reduced", supply="service")
    _sells(shop, "in-1", "ann", "pages", invoice_type="credit_package", product_ref="pages", package_credits=10)
    with unit_of(shop.context) as unit:
        product(unit, "pages", kind="credit_package", tax_kind="standard", supply="service")
    asked = {"amount_minor": 11_100, "currency": "EUR", "purpose": "invoice", "purpose_ref": "in-1", "country": "PK", "external_ref": "ann"}
    shop.run("billing.bank_transfers.submit.v1", asked | {"reference": "T-1"})
    shop.run("billing.bank_transfers.approve.v1", {"reference": "T-1", "reason": "looked"})
    assert _parts(_last(shop)) == [("S", 110_000, 10_000, 1_100)]


@pytest.mark.requirement("TAX-1", "INV-14")
def test_lines_of_a_custom_invoice_say_how_they_are_sold(shop: Machine) -> None:
    do(shop.context, lambda unit: seller(unit, prices="exclusive"))
    asked = {"reference": "c-1", "subscriber_ref": "ann", "currency": "EUR", "reason": "agreed", "lines": [
        {"description": "Handbook", "amount_minor": 1_000, "supply": "goods", "tax_kind": "reduced"},
        {"description": "Hours", "amount_minor": 10_000, "quantity": 2},
    ]}  # fmt: skip
    for _ in range(2):
        told = shop.run("billing.invoices.create_custom.v1", asked)
        assert told["result"]["total_minor"] == 1_110 + 12_100
    assert _parts(_last(shop)) == [("S", 110_000, 1_000, 110), ("S", 210_000, 10_000, 2_100)]

    for prices in ("inclusive", "exclusive"):
        do(shop.context, partial(seller, prices=prices))
        told = shop.run("billing.invoices.create_custom.v1", asked | {"reference": f"d-{prices}", "subscriber_ref": "dan"})
        assert (told["code"], "DK has no reduced" in told["message"]) == ("no_tax_rate", True), told
    assert shop.all("SELECT external_id FROM bursar.invoice WHERE versions <> '{}'") == [("c-1",)]

    lines = [{"description": "x", "amount_minor": 1, "tax_kind": "low"}]
    told = shop.run("billing.invoices.create_custom.v1", asked | {"reference": "c-2", "lines": lines})
    assert (told["code"], "tax_kind of a line must be one of" in told["message"]) == ("invalid_payload", True), told


@pytest.mark.requirement("TAX-2", "INV-14")
def test_what_no_paper_may_hold_together_is_refused_before_it_is_billed(shop: Machine) -> None:
    asked = {"reference": "c-1", "subscriber_ref": "usa", "currency": "EUR", "reason": "agreed", "lines": [
        {"description": "Handbook", "amount_minor": 1_000, "supply": "goods"}, {"description": "Hours", "amount_minor": 10_000},
    ]}  # fmt: skip
    told = shop.run("billing.invoices.create_custom.v1", asked)
    assert (told["code"], told["details"]) == ("mixed_tax", {"field": "lines"})
    assert shop.one("SELECT count(*) FROM bursar.invoice WHERE versions <> '{}'") == 0


@pytest.mark.requirement("TAX-2")
def test_where_it_comes_together_all_the_same_the_paper_waits_and_the_money_does_not(shop: Machine) -> None:
    _sells(shop, "in-1", "usa", "box", "pro")
    assert papers(shop) == []
    assert shop.all("SELECT cause, said LIKE '%%two invoices' FROM bursar.document_wait") == [("mixed_tax", True)]
    assert shop.all("SELECT status, total_minor, tax_minor FROM bursar.invoice WHERE external_id = 'in-1'") == [("pending", 22_200, 0)]


@pytest.mark.requirement("TAX-1")
def test_the_database_refuses_kinds_that_are_none(shop: Machine) -> None:
    for name, value in (("supply", "thing"), ("tax_kind", "low"), ("tax_kinds", "[]")):
        with shop.connect() as connection, pytest.raises(psycopg.errors.CheckViolation, match=f"product_{name}_check"):
            connection.execute(f"UPDATE bursar.product SET {name} = '{value}'")
    told = shop.run("billing.products.define.v1", _BOOK | {"tax_kinds": {"EL": "standard"}})
    assert "are those of GR" in told["message"]
