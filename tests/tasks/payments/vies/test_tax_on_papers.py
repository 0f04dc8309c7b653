"""How tax gets onto papers: by the proof of the buyer's number, by the rate of the day, in the tax office's currency; then it stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from billing.operations.foreign_tax import NoExchangeRateError, foreign_tax
from billing.operations.parties import seller_of
from billing.operations.record_fx_rate import record_fx_rate
from billing.operations.tax_rates import rates_of
from billing.rules.commands.tax import RecordFxRate
from billing.rules.paper.document import Document, ForeignTax, Tax
from billing.rules.tax.exchange import convert
from billing.rules.tax.proof import PROOF_HOLDS
from billing.rules.tax.treatment import REVERSE_CHARGE
from models.document import thawed
from providers.sandbox.vies.standin import ViesSandbox
from tests.factories.documents import business, invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness.cluster import Database
from tests.harness.machine import Machine

_BERLIN = {"county": None, "country": "DE", "city": "Berlin", "vat_id": "DE136695976"}


@pytest.fixture
def vies() -> Iterator[ViesSandbox]:
    """A VIES of its own."""
    with ViesSandbox() as made:
        yield made


@pytest.fixture
def shop(database: Database, vies: ViesSandbox) -> Iterator[Machine]:
    """A Romanian seller, and a business in Berlin whose number is proven."""
    made = Machine(database, vies_api_base=vies.base)
    made.clock.move_to(datetime(2027, 3, 5, 12, tzinfo=UTC))
    with unit_of(made.context) as unit:
        seller(unit)
        subscriber(unit, "ann", country="RO")
        subscriber(unit, "gmbh", country="DE")
        business(unit, "gmbh", **_BERLIN)
    made.settle()
    yield made
    made.close()


def _paper(shop: Machine, reference: str, subscriber_ref: str, **values: Any) -> Document:
    do(shop.context, lambda unit: invoice(unit, reference, subscriber_ref, 11_900, **values))
    found = shop.all(
        """SELECT d.content, b.content FROM bursar.document d JOIN bursar.document_buyer b ON b.document_id = d.id
           WHERE d.external_id = %s""",
        f"invoice:{reference}",
    )
    return thawed(*found[0])


def _taxed(paper: Document) -> tuple[Tax, int]:
    return paper.taxes[0].tax, paper.tax_minor


@pytest.mark.requirement("TAX-1", "TAX-5")
def test_a_proven_number_gives_reverse_charge_until_its_proof_is_too_old(shop: Machine) -> None:
    first = _paper(shop, "in-1", "gmbh")
    assert _taxed(first) == (REVERSE_CHARGE, 0)
    assert (first.total_minor, first.buyer.vat_id, first.seller.vat_id) == (11_900, "DE136695976", "RO18547290")
    assert (first.buyer.vies_consultation or "").startswith("WAPI")

    shop.clock.move_to(shop.clock.now() + PROOF_HOLDS + timedelta(days=1))  # and VIES was not asked since
    assert _taxed(_paper(shop, "in-2", "gmbh")) == (Tax(category="S", rate=190_000), 1_900)


@pytest.mark.requirement("TAX-1", "TAX-5")
def test_a_rate_that_changes_overnight_is_charged_from_its_day_on(shop: Machine) -> None:
    assert _taxed(_paper(shop, "in-1", "ann")) == (Tax(category="S", rate=210_000), 2_065)
    said = {"area": "RO", "kind": "standard", "valid_from": "2027-03-06", "percent": "23.5", "reason": "OUG 1/2027"}
    result = shop.run("billing.tax_rates.define.v1", said)["result"]
    assert result == {"tax_rate": "RO:standard:2027-03-06", "percent": "23.5", "before": "21"}
    assert _taxed(_paper(shop, "in-2", "ann"))[0].rate == 210_000  # today, still
    shop.clock.move_to(datetime(2027, 3, 5, 22, 30, tzinfo=UTC))  # in Romania it is the 6th
    assert _taxed(_paper(shop, "in-3", "ann"))[0].rate == 235_000

    shop.run("billing.tax_rates.define.v1", said | {"percent": "23"})  # it was misread, and is corrected
    shop.run("billing.tax_rates.define.v1", said | {"percent": "23"})  # said again, nothing changes
    assert _taxed(_paper(shop, "in-4", "ann"))[0].rate == 230_000
    assert shop.all("SELECT before ->> 'percent', after ->> 'percent' FROM bursar.audit WHERE action = 'tax_rate.defined' ORDER BY id") == [
        ("21", "23.5"),
        ("23.5", "23"),
    ]
    assert do(shop.context, lambda unit: rates_of(unit).rate("RO", "reduced", date(2027, 3, 6))) == 110_000
    frozen = "SELECT content -> 'taxes' -> 0 -> 'tax' ->> 'rate' FROM bursar.document WHERE external_id = 'invoice:in-3'"
    assert shop.one(frozen) == "235000"


@pytest.mark.requirement("TAX-5")
def test_the_rate_of_exchange_is_the_newest_that_holds(shop: Machine) -> None:
    def record(valid_on: str, rate: str, rate_source: Any = "BNR") -> None:
        command = RecordFxRate(rate_source=rate_source, base="EUR", quote="RON", valid_on=valid_on, rate=rate)
        do(shop.context, lambda unit: record_fx_rate(unit, command))

    def told(on: date, tax_minor: int = 2_100) -> ForeignTax | None:
        with unit_of(shop.context) as unit:
            row = seller_of(unit)
            assert row is not None
            return foreign_tax(unit, row, "EUR", tax_minor, on)

    assert told(date(2027, 3, 5)) is None  # its tax office reckons in euros
    do(shop.context, lambda unit: seller(unit, currency="RON"))
    with pytest.raises(NoExchangeRateError, match=r"no rate from EUR to RON of BNR holds on 2027-03-05"):
        told(date(2027, 3, 5))
    record("2027-03-04", "5.0000")
    record("2027-03-04", "5.0898")
    record("2027-03-06", "6")
    record("2027-03-05", "7", "ECB")
    expected = ForeignTax(currency="RON", tax_minor=10_689, rate="5.0898", rate_on=date(2027, 3, 4), rate_source="BNR")
    assert told(date(2027, 3, 5)) == expected
    assert told(date(2027, 3, 6)) == replace(expected, tax_minor=12_600, rate="6", rate_on=date(2027, 3, 6))
    assert told(date(2027, 3, 13), 0) == replace(expected, tax_minor=0, rate="6", rate_on=date(2027, 3, 6))
    with pytest.raises(NoExchangeRateError):
        told(date(2027, 3, 14))
    do(shop.context, lambda unit: seller(unit, currency="RON", vat_registered=False, vat_id=None))
    assert told(date(2027, 3, 14)) is None


@pytest.mark.requirement("TAX-5")
@pytest.mark.parametrize(
    ("minor", "currency", "into", "rate", "expected"),
    [
        (2_100, "EUR", "RON", "5.0898", 10_689),  # 106.8858
        (1, "EUR", "RON", "0.5", 1),  # half up
        (10_000, "JPY", "EUR", "0.00606", 6_060),
        (6_060, "EUR", "JPY", "165.016501650", 10_000),
        (1_234, "KWD", "EUR", "3", 370),
        (0, "EUR", "RON", "5.0898", 0),
    ],
)
def test_amounts_are_converted_exactly(minor: int, currency: str, into: str, rate: str, expected: int) -> None:
    assert convert(minor, currency, into, rate) == expected


@pytest.mark.parametrize("rate", ["0", "0.00", "-1", "1,5", "", "1e3", ".5", "5.", "1.0123456789"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="is no rate of exchange"):
        RecordFxRate(rate_source="BNR", base="EUR", quote="RON", valid_on="2027-03-05", rate=rate)
