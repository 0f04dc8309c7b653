"""`python3 dev.py bench reconciliation`: a million of the provider's rows against a million of ours, beside pure SQL.

The floor does the least that one could do with the same rows: COPY them from Python tuples, FULL JOIN them with the same
table of ours, count what differs. The product stages, compares, names each difference and keeps it as a finding.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import table
from benchmarks.ground import ground
from billing.operations.compare_objects import compare_objects
from billing.operations.keep_findings import Scope
from billing.rules.recon_row import COLUMNS, ReconRow
from core.clock import monotonic_s
from models.database import connect
from tasks.maintenance.recon.stage import clear, for_sets, stage

_AT = datetime(2026, 11, 1, tzinfo=UTC)
_WRONG_EVERY = 1_000
_GOAL = 1.3
_SCOPE = Scope(
    source="stripe", run="bench", since=_AT - timedelta(days=1), until=_AT + timedelta(days=40), accounts=[], basis_points=500,
    now=_AT + timedelta(days=41),
)  # fmt: skip
_FILL = """
    INSERT INTO bursar.charge (id, source, external_id, versions, created_at, updated_at, status, provider_status, amount_minor,
        amount_captured_minor, amount_refunded_minor, currency, captured, payment_ref, customer_ref, balance_transaction_ref,
        method_kind, provider_created_at, refunded_minor)
    SELECT gen_random_uuid(), 'stripe', 'ch_' || lpad(n::text, 20, '0'), '{"status": [1, "2026-11-01T00:00:00+00:00", 10, "evt_1"]}',
           %(at)s, %(at)s, 'succeeded', 'succeeded', 100 + n %% 9000, 100 + n %% 9000, 0, 'EUR', true, 'pi_' || lpad(n::text, 20, '0'),
           'cus_' || n %% 5000, 'txn_' || lpad(n::text, 20, '0'), 'card', %(at)s + n * interval '1 second', 0
    FROM generate_series(1, %(count)s) AS n"""
_FLOOR_JOIN = """
    SELECT count(*) FROM bench.there t FULL JOIN (SELECT * FROM bursar.charge WHERE source = 'stripe') h USING (external_id)
    WHERE t.external_id IS NULL OR h.external_id IS NULL OR (t.amount_minor, t.currency, t.status)
          IS DISTINCT FROM (h.amount_minor, h.currency, h.status)"""


def main() -> None:
    """Fill, compare, print."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench reconciliation", description=__doc__)
    parser.add_argument("--rows", default="100000,1000000", help="rows of either side, comma separated (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the medians count (default 3)")
    asked = parser.parse_args()
    lines: list[list[str]] = []
    ratio = 0.0
    with ground() as under:
        print(table.machine(under.version))
        for count in sorted(int(text) for text in asked.rows.split(",")):
            with under.database() as database, database.connect() as owner:
                _prepare(owner, count)
                with connect(database.url, "bursar_app", autocommit=True) as ours:
                    for_sets(ours)
                    pair_of = (partial(_floor, owner, count), partial(_product, ours, count))
                    found = [tuple(_timed(work) for work in pair_of) for _ in range(asked.rounds)]
            floor_s, product_s = (table.median([pair[place][0] for pair in found]) for place in (0, 1))
            assert {pair[place][1] for pair in found for place in (0, 1)} == {count // _WRONG_EVERY}
            ratio = product_s / floor_s
            grown = max(pair[1][2] for pair in found)
            lines.append([f"{count:,} x {count:,}", f"{floor_s:.2f}", f"{product_s:.2f}", f"{ratio:.2f}", f"{grown:.1f}"])
    columns = ["rows", "COPY + FULL JOIN, s", "the product, s", "ratio", "memory grew, MB"]
    title = f"Compared, medians of {asked.rounds}; one row in {_WRONG_EVERY:,} differs, and the product keeps each as a finding"
    table.show(title, columns, lines)
    goal = [[f"at most {_GOAL} x COPY + FULL JOIN", f"{ratio:.2f}", table.met(ratio <= _GOAL)]]
    table.show("Goal, at the largest size", ["goal", "measured", "met"], goal)


def _prepare(owner: psycopg.Connection[Any], count: int) -> None:
    owner.execute(_FILL, {"at": _AT, "count": count})
    owner.execute("CREATE UNLOGGED TABLE bench.there (LIKE bursar.recon_staged)")
    owner.execute("VACUUM ANALYZE bursar.charge")
    owner.execute("CHECKPOINT")


def _rows(count: int) -> Iterator[ReconRow]:
    """What a provider's pages hold, one row in a thousand with another amount."""
    for n in range(1, count + 1):
        wrong = 1 if n % _WRONG_EVERY == 0 else 0
        yield ReconRow(
            "charge", f"ch_{n:020d}", None, 100 + n % 9000 + wrong, None, 0, "EUR", "succeeded", "succeeded", None,
            f"pi_{n:020d}", f"txn_{n:020d}", f"cus_{n % 5000}", None, _AT + timedelta(seconds=n),
        )  # fmt: skip


def _floor(owner: psycopg.Connection[Any], count: int) -> int:
    with owner.transaction():
        owner.execute("TRUNCATE bench.there")
        with owner.cursor().copy(f"COPY bench.there ({', '.join(COLUMNS)}) FROM STDIN".encode()) as copy:
            for row in _rows(count):
                copy.write_row(row)
        found = owner.execute(_FLOOR_JOIN).fetchone()
    return int(found[0]) if found else 0


def _product(ours: psycopg.Connection[Any], count: int) -> int:
    with ours.transaction():
        clear(ours)
        stage(ours, _rows(count))
    with ours.transaction():
        return sum(compare_objects(ours, "charge", _SCOPE).values())


def _timed(work: Callable[[], int]) -> tuple[float, int, float]:
    """(seconds, result, megabytes by which this process grew)."""
    before_kb, began_s = _resident_kb(), monotonic_s()
    result = work()
    return monotonic_s() - began_s, result, (_resident_kb() - before_kb) / 1024


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
