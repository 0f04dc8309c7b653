"""Issued papers, receipts and statements written to files from the command line (INV-10, PAY-11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.document_files import pdf as pdf_command
from cli.document_files import receipt_of, ubl
from cli.payout_paper import write_statement
from cli.trouble import TroubleError
from tests.cli.operator_command import Here
from tests.factories.documents import business, invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness import pdf
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.ubl import check_ubl, fatal

_PAYEE = {"account": "acct_1", "external_ref": "Școala Măgura", "source": "stripe"}


@pytest.fixture
def shop(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """One invoice with a paper."""
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    machine = Machine(database)
    machine.clock.move_to(datetime(2026, 3, 5, 12, tzinfo=UTC))
    with unit_of(machine.context) as unit:
        seller(unit, currency="RON")
        subscriber(unit, "ann", country="RO")
        business(unit, "ann")
    do(machine.context, lambda unit: invoice(unit, "in-1", currency="RON"))
    yield machine
    machine.close()


@pytest.mark.requirement("INV-10", "TAX-2")
@pytest.mark.usefixtures("shop", "here")
def test_a_paper_is_written_as_pdf_and_as_ubl_and_nothing_is_overwritten(here: Here, tmp_path: Path) -> None:
    printed, written = tmp_path / "a.pdf", tmp_path / "a.xml"
    assert here(pdf_command, "BRS-2026-000001", "--to", str(printed)).code == 0
    said = here(ubl, "BRS-2026-000001", "--to", str(written))
    assert (said.code, said.err) == (0, "")
    assert not fatal(check_ubl([written.read_bytes()]))
    assert pdf.attached(printed.read_bytes()) == {"BRS-2026-000001.xml": written.read_bytes()}
    again = here(pdf_command, "BRS-2026-000001", "--to", str(printed))
    assert again.code != 0
    assert "name another with --to" in again.err
    assert here(pdf_command, "BRS-2026-000009").code == 3
    assert here(receipt_of, "stripe:pi_1").code == 3


@pytest.mark.usefixtures("shop", "here")
def test_a_statement_is_written_in_the_currencys_own_units(tmp_path: Path) -> None:
    moved = [{
        "currency": "ISK", "transfers": 1, "earned_minor": 120_000, "taken_back_minor": 0, "fees_minor": 0, "payouts": 0,
        "paid_out_minor": 0, "came_back_minor": 0,
    }]  # fmt: skip
    begin, end = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    write_statement(tmp_path / "s.pdf", _PAYEE, begin, end, moved, end)
    read = pdf.words((tmp_path / "s.pdf").read_bytes())
    for part in ("februarie 2026", "1.200 ISK", "Școala Măgura", "1 feb. 2026 – 28 feb. 2026"):
        assert part in read


@pytest.mark.usefixtures("here")
def test_without_a_seller_nobody_states_anything(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(TroubleError, match="no seller is defined"):
        write_statement(tmp_path / "s.pdf", _PAYEE, now, now, [], now)
