"""Invoices of ours get their legal papers: numbered in their series, frozen, corrected only by credit notes (INV-8, INV-9, TAX-5)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from billing.operations.credit_document import credit_later
from billing.operations.define_seller import define_seller
from billing.operations.void_invoice import void_invoice
from billing.rules.commands.sellers import DefineSeller
from billing.rules.paper.document import Document
from models.base import OWN_SOURCE
from models.document import thawed
from models.invoice import Invoice
from models.subscriber import Subscriber
from tasks.payments.runs import issue_waiting_documents
from tests.factories.documents import SELLER, business, invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness.machine import Machine
from workers.unit import Unit


def papers(machine: Machine) -> list[tuple[str, Document]]:
    """(reference, paper), in the order of their numbers."""
    rows = machine.all(
        """SELECT d.external_id, d.content, b.content FROM bursar.document d
           JOIN bursar.document_buyer b ON b.document_id = d.id ORDER BY d.kind DESC, d.year, d.no"""
    )
    return [(row[0], thawed(row[1], row[2])) for row in rows]


def numbers(machine: Machine) -> list[str]:
    """All numbers, invoices' first."""
    return [paper.number for _, paper in papers(machine)]


@pytest.fixture
def shop(machine: Machine) -> Machine:
    """A seller, a consumer and a company."""
    machine.clock.move_to(datetime(2027, 3, 5, 12, tzinfo=UTC))
    with unit_of(machine.context) as unit:
        seller(unit)
        subscriber(unit, "ann", country="RO", name="Ana Țăndărică")
        subscriber(unit, "firm", country="RO")
        business(unit, "firm")
    return machine


def _own(unit: Unit, ref: str) -> Invoice:
    unit.row(Subscriber, OWN_SOURCE, "ann")
    return unit.row(Invoice, OWN_SOURCE, ref)


def _void(shop: Machine, ref: str, status: str = "void") -> None:
    do(shop.context, lambda unit: void_invoice(unit, _own(unit, ref), "test order", status=status))


def _pay(shop: Machine, ref: str) -> None:
    """By a bank transfer that an operator has found."""
    asked = {"amount_minor": 12_100, "currency": "EUR", "purpose": "invoice", "purpose_ref": ref, "country": "PK", "external_ref": "ann"}
    shop.run("billing.bank_transfers.submit.v1", asked | {"reference": f"T-{ref}"})
    told = shop.run("billing.bank_transfers.approve.v1", {"reference": f"T-{ref}", "reason": "looked"})
    assert told["state"] == "succeeded", told


@pytest.mark.requirement("INV-8", "TAX-5", "AUDIT-1")
def test_an_invoice_has_its_number_and_its_tax_with_its_commit(shop: Machine) -> None:
    with unit_of(shop.context) as unit:
        invoice(unit, "in-1")
        invoice(unit, "in-2", "firm", 5_000)

    (_, one), (_, two) = papers(shop)
    assert (one.number, two.number) == ("BRS-2027-000001", "BRS-2027-000002")
    assert (one.net_minor, one.tax_minor, one.total_minor, one.payable_minor) == (10_000, 2_100, 12_100, 12_100)
    assert (one.buyer.name, one.buyer.business, two.buyer.vat_id) == ("Ana Țăndărică", False, "RO14399840")
    assert (one.issued_on, one.language, one.seller.iban) == (date(2027, 3, 5), "ro", "RO49AAAA1B31007593840000")
    kept = shop.all("SELECT tax_minor, total_minor, tax_inclusive, taxes IS NOT NULL FROM bursar.invoice WHERE external_id = 'in-1'")
    assert kept == [(2_100, 12_100, True, True)]
    audit = shop.all("SELECT after ->> 'number', object_type FROM bursar.audit WHERE action = 'document.issued' ORDER BY id")
    assert audit == [("BRS-2027-000001", "document"), ("BRS-2027-000002", "document")]


