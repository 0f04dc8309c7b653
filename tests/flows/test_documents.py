"""Legal papers along the way of the money: a subscription charged by card, its paper, refunds in parts, their credit notes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from models.document import thawed
from tests.factories.documents import seller
from tests.factories.subscribers import do, price, product
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox

_PAPERS = """SELECT d.content, b.content FROM bursar.document d JOIN bursar.document_buyer b ON b.document_id = d.id
             ORDER BY d.kind DESC, d.no"""


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """The app, Bursar and Stripe; a German seller, and Ann, who pays 20.00 EUR a month by card."""
    machine = Machine(database, **stripe_sandbox.settings())
    made = Billing(machine, stripe_sandbox.control)
    do(machine.context, lambda unit: (
        product(unit, "pro", name="Pro"), price(unit),
        seller(unit, country="DE", county=None, vat_id="DE129273398", zone="Europe/Berlin", language="en"),
    ))  # fmt: skip
    made.customer = made.created("ann")
    made.defines("ann", payment_method_ref="pm_card_visa", country="DE")
    yield made
    machine.close()


@pytest.mark.requirement("INV-9", "TAX-5", "REFUND-5")
def test_what_goes_back_of_a_payment_is_credited_in_proportion_and_once(billing: Billing) -> None:
    billing.starts("ann", "sub-1")
    billing.webhooks(twice=True)
    machine = billing.machine
    payment = machine.one("SELECT payment_ref FROM bursar.invoice")
    named = machine.all("SELECT i.lines -> 0 ->> 'description', d.content -> 'lines' -> 0 FROM bursar.invoice i, bursar.document d")
    [(said, line)] = named
    assert said.startswith(line["description"] + ", 20"), "the paper has the period beside the words, and once"
    assert line["period_start_on"] in said

    def refund(key: str, amount_minor: int | None) -> None:
        told = machine.run("billing.refunds.request.v1", {
            "source": "stripe", "key": key, "acting_for": "platform", "reason": "customer_request", "payment_ref": payment,
            "amount_minor": amount_minor,
        })  # fmt: skip
        assert told["state"] == "succeeded", told
        billing.webhooks(twice=True)

    refund("r-1", 500)
    refund("r-2", None)

    invoice, *notes = [thawed(*row) for row in machine.all(_PAPERS)]
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (1_681, 319, 2_000)
    assert [(note.net_minor, note.tax_minor, note.total_minor) for note in notes] == [(420, 80, 500), (1_261, 239, 1_500)]
    assert {note.corrects for note in notes} == {invoice.number}
    assert [note.number.split("-")[0] for note in notes] == ["BRSC", "BRSC"]
    assert machine.all("SELECT status, refunded_minor FROM bursar.invoice WHERE source = 'bursar'") == [("paid", 2_000)]


@pytest.mark.requirement("INV-9", "SUB-4", "CRED-10")
@pytest.mark.parametrize("prices", ["inclusive", "exclusive"])
def test_what_is_given_back_as_credit_is_credited_on_the_paper_too(billing: Billing, prices: str) -> None:
    machine = billing.machine
    do(machine.context, lambda unit: seller(
        unit, country="DE", county=None, vat_id="DE129273398", zone="Europe/Berlin", language="en", prices=prices
    ))  # fmt: skip
    billing.at(datetime(2027, 4, 1, 9, tzinfo=UTC))
    billing.starts("ann", "sub-1", quantity=2)
    billing.webhooks()
    billing.at(datetime(2027, 4, 16, 9, tzinfo=UTC))
    told = billing.asks("billing.subscriptions.change.v1", {"reference": "sub-1", "subscriber_ref": "ann", "quantity": 1, "when": "now"})
    assert told["state"] == "succeeded", told

    invoice, note = [thawed(*row) for row in machine.all(_PAPERS)]
    factor = 119 if prices == "exclusive" else 100
    assert invoice.total_minor == 4_000 * factor // 100
    balance = machine.one("SELECT balance_minor FROM bursar.money_credit")
    assert abs(balance - 1_000 * factor // 100) < 5, "half of one seat, with its tax"
    assert (note.total_minor, note.reason, note.corrects) == (balance, "Unused part of the period", invoice.number)
    assert note.net_minor + note.tax_minor == balance
    billing.at(datetime(2027, 5, 1, 10, tzinfo=UTC))
    billing.renews()
    renewal = thawed(*machine.all(_PAPERS)[1])
    assert (renewal.total_minor, renewal.prepaid_minor) == (2_000 * factor // 100, balance)


@pytest.mark.requirement("TAX-1", "SUB-4", "SEAT-2")
def test_a_plan_that_is_taxed_otherwise_begins_with_a_period_and_seats_before_it_keep_their_rate(billing: Billing) -> None:
    machine = billing.machine
    do(machine.context, lambda unit: (
        product(unit, "book", name="E-book", tax_kind="reduced"), price(unit, "book", 1_070), product(unit, "free", free=True),
    ))  # fmt: skip
    billing.at(datetime(2027, 4, 1, 9, tzinfo=UTC))
    billing.starts("ann", "sub-1")
    billing.webhooks()
    wish = {"reference": "sub-1", "subscriber_ref": "ann", "product": "book"}

    told = billing.asks("billing.subscriptions.change.v1", wish | {"when": "now"})
    assert (told["code"], told["details"]) == ("taxed_otherwise", {"current": "pro", "field": "product"})
    assert machine.all("SELECT product_ref, unit_price_minor FROM bursar.subscription") == [("pro", 2_000)]

    assert billing.asks("billing.subscriptions.change.v1", wish | {"when": "period_end"})["state"] == "succeeded"
    machine.all("UPDATE bursar.subscription SET seats_accrued_minor = 1190 RETURNING 1")
    billing.at(datetime(2027, 5, 1, 10, tzinfo=UTC))
    billing.renews()
    paper = thawed(*machine.all(_PAPERS)[1])
    parts = [(part.tax.rate, part.taxable_minor, part.tax_minor) for part in paper.taxes]
    assert parts == [(70_000, 1_000, 70), (190_000, 1_000, 190)]

    billing.webhooks()
    told = billing.asks("billing.subscriptions.change.v1", wish | {"product": "free", "when": "now"})
    assert told["state"] == "succeeded", "what costs nothing is not taxed at all"
