"""Legal papers as finance people see them: by number, with their tax, credited by hand, and found by `explain`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing.operations.void_invoice import void_invoice
from cli.document import document
from cli.explain import explain
from cli.invoice import invoice as invoice_command
from cli.report import report_command
from cli.seller import seller as seller_command
from models.base import OWN_SOURCE
from models.invoice import Invoice
from tests.cli.operator_command import Here
from tests.factories.documents import SELLER, business, invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness.cluster import Database
from tests.harness.machine import Machine


@pytest.fixture
def shop(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Two invoices with papers; one of them was given up."""
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    machine = Machine(database)
    machine.clock.move_to(datetime(2026, 3, 5, 12, tzinfo=UTC))
    with unit_of(machine.context) as unit:
        seller(unit)
        subscriber(unit, "ann", country="RO")
        business(unit, "ann")
        invoice(unit, "in-1")
        invoice(unit, "in-2", amount_minor=5_000)
    do(machine.context, lambda unit: void_invoice(unit, unit.row(Invoice, OWN_SOURCE, "in-1"), "never paid", status="uncollectible"))
    yield machine
    machine.close()


@pytest.mark.requirement("INV-8", "INV-9")
@pytest.mark.usefixtures("shop")
def test_papers_are_listed_shown_credited_and_explained(here: Here) -> None:
    assert [row["number"] for row in here(document, "ls", "--json").objects] == ["BRS-2026-000002", "BRS-2026-000001"]
    listed = here(document, "ls", "--invoice", "in-1").out
    assert "100.00 EUR  21.00 EUR  121.00 EUR" in " ".join(listed.split()).replace(" EUR ", " EUR  ")
    assert here(document, "ls", "--year", "2020").code == 3

    told = here(document, "credit", "BRS-2026-000001", "--amount", "21", "--reference", "cn-1", "--reason", "agreed")
    assert "21.00 EUR of BRS-2026-000001 credited; 100.00 EUR of it is left" in told.out, told
    assert here(document, "credit", "BRS-2026-000001", "--amount", "101", "--reference", "cn-2", "--reason", "x").code != 0
    assert here(document, "credit", "BRS-2026-000002", "--reference", "cn-3", "--reason", "x").code != 0, "it is still open"

    shown = here(document, "show", "BRS-2026-000001").out
    for wanted in ("a business in RO", "121.00 EUR", "21.00 EUR on 100.00 EUR  S 21 %", "credited  BRSC-", "kept until", "2036-12-31"):
        assert wanted in shown, (wanted, shown)
    assert "Măgura" not in shown
    [row] = here(document, "show", "BRS-2026-000001", "--json").objects
    assert here(document, "show", row["id"], "--json").objects == [row]
    assert "credit note  BRSC-2026-000001  21.00 EUR  2026-" in here(invoice_command, "show", "in-1").out
    story = here(explain, "BRS-2026-000001").out
    for wanted in ("invoice:in-1  BRS-2026-000001  121.00 EUR", "in-1  uncollectible", "BRSC-", "document.issued"):
        assert wanted in story, (wanted, story)


def test_what_waits_is_listed_and_explained(here: Here, shop: Machine) -> None:
    assert here(document, "waiting").code == 3
    do(shop.context, lambda unit: seller(unit, currency="RON"))
    do(shop.context, lambda unit: invoice(unit, "in-3"))
    [row] = here(document, "waiting", "--json").objects
    assert (row["invoice_ref"], row["cause"]) == ("in-3", "no_fx_rate")
    assert "fx rate" in here(document, "waiting").out
    assert "waits since 2026-03-05" in here(explain, "in-3").out


@pytest.mark.requirement("INV-10", "AUDIT-1")
def test_the_seller_is_defined_from_a_file(here: Here, shop: Machine, tmp_path: Path) -> None:
    file = tmp_path / "seller.json"
    file.write_text(json.dumps(SELLER | {"prices": "exclusive"}), encoding="utf-8")
    assert "prices are exclusive" in here(seller_command, "define", file, "--reason", "from May").out
    shown = here(seller_command, "show").out
    assert "BRS-2026: 2 papers, the last of 2026-03-05" in shown
    file.write_text(json.dumps(SELLER | {"vat": "1"}), encoding="utf-8")
    assert "vat is no field" in here(seller_command, "define", file, "--reason", "x").err
    actor = shop.one("SELECT actor FROM bursar.audit WHERE action = 'seller.defined' ORDER BY id DESC LIMIT 1")
    assert actor == "person:anna (finance)"


@pytest.mark.requirement("RECON-6", "TAX-5")
@pytest.mark.usefixtures("shop")
def test_the_journal_of_sales_and_the_tax_by_rate(here: Here) -> None:
    here(document, "credit", "BRS-2026-000001", "--amount", "21", "--reference", "cn-1", "--reason", "agreed")
    rows = here(report_command, "papers", "--since", "2026-01-01", "--until", "2099-01-01", "--format", "json").objects
    assert [(row["number"], row["percent"], row["taxable_minor"], row["tax_minor"]) for row in rows] == [
        ("BRS-2026-000001", "21", 10_000, 2_100), ("BRS-2026-000002", "21", 4_132, 868), ("BRSC-2026-000001", "21", -1_736, -364),
    ]  # fmt: skip
    vat = here(report_command, "vat", "--since", "2026-01-01", "--until", "2099-01-01", "--format", "json").objects
    assert sum(row["tax_minor"] for row in vat) == 2_604
    assert {(row["buyer_country"], row["business"], row["category"]) for row in vat} == {("RO", True, "S")}


@pytest.mark.requirement("RECON-6")
def test_a_month_of_papers_is_the_sellers(shop: Machine, here: Here) -> None:
    shop.clock.move_to(datetime(2026, 3, 31, 22, 30, tzinfo=UTC))  # half past one on 1 April in Bucharest
    do(shop.context, lambda unit: invoice(unit, "in-3"))
    for name in ("papers", "vat"):
        rows = {
            until: here(report_command, name, "--since", since, "--until", until, "--format", "json").objects
            for since, until in (("2026-03-01", "2026-04-01"), ("2026-04-01", "2026-05-01"), ("2026-04-01", "2026-03-31T23:00:00Z"))
        }
        assert [sum(row["tax_minor"] for row in found) for found in rows.values()] == [2_968, 2_100, 2_100], name