@pytest.mark.requirement("INV-8")
def test_a_package_has_its_number_when_it_is_paid_and_nothing_without_money_has_one(shop: Machine) -> None:
    with unit_of(shop.context) as unit:
        invoice(unit, "pkg-1", invoice_type="credit_package", product_ref="c-500", package_credits=500)
        invoice(unit, "pkg-2", invoice_type="credit_package", product_ref="c-500", package_credits=500)
        invoice(unit, "free", amount_minor=0)
    assert papers(shop) == []

    _pay(shop, "pkg-2")
    _void(shop, "pkg-1")

    ((reference, paper),) = papers(shop)
    assert (reference, paper.number) == ("invoice:pkg-2", "BRS-2027-000001")
    assert (paper.prepaid_minor, paper.payable_minor, paper.paid_on) == (12_100, 0, date(2027, 3, 5))


def test_without_a_seller_there_are_no_papers_and_nothing_else_changes(machine: Machine) -> None:
    with unit_of(machine.context) as unit:
        subscriber(unit, "ann")
        invoice(unit, "in-1")
    _void(machine, "in-1")
    assert papers(machine) == []
    assert machine.all("SELECT status, tax_minor, tax_inclusive FROM bursar.invoice") == [("void", 0, None)]


def test_where_prices_are_without_tax_it_comes_on_top(shop: Machine) -> None:
    do(shop.context, lambda unit: seller(unit, prices="exclusive"))
    do(shop.context, lambda unit: invoice(unit, "in-1", amount_minor=10_000, discount_minor=1_000))
    ((_, paper),) = papers(shop)
    assert (paper.net_minor, paper.tax_minor, paper.total_minor) == (9_000, 1_890, 10_890)
    assert shop.all("SELECT subtotal_minor, tax_minor, total_minor, amount_due_minor, amount_remaining_minor FROM bursar.invoice") == [
        (10_000, 1_890, 10_890, 10_890, 10_890)
    ]


@pytest.mark.requirement("INV-8")
def test_a_year_begins_at_the_sellers_midnight_and_at_number_one(shop: Machine) -> None:
    for at, ref in ((datetime(2027, 12, 31, 21, 59, tzinfo=UTC), "old"), (datetime(2027, 12, 31, 22, 0, tzinfo=UTC), "new")):
        shop.clock.move_to(at)
        with unit_of(shop.context) as unit:
            invoice(unit, ref)
    assert [(paper.number, paper.issued_on) for _, paper in papers(shop)] == [
        ("BRS-2027-000001", date(2027, 12, 31)), ("BRS-2028-000001", date(2028, 1, 1)),
    ]  # fmt: skip


def test_a_clock_that_was_set_back_dates_no_paper_before_the_one_it_follows(shop: Machine) -> None:
    do(shop.context, lambda unit: invoice(unit, "in-1"))
    shop.clock.move_to(shop.clock.now() - timedelta(days=3))
    do(shop.context, lambda unit: invoice(unit, "in-2"))
    assert [paper.issued_on for _, paper in papers(shop)] == [date(2027, 3, 5)] * 2
    assert shop.all("SELECT no FROM bursar.document ORDER BY issued_at") == [(1,), (2,)]


@pytest.mark.requirement("INV-9", "TAX-5")
def test_an_issued_paper_is_what_it_was_whatever_is_said_later(shop: Machine) -> None:
    do(shop.context, lambda unit: invoice(unit, "in-1", "firm"))
    before = papers(shop)
    with unit_of(shop.context) as unit:
        business(unit, "firm", full_name="Alt Nume S.R.L.", country="DE", county=None)
        define_seller(unit, DefineSeller(**(SELLER | {"legal_name": "Other", "vat_id": "RO1", "invoice_series": "X"})))
    assert papers(shop) == before

    for sql in (
        "UPDATE bursar.document SET total_minor = total_minor", "DELETE FROM bursar.document", "TRUNCATE bursar.document CASCADE",
        "UPDATE bursar.document_buyer SET content = '{}'", "DELETE FROM bursar.document_buyer", "DELETE FROM bursar.series",
        "UPDATE bursar.series SET next = next - 1",
    ):  # fmt: skip
        with shop.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql)
    erase = "UPDATE bursar.document_buyer SET content = NULL, erased_at = %s"
    with shop.connect() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(erase, [datetime(2037, 12, 31, 12, tzinfo=UTC)])
    with shop.connect() as connection:
        connection.execute(erase, [datetime(2038, 1, 1, 12, tzinfo=UTC)])
    assert papers(shop)[0][1].buyer.name == "-"


