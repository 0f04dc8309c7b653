"""Papers and receipts out of the rows: a PDF with its e-invoice, and a mail with the receipt for each payment (INV-10, PAY-11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.operations.fulfil_payment import follow_payment
from billing.operations.void_invoice import void_invoice
from emails.papers.render import receipt_pdf
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.payment import Payment
from providers.anaf.ubl.compose import NotWritableError
from tasks.notifications.mail.attachments import UnknownDocumentError, attachments, with_number
from tasks.notifications.papers import NoPaperError, paper, paper_pdf, paper_ubl
from tasks.notifications.receipts import NoReceiptError, receipt
from tests.factories.documents import business, invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness import pdf
from tests.harness.machine import Machine

_MAILS = "SELECT payload -> 'context', payload ->> 'to', payload ->> 'document' FROM bursar.outbox WHERE payload ->> 'mail' = 'receipt'"


@pytest.fixture
def shop(machine: Machine) -> Machine:
    """A seller, and a company with an issued invoice and one that waits for its money."""
    machine.clock.move_to(datetime(2027, 3, 5, 12, tzinfo=UTC))
    with unit_of(machine.context) as unit:
        seller(unit)
        subscriber(unit, "firm", country="RO", language="ro")
        business(unit, "firm")
    do(machine.context, lambda unit: invoice(unit, "inv-1", "firm", 12_100))
    return machine


def _pay(machine: Machine, reference: str, amount_minor: int, invoice_ref: str) -> None:
    about = {"reference": reference, "purpose": "invoice", "purpose_ref": invoice_ref}
    asked = about | {"amount_minor": amount_minor, "currency": "EUR", "country": "PK"}
    for name, payload in (("submit", asked), ("approve", {"reference": reference, "reason": "seen in the account"})):
        machine.submit(f"billing.bank_transfers.{name}.v1", payload, actor="anna")
        while machine.work():
            pass


@pytest.mark.requirement("INV-10")
def test_an_issued_paper_is_printed_from_its_row_by_number_or_reference(shop: Machine) -> None:
    with shop.context.engine.connect() as connection:
        document = paper(connection, "BRS-2027-000001")
        assert document == paper(connection, "invoice:inv-1")
        with pytest.raises(NoPaperError, match="BRS-2027-000009"):
            paper(connection, "BRS-2027-000009")
    made = paper_pdf(document)
    assert pdf.attached(made) == {"BRS-2027-000001.xml": paper_ubl(document)}
    read = pdf.words(made)
    for part in ("BRS-2027-000001", "Țesătoria Măgura S.A.", "RO14399840", "121,00 EUR", "5 mar. 2027"):
        assert part in read


def test_a_paper_whose_buyer_was_erased_is_printed_without_him_and_not_written_anew(shop: Machine) -> None:
    with shop.context.engine.begin() as connection:
        document = paper(connection, "BRS-2027-000001")
        connection.exec_driver_sql(
            "UPDATE bursar.document_buyer SET content = NULL, erased_at = '2040-01-01' WHERE keep_until < '2040-01-01'"
        )
        erased = paper(connection, "BRS-2027-000001")
        connection.rollback()
    assert erased.lines == document.lines
    with pytest.raises(NotWritableError, match="erased"):
        paper_ubl(erased)
    made = paper_pdf(erased)
    assert "Țesătoria" not in pdf.words(made)
    assert pdf.attached(made) == {}


@pytest.mark.requirement("PAY-11")
def test_a_payment_is_confirmed_by_one_mail_that_carries_its_receipt(shop: Machine) -> None:
    _pay(shop, "t-1", 12_100, "inv-1")
    ((context, to, document),) = shop.all(_MAILS)
    assert (to, document) == ("firm@example.com", "receipt:manual:t-1")
    assert context["amount"] == {"minor": 12_100, "currency": "EUR", "decimals": 2}
    with shop.context.engine.connect() as connection:
        made = receipt(connection, "manual", "t-1")
        with pytest.raises(NoReceiptError, match="has not succeeded"):
            receipt(connection, "manual", "t-2")
    assert made.number == context["number"]
    assert (made.invoice_number, made.method, made.paid_on.isoformat()) == (
        "BRS-2027-000001",
        "bank_transfer",
        "2027-03-05",
    )
    read = pdf.words(receipt_pdf(made))
    for part in ("CONFIRMARE DE PLATĂ", "Plan Pro", "121,00 EUR", "Țesătoria Măgura S.A.", "BRS-2027-000001"):
        assert part in read


def test_the_mail_of_a_payment_carries_the_receipt_and_the_invoice(shop: Machine) -> None:
    _pay(shop, "t-1", 12_100, "inv-1")
    ((_, _, document),) = shop.all(_MAILS)
    with shop.context.engine.connect() as connection:
        first, second = attachments(connection, document)
        assert attachments(connection, document) == [first, second]
        with pytest.raises(UnknownDocumentError):
            attachments(connection, "certificate:1")
    assert (first.name[:4], second.name) == ("pay_", "BRS-2027-000001.pdf")
    assert "CONFIRMARE DE PLATĂ" in pdf.words(first.content)


@pytest.mark.requirement("PAY-11")
def test_a_receipt_follows_whichever_news_came_last_once_and_never_days_later(shop: Machine) -> None:
    _pay(shop, "t-1", 12_100, "inv-1")

    def news_after(passed: timedelta) -> int:
        shop.clock.move_to(shop.clock.now() + passed)
        do(shop.context, lambda unit: follow_payment(unit, unit.row(Payment, "manual", "t-1")))
        return len(shop.all(_MAILS))

    assert news_after(timedelta(minutes=5)) == 1
    for passed, mails in ((timedelta(hours=1), 1), (timedelta(days=2), 0)):
        with (
            shop.context.engine.begin() as connection
        ):  # as if what granted it had come before anybody knew how much was paid
            connection.exec_driver_sql("UPDATE bursar.outbox SET key = id::text, payload = '{}' WHERE payload ->> 'mail' = 'receipt'")
        assert news_after(passed) == mails


@pytest.mark.requirement("PAY-11")
def test_the_receipt_goes_where_papers_go_for_it_carries_the_invoice(shop: Machine) -> None:
    do(shop.context, lambda unit: business(unit, "firm", email="Accounts@Firm.example"))
    _pay(shop, "t-1", 12_100, "inv-1")
    assert [to for _, to, _ in shop.all(_MAILS)] == ["accounts@firm.example"]


@pytest.mark.requirement("INV-10")
def test_an_invoice_that_is_to_be_paid_and_every_credit_note_go_out_by_mail_with_their_numbers(shop: Machine) -> None:
    do(
        shop.context,
        lambda unit: void_invoice(unit, unit.row(Invoice, OWN_SOURCE, "inv-1"), "test order", status="void"),
    )
    told = {
        row[0]: row[1]
        for row in shop.all(
            "SELECT payload ->> 'mail', payload FROM bursar.outbox WHERE kind = 'mail.send' ORDER BY id"
        )
    }
    assert told.keys() == {"invoice_issued", "credit_note_issued"}
    with shop.context.engine.connect() as connection:
        sent = {mail: with_number(connection, payload) for mail, payload in told.items()}
        files = [attachments(connection, payload["document"])[0].name for payload in sent.values()]
    assert sent["invoice_issued"]["context"]["due_on"] == {"day": "2027-03-05"}
    assert [payload["context"]["number"] for payload in sent.values()] == ["BRS-2027-000001", "BRSC-2027-000001"]
    assert files == ["BRS-2027-000001.pdf", "BRSC-2027-000001.pdf"]
    assert sent["credit_note_issued"]["context"]["corrects"] == "BRS-2027-000001"
    assert {payload["language"] for payload in sent.values()} == {"ro"}


def test_without_a_seller_nothing_is_confirmed(machine: Machine) -> None:
    do(machine.context, lambda unit: subscriber(unit, "firm"))
    do(machine.context, lambda unit: invoice(unit, "inv-1", "firm", 12_100))
    _pay(machine, "t-1", 12_100, "inv-1")
    assert machine.one("SELECT status FROM bursar.invoice") == "paid"
    assert machine.all(_MAILS) == []
    with machine.context.engine.connect() as connection, pytest.raises(NoReceiptError, match=r"sellers\.define"):
        receipt(connection, "manual", "t-1")


@pytest.mark.requirement("REFUND-8", "MAIL-2")
def test_who_paid_by_bank_transfer_is_told_of_his_refund(shop: Machine) -> None:
    _pay(shop, "t-1", 12_100, "inv-1")
    asked = {"source": "manual", "key": "r", "payment_ref": "t-1", "acting_for": "platform", "reason": "customer_request"}
    assert shop.run("billing.refunds.request.v1", asked)["state"] == "succeeded"
    reference = shop.one("SELECT external_id FROM bursar.refund_request")
    sent = {"reference": reference, "bank_reference": "OUT-1", "reason": "sent back"}
    assert shop.run("billing.bank_refunds.sent.v1", sent, actor="anna")["state"] == "succeeded"
    told = shop.all("SELECT payload ->> 'to', payload ->> 'language' FROM bursar.outbox WHERE payload ->> 'mail' = 'refund_processed'")
    assert told == [("firm@example.com", "ro")]
