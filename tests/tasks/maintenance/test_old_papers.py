"""Buyers of legal papers are kept as long as the law wants them, and not a day longer (SEC-6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.maintenance import erasures
from tasks.maintenance.runs import forget_old_papers
from tests.factories.documents import business, invoice, seller
from tests.factories.subscribers import do, subscriber, unit_of
from tests.harness.machine import Machine

_BUYERS = """SELECT d.invoice_ref, b.content ->> 'name', b.erased_at FROM bursar.document_buyer b
             JOIN bursar.document d ON d.id = b.document_id ORDER BY 1"""
_SENT = """INSERT INTO bursar.efactura_paper (id, efactura_ref, attempt, kind, content, sha256, kept_at)
           SELECT gen_random_uuid(), external_id, 1, 'ubl', 'x'::bytea, encode(sha256('x'::bytea), 'hex'), issued_at FROM bursar.document"""
_KEPT = "SELECT efactura_ref FROM bursar.efactura_paper ORDER BY 1"
END = datetime(2037, 12, 31, 4, 30, tzinfo=UTC)
"""The morning of the last day on which papers of 2027 are kept, where ten years are."""


@pytest.fixture
def shop(machine: Machine) -> Machine:
    """Two papers of 2027 and one of 2028, as they were sent to the ministry."""
    machine.clock.move_to(datetime(2027, 3, 5, 12, tzinfo=UTC))
    with unit_of(machine.context) as unit:
        seller(unit, keep_years=10)
        subscriber(unit, "firm", country="RO")
        business(unit, "firm")
        invoice(unit, "in-1", "firm")
        invoice(unit, "in-2", "firm")
    machine.clock.move_to(datetime(2028, 1, 1, 12, tzinfo=UTC))
    do(machine.context, lambda unit: invoice(unit, "in-3", "firm"))
    with machine.connect() as connection:
        connection.execute(_SENT)
    return machine


def _run(shop: Machine, at: datetime) -> Any:
    shop.clock.move_to(at)
    return forget_old_papers(shop.context, at)


@pytest.mark.requirement("SEC-6", "INV-9")
def test_a_buyer_is_erased_when_the_law_no_longer_wants_the_paper_and_not_a_day_before(shop: Machine) -> None:
    before = shop.all("SELECT * FROM bursar.document ORDER BY id")
    assert _run(shop, END) == {"buyers": 0, "papers": 0, "more": False}
    assert [name for _, name, _ in shop.all(_BUYERS)] == ["Țesătoria Măgura S.A."] * 3

    assert _run(shop, END + timedelta(days=1)) == {"buyers": 2, "papers": 2, "more": False}
    (_, one, at), (_, two, _), (_, three, never) = shop.all(_BUYERS)
    assert (one, two, three) == (None, None, "Țesătoria Măgura S.A.")
    assert (at, never) == (END + timedelta(days=1), None)
    assert shop.all(_KEPT) == [("invoice:in-3",)]
    assert shop.all("SELECT * FROM bursar.document ORDER BY id") == before, "number, amounts and tax stay"
    assert _run(shop, END + timedelta(days=2)) == {"buyers": 0, "papers": 0, "more": False}


@pytest.mark.requirement("SEC-6")
def test_it_goes_on_page_by_page_with_the_rights_of_the_workers(shop: Machine) -> None:
    at = END + timedelta(days=400)
    with shop.connect() as maintenance:
        maintenance.execute("SET ROLE bursar_maintenance")
        maintenance.commit()
        assert erasures.forget_old(shop.context, maintenance, at, page=1) == {"buyers": 3, "papers": 3, "more": False}
    assert (shop.all(_KEPT), {name for _, name, _ in shop.all(_BUYERS)}) == ([], {None})
