"""`bursar explain` of a legal paper: whether its buyer has got it, and whether the ministry has (AUDIT-2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.explain import explain
from tests.cli.operator_command import Here
from tests.factories.bounces import notice
from tests.factories.documents import business, invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness.cluster import Database
from tests.harness.post_office import post_office


@pytest.mark.requirement("AUDIT-2", "MAIL-3", "TAX-3")
def test_a_paper_is_told_with_the_fate_of_its_mail_and_its_efactura(
    database: Database, tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURSAR_ROLE", "viewer")
    with post_office(database, tmp_path / "maildir") as office:
        office.machine.clock.move_to(datetime(2027, 3, 5, 12, tzinfo=UTC))
        with unit_of(office.machine.context) as unit:
            seller(unit)
            subscriber(unit, "firm", country="RO", email="boss@example.com")
            business(unit, "firm", email="books@example.com")
        do(office.machine.context, lambda unit: invoice(unit, "in-1", "firm"))
        told = here(explain, "BRS-2027-000001").out
        assert "mail invoice_issued: received" in told
        office.machine.settle()
        for identity in ("BRS-2027-000001", "in-1"):
            told = here(explain, identity).out
            assert "mail invoice_issued: sent 2027-03-05" in told, told
            assert "efactura                  invoice:in-1  queued" in told
            assert "efactura invoice:in-1 is written and sent to the ministry within the minute" in told
        office.comes_back(notice(str(office.mails[0].message["Message-ID"]), to="books@example.com"))
        told = here(explain, "BRS-2027-000001").out
        assert "mail invoice_issued: bounced 2027-" in told, told
        assert "its addressee has not got it: bursar mail show" in told
        assert json.loads(here(explain, "BRS-2027-000001", "--json").out)["outbox"][0]["fate"] == "bounced"
        with office.machine.connect() as connection:
            connection.execute(
                """UPDATE bursar.efactura SET status = 'rejected', error = 'BR-CO-15', sha256 = repeat('0', 64), cif = '18547290',
                          deadline_at = '2027-03-12T22:00Z', number = 'BRS-2027-000001'"""
            )
        told = here(explain, "BRS-2027-000001").out
        assert "waits for a person: bursar efactura show BRS-2027-000001; the ministry wants it by 2027-03-12T22:00:00Z" in told, told
        public = office.machine.one("SELECT 'efac_' || replace(id::text, '-', '') FROM bursar.efactura")
        assert "document                  invoice:in-1  BRS-2027-000001" in here(explain, public).out
