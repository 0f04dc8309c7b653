"""Credit notes of invoices that are not simple: parts below zero, papers that are issued in the same moment or later (INV-9, TAX-5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from billing.operations.credit_unused_part import credit_unused_part
from billing.operations.fulfil_payment import follow_payment
from billing.operations.issue_invoice import Line
from billing.operations.money_credit import grant_credit
from billing.operations.own_row import own_row
from billing.operations.void_invoice import void_invoice
from billing.rules.tax.rates import RateKind
from billing.rules.tax.sold_as import SoldAs
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.payment import Payment
from models.subscriber import Subscriber
from tasks.notifications.papers import paper
from tasks.notifications.receipts import receipt
from tasks.payments.runs import issue_waiting_documents
from tests.factories.documents import invoice, seller
from tests.factories.subscribers import do, product, subscriber, unit_of
from tests.harness.machine import Machine
from tests.tasks.payments.documents.test_papers import papers
from workers.unit import Unit


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
@pytest.mark.parametrize(("down", "up", "kind"), [(-1_210, 11_100, "reduced"), (-1_210, 2_000, "zero")])
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


def _settle(unit: Unit, refunded_minor: int | None = None) -> None:
    row, _ = own_row(unit, Payment, "stripe", "pi_1")
    row.status, row.received_minor, row.refunded_minor, row.currency, row.confirmed = "succeeded", 12_100, refunded_minor, "EUR", True
    row.adopted = {"purpose": "invoice", "purpose_ref": "in-1"}
    follow_payment(unit, row)


def _waiting(shop: Machine) -> list[tuple[str, str]]:
    return shop.all("SELECT external_id, cause FROM bursar.document_wait WHERE ended_at IS NULL ORDER BY 1")


@pytest.mark.requirement("INV-9", "REFUND-5")
def test_a_refund_that_is_known_before_its_payment_is_credited_after_the_paper(shop: Machine) -> None:
    with unit_of(shop.context) as unit:
        product(unit, "pages", kind="credit_package")
        invoice(unit, "in-1", invoice_type="credit_package", product_ref="pages", package_credits=10)

    do(shop.context, lambda unit: _settle(unit, 5_000))
    assert [reference for reference, _ in papers(shop)] == ["invoice:in-1"]
    assert _waiting(shop) == [("credit:in-1", "no_number")]
    issue_waiting_documents(shop.context, shop.clock.now())
    (_, paper), (reference, note) = papers(shop)
    assert (reference, note.total_minor, note.corrects, _waiting(shop)) == ("refund:in-1:5000", 5_000, paper.number, [])


_START = datetime(2027, 3, 1, tzinfo=UTC)


def _bill(unit: Unit) -> Invoice:
    return invoice(unit, "in-1", subscription_ref="sub-1", period_start=_START)


def _give_back(unit: Unit) -> None:
    unit.row(Subscriber, OWN_SOURCE, "ann")
    grant_credit(unit, "ann", "EUR", 3_000, fact="unused:sub-1", subscription_ref="sub-1", period_start=_START)
    credit_unused_part(unit, "ann", "sub-1", _START)


@pytest.mark.requirement("INV-9", "CRED-10")
@pytest.mark.parametrize(
    ("office", "units"),
    [
        ("EUR", [[_bill], [_settle, _give_back]]),
        ("EUR", [[_bill, _settle, _give_back]]),
        ("RON", [[_bill], [_settle], [_give_back]]),
    ],
    ids=["paid in the same moment", "billed in the same moment", "the paper waits"],
)
def test_what_is_given_back_of_a_period_is_credited_whenever_its_invoice_is_paid_and_has_its_paper(
    shop: Machine, office: str, units: list[list[Callable[[Unit], object]]]
) -> None:
    do(shop.context, lambda unit: seller(unit, currency=office))
    for verbs in units:
        with unit_of(shop.context) as unit:
            for verb in verbs:
                verb(unit)
    rate = {"rate_source": "BNR", "base": "EUR", "quote": "RON", "valid_on": "2027-03-05", "rate": "5.0898"}
    shop.run("billing.fx_rates.record.v1", rate)
    for _ in range(2):
        issue_waiting_documents(shop.context, shop.clock.now())
    assert [(reference, paper.total_minor) for reference, paper in papers(shop)] == [("invoice:in-1", 12_100), ("unused:in-1:3000", 3_000)]
    assert _waiting(shop) == []


@pytest.mark.requirement("MAIL-1", "SEC-6")
@pytest.mark.parametrize("now_at", ["ann@new.example", None])
def test_a_credit_note_is_mailed_to_where_its_buyer_is_now(shop: Machine, now_at: str | None) -> None:
    do(shop.context, lambda unit: invoice(unit, "in-1"))
    do(shop.context, lambda unit: subscriber(unit, "ann", country="RO", email=now_at))
    shop.run("billing.invoices.bulk_void.v1", {"invoice_refs": ["in-1"], "reason": "test order"})
    assert papers(shop)[1][1].buyer.email == "ann@example.com", "the paper has its invoice's buyer"
    sent = shop.all("SELECT payload ->> 'to' FROM bursar.outbox WHERE payload ->> 'mail' = 'credit_note_issued'")
    assert sent == ([] if now_at is None else [(now_at,)])


@pytest.mark.requirement("PAY-11", "TAX-5")
def test_a_paper_that_waited_until_its_invoice_was_paid_is_mailed_all_the_same(shop: Machine) -> None:
    do(shop.context, lambda unit: seller(unit, currency="RON"))
    do(shop.context, lambda unit: invoice(unit, "in-1", collection="automatic"))
    do(shop.context, _settle)
    rate = {"rate_source": "BNR", "base": "EUR", "quote": "RON", "valid_on": "2027-03-05", "rate": "5.0898"}
    shop.run("billing.fx_rates.record.v1", rate)
    issue_waiting_documents(shop.context, shop.clock.now())
    mails = shop.all("SELECT payload ->> 'mail', payload ->> 'document' FROM bursar.outbox WHERE kind = 'mail.send' ORDER BY id")
    assert mails == [("receipt", "receipt:stripe:pi_1"), ("invoice_issued", "document:invoice:in-1")], "the receipt had no invoice"


@pytest.mark.requirement("INV-13", "REFUND-5", "INV-9", "PAY-11")
def test_what_came_for_a_void_invoice_is_receipted_and_refunded_with_the_new_one(shop: Machine) -> None:
    do(shop.context, lambda unit: invoice(unit, "in-1"))
    shop.run("billing.invoices.bulk_void.v1", {"invoice_refs": ["in-1"], "reason": "never came"})
    do(shop.context, _settle)
    late = "in-1:late:pi_1"
    with shop.context.engine.connect() as connection:
        assert receipt(connection, "stripe", "pi_1").invoice_number == paper(connection, f"invoice:{late}").number
    do(shop.context, lambda unit: _settle(unit, 5_000))
    assert shop.all("SELECT external_id, status, refunded_minor FROM bursar.invoice ORDER BY 1") == [
        ("in-1", "void", None), (late, "paid", 5_000),
    ]  # fmt: skip
    notes = [(reference, note.total_minor) for reference, note in papers(shop)[2:]]
    assert notes == [("void:in-1", 12_100), (f"refund:{late}:5000", 5_000)]


@pytest.mark.requirement("PAY-11")
def test_the_mail_with_a_receipt_says_the_receipts_day(shop: Machine) -> None:
    do(shop.context, lambda unit: invoice(unit, "in-1"))
    shop.clock.move_to(datetime(2027, 3, 5, 22, 30, tzinfo=UTC))  # half past midnight in Bucharest
    do(shop.context, _settle)
    said = shop.one("SELECT payload -> 'context' -> 'issued_on' ->> 'day' FROM bursar.outbox WHERE payload ->> 'mail' = 'receipt'")
    with shop.context.engine.connect() as connection:
        assert said == receipt(connection, "stripe", "pi_1").paid_on.isoformat() == "2027-03-06"


@pytest.mark.requirement("INV-13", "INV-9")
def test_a_debt_that_was_given_up_and_is_paid_after_all_is_taxed_once(shop: Machine) -> None:
    do(shop.context, lambda unit: invoice(unit, "in-1"))
    do(shop.context, lambda unit: void_invoice(unit, unit.row(Invoice, OWN_SOURCE, "in-1"), "nobody paid", status="uncollectible"))
    do(shop.context, _settle)
    assert shop.all("SELECT external_id, status FROM bursar.invoice ORDER BY 1") == [("in-1", "uncollectible"), ("in-1:late:pi_1", "paid")]
    assert [(reference, paper.total_minor) for reference, paper in papers(shop)] == [
        ("invoice:in-1", 12_100), ("invoice:in-1:late:pi_1", 12_100), ("void:in-1", 12_100),
    ], "the new invoice takes the old one's place"  # fmt: skip


@pytest.mark.requirement("TAX-5", "INV-9")
def test_credit_notes_take_back_tax_by_the_invoices_rate_to_the_last_unit(shop: Machine) -> None:
    do(shop.context, lambda unit: seller(unit, currency="RON"))
    rate = {"rate_source": "BNR", "base": "EUR", "quote": "RON"}
    shop.run("billing.fx_rates.record.v1", rate | {"valid_on": "2027-03-05", "rate": "5.0898"})
    do(shop.context, lambda unit: invoice(unit, "in-1"))
    _pay(shop, "in-1", 12_100)
    shop.clock.move_to(datetime(2027, 6, 1, tzinfo=UTC))  # no newer rate is known, and none is needed

    for number, amount in enumerate((1_000, 33, None)):
        asked = {"invoice_ref": "in-1", "reason": "agreed", "reference": f"cn-{number}", "amount_minor": amount}
        assert shop.run("billing.documents.credit.v1", asked)["state"] == "succeeded"
    (_, paper), *notes = papers(shop)
    stated = [note.foreign_tax for _, note in notes if note.foreign_tax]
    assert [(said.rate, said.rate_on) for said in stated] == [("5.0898", date(2027, 3, 5))] * 3
    assert [said.tax_minor for said in stated] == [886, 30, 9_773]
    assert paper.foreign_tax is not None
    assert sum(said.tax_minor for said in stated) == paper.foreign_tax.tax_minor
