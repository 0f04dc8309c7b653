"""An erasure finds what is his along indexes: a large inbox is not read for each customer (SEC-6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing.operations import erase_calls, erase_rows
from billing.operations.erase_rows import WHOSE, person
from tests.factories.inbox import NOW
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine

_MANY = """INSERT INTO bursar.inbox (source, event_id, event_type, object_id, lane, queue, state, sha256, received_at, fair_at, next_at,
                                     done_at)
           SELECT 'stripe', 'evt_' || n, 'charge.succeeded', 'ch_' || n, 'stripe:cus_' || n %% 500, 'payments',
                  CASE WHEN n = 1200 THEN 'received' ELSE 'done' END, sha256(n::text::bytea), %(at)s, %(at)s, %(at)s,
                  CASE WHEN n <> 1200 THEN %(at)s::timestamptz END FROM generate_series(1, 3000) AS n"""


def _statements() -> Iterator[tuple[str, str]]:
    # Without their order and limit, for which the whole primary key might be walked: of the same few rows.
    yield from ((table, f"SELECT FROM bursar.{table} t WHERE {whose}") for table, whose in WHOSE.items())
    yield from (("payment", erase_rows._PAYMENTS), ("customer", erase_rows._CUSTOMERS))
    yield "inbox", erase_calls._EVENTS


@pytest.mark.requirement("SEC-6")
def test_every_statement_is_served_by_an_index(machine: Machine) -> None:
    ids: list[Any] = []
    bound: dict[str, Any] = {
        "ref": "ann", "customer_ids": ids, "sources": ["stripe"], "customers": ["cus_1"], "emails": ["a@example.com"], "payment_ids": ids,
        "digests": [b"x"], "page": 500, "objects": '["stripe:cus_1"]', "after": 0, "reach": 20_000,
    }  # fmt: skip
    scanned = []
    with machine.context.engine.connect() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")
        for table, sql in _statements():
            plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {sql}", bound).scalars())
            scanned += [(table, line.strip()) for line in plan.splitlines() if "Seq Scan on" in line]
    assert scanned == [], scanned


@pytest.mark.requirement("SEC-6")
def test_providers_events_are_looked_up_and_not_counted_in_pages(machine: Machine) -> None:
    do(machine.context, lambda unit: subscriber(unit, "ann", pay_customer_ref="cus_200"))
    with machine.connect() as connection:
        connection.execute(_MANY, {"at": NOW})
    with machine.context.engine.begin() as connection:
        who = person(connection, "ann", [])
        who.sources.append("stripe")
        who.customers.append("cus_200")
        ids, last, more = erase_calls.events_of(connection, who, 0, 100)
        assert (len(ids), last, more) == (6, 3000, False)
        assert erase_calls.events_of(connection, who, ids[2], 100)[0] == ids[3:]
        assert erase_calls.events_of(connection, who, 0, 10) == (ids[:1], 400, True), "a turn ends, however sparse what is his"
        looked = erase_calls._look(connection, who, 0, 100)
        assert (list(looked.final), looked.open) == ([one for one in ids if one != 1200], 1200)