@pytest.mark.requirement("INV-9", "AUDIT-1")
def test_a_void_invoice_keeps_its_number_and_a_credit_note_takes_it_back(shop: Machine) -> None:
    do(shop.context, lambda unit: invoice(unit, "in-1", "firm"))
    _void(shop, "in-1")

    (_, paper), (reference, note) = papers(shop)
    assert (reference, note.number, note.kind) == ("void:in-1", "BRSC-2027-000001", "credit_note")
    assert (note.corrects, note.corrects_issued_on, note.reason) == (paper.number, paper.issued_on, "Factură anulată")
    assert (note.lines, note.taxes, note.total_minor) == (paper.lines, paper.taxes, paper.total_minor)
    assert (note.buyer, note.seller) == (paper.buyer, paper.seller)


def test_what_is_issued_and_void_in_one_transaction_has_no_paper(shop: Machine) -> None:
    with unit_of(shop.context) as unit:
        void_invoice(unit, invoice(unit, "in-1"), "never mind")
    assert papers(shop) == []


def test_a_debt_that_is_given_up_is_no_credit_but_a_person_may_give_one(shop: Machine) -> None:
    do(shop.context, lambda unit: invoice(unit, "in-1"))
    _void(shop, "in-1", "uncollectible")
    assert numbers(shop) == ["BRS-2027-000001"]
    told = _credit(shop, reference="cn-1")
    assert told["result"] == {
        "invoice_ref": "in-1", "invoice_number": "BRS-2027-000001", "amount_minor": 12_100, "left_minor": 0, "currency": "EUR",
    }  # fmt: skip
    assert numbers(shop) == ["BRS-2027-000001", "BRSC-2027-000001"]


def _credit(shop: Machine, **values: Any) -> dict[str, Any]:
    return shop.run("billing.documents.credit.v1", {"invoice_ref": "in-1", "reason": "agreed on the phone"} | values)


@pytest.mark.requirement("INV-9")
def test_a_person_credits_a_paid_invoice_in_parts_never_more_than_it(shop: Machine) -> None:
    do(shop.context, lambda unit: invoice(unit, "in-1"))
    assert _credit(shop, reference="cn-0")["code"] == "still_open"
    _pay(shop, "in-1")

    assert _credit(shop, reference="cn-1", amount_minor=100)["result"]["left_minor"] == 12_000
    assert _credit(shop, reference="cn-1", amount_minor=100)["result"]["left_minor"] == 12_000, "the same credit note"
    assert _credit(shop, reference="cn-1", amount_minor=99)["code"] == "reference_used"
    assert _credit(shop, reference="cn-2", amount_minor=12_001)["details"]["limit"] == 12_000
    assert _credit(shop, reference="cn-3")["result"]["amount_minor"] == 12_000
    assert _credit(shop, reference="cn-4")["code"] == "too_much"
    notes = [paper for _, paper in papers(shop)[1:]]
    assert [(note.net_minor, note.tax_minor) for note in notes] == [(83, 17), (9_917, 2_083)]
    assert _credit(shop, reference="cn-5", invoice_ref="none")["code"] == "no_document"


@pytest.mark.requirement("TAX-5")
def test_a_paper_waits_for_a_rate_of_exchange_and_the_money_does_not(shop: Machine) -> None:
    do(shop.context, lambda unit: seller(unit, currency="RON"))
    do(shop.context, lambda unit: invoice(unit, "in-1", "firm"))
    _pay(shop, "in-1")
    assert papers(shop) == []
    assert shop.all("SELECT cause, invoice_ref FROM bursar.document_wait WHERE ended_at IS NULL") == [("no_fx_rate", "in-1")]
    assert issue_waiting_documents(shop.context, shop.clock.now())["items"] == 1
    assert papers(shop) == []

    told = shop.run("billing.fx_rates.record.v1", {
        "rate_source": "BNR", "base": "EUR", "quote": "RON", "valid_on": "2027-03-05", "rate": "5.0898",
    })  # fmt: skip
    assert told["state"] == "succeeded", told
    issue_waiting_documents(shop.context, shop.clock.now())
    ((_, paper),) = papers(shop)
    assert paper.foreign_tax is not None
    assert (paper.foreign_tax.currency, paper.foreign_tax.tax_minor, paper.foreign_tax.rate) == ("RON", 10_689, "5.0898")
    assert shop.one("SELECT count(*) FROM bursar.document_wait WHERE ended_at IS NULL") == 0


