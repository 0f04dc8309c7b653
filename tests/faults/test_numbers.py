"""Legal numbers under concurrency: 1,000 invoices by 16 connections that roll back and die leave no gap, no double, no disorder."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from core.clock import SystemClock
from tasks.maintenance.check_invariants import rules
from tests.factories.documents import seller
from tests.factories.subscribers import subscriber, unit_of
from tests.faults.number_hammer import CONNECTIONS
from tests.harness.cluster import Database
from tests.harness.processes import Processes
from workers.context import make_context

INVOICES = 1_000
_SERIES = """
    SELECT d.series, count(*), min(d.no), max(d.no), count(DISTINCT d.number), (SELECT next FROM bursar.series s WHERE s.prefix = d.series),
           array_agg(d.no ORDER BY d.issued_at, d.id) = array_agg(d.no ORDER BY d.no), count(DISTINCT d.issued_at)
    FROM bursar.document d GROUP BY d.series ORDER BY d.series"""
_AUDITED = """SELECT count(*) FROM bursar.document d JOIN bursar.audit a ON a.object_type = 'document' AND a.object_id = d.id::text
              AND a.after ->> 'number' = d.number"""


@pytest.mark.timeout(120)
@pytest.mark.requirement("INV-8")
def test_a_thousand_invoices_of_sixteen_connections_are_numbered_without_a_gap(database: Database, processes: Processes) -> None:
    context = make_context(database.settings(), clock=SystemClock())
    with unit_of(context) as unit:
        seller(unit)
        for number in range(CONNECTIONS):
            subscriber(unit, f"s{number:02}", country="RO", pay_source="manual", pay_customer_ref=None)
    context.engine.dispose()

    hammer = processes.python("-m", "tests.faults.number_hammer", "8", str(INVOICES), settings=database.settings())
    assert hammer.wait(100) == 0, hammer.output()

    said = re.search(r"killed (\d+) rolled_back (\d+)", hammer.output())
    assert said is not None
    assert int(said[1]) > 0, hammer.output()
    assert int(said[2]) > 0, hammer.output()
    with database.connect() as connection:
        (invoices, notes) = connection.execute(_SERIES).fetchall()
        for series, count, first, last, different, following, in_order, chunks in (invoices, notes):
            assert (first, last, different, following, in_order) == (1, count, count, count + 1, True), series
            assert chunks > CONNECTIONS, "many drew, chunk by chunk"
        assert invoices[1] >= INVOICES
        assert connection.execute("SELECT count(*) FROM bursar.invoice WHERE status = 'void'").fetchone() == (notes[1],)
        assert connection.execute(_AUDITED).fetchone() == (invoices[1] + notes[1],)
        bound = {"since": SystemClock().now() - timedelta(days=1), "settled_by": SystemClock().now()}
        for name in ("numbers_gap_free", "papers_issued", "papers_match", "invoices_add_up"):
            assert connection.execute(rules()[name].sql, bound).fetchall() == [], name