@pytest.mark.requirement("SEC-11", "INV-8")
def test_the_app_lists_a_customers_papers_by_ids_that_nobody_can_guess(shop: Machine) -> None:
    with unit_of(shop.context) as unit:
        invoice(unit, "in-1")
        invoice(unit, "in-2", "firm")
    with shop.connect() as connection:
        connection.execute("SET ROLE bursar_client")
        rows = connection.execute("SELECT document, kind, number, invoice_ref, tax_minor FROM bursar_api.documents('ann')").fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT FROM bursar.document")
    ((public, *said),) = rows
    assert said == ["invoice", "BRS-2027-000001", "in-1", 2_100]
    assert re.fullmatch(r"doc_[0-9a-f]{32}", public)


@pytest.mark.requirement("INV-9")
def test_the_workers_role_issues_and_can_change_nothing(shop: Machine) -> None:
    with shop.context.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE bursar_app")
        unit = Unit(connection, shop.context.keys, now=shop.clock.now())
        invoice(unit, "in-1")
        unit.flush()
    with shop.context.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL ROLE bursar_app")
        unit = Unit(connection, shop.context.keys, now=shop.clock.now())
        void_invoice(unit, _own(unit, "in-1"), "test order")
        unit.flush()
    assert numbers(shop) == ["BRS-2027-000001", "BRSC-2027-000001"]
    for sql in ("UPDATE bursar.document SET reason = 'x'", "DELETE FROM bursar.document_buyer", "TRUNCATE bursar.series"):
        with shop.connect() as connection:
            connection.execute("SET ROLE bursar_app")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                connection.execute(sql)


def test_a_refund_of_an_invoice_whose_paper_waits_is_credited_after_it(shop: Machine) -> None:
    do(shop.context, lambda unit: seller(unit, currency="RON"))
    do(shop.context, lambda unit: invoice(unit, "in-1", "firm"))

    def refunded(unit: Unit) -> None:
        row = _own(unit, "in-1")
        row.refunded_minor = 500
        credit_later(unit, row)

    do(shop.context, refunded)
    waiting = shop.all("SELECT external_id FROM bursar.document_wait WHERE ended_at IS NULL ORDER BY 1")
    assert waiting == [("credit:in-1",), ("invoice:in-1",)]
    shop.run("billing.fx_rates.record.v1", {
        "rate_source": "BNR", "base": "EUR", "quote": "RON", "valid_on": "2027-03-05", "rate": "5.0898",
    })  # fmt: skip
    for _ in range(2):
        issue_waiting_documents(shop.context, shop.clock.now())
    (_, paper), (_, note) = papers(shop)
    assert (note.total_minor, note.corrects) == (500, paper.number)
    assert shop.one("SELECT count(*) FROM bursar.document_wait WHERE ended_at IS NULL") == 0


@pytest.mark.requirement("INV-10", "TAX-2")
def test_a_vat_number_has_the_letters_of_its_country(shop: Machine) -> None:
    firm = {"subscriber_ref": "firm", "kind": "business", "full_name": "Firma", "street": "Str. 1", "city": "Paris", "country": "FR"}
    for name, payload in (("subscribers.bill_to", firm), ("sellers.define", SELLER)):
        told = shop.run(f"billing.{name}.v1", payload | {"vat_id": "18547290"})
        assert (told["code"], "is a tax_number" in told["message"]) == ("invalid_payload", True), told
        assert shop.run(f"billing.{name}.v1", payload | {"vat_id": "ro 18547290"})["state"] == "succeeded"
