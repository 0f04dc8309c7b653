"""PostgreSQL by itself: one row a transaction by its own load tool, and COPY, which is as fast as rows can go in at all."""

from __future__ import annotations

import re
import subprocess

from benchmarks.events import BYTES
from benchmarks.ground import Ground
from cli.embedded.postgres import binaries
from cli.embedded.processes import clean_environment
from core.clock import SystemClock, monotonic_s
from tests.harness.cluster import Database

_CLIENTS = 32
_INSERT = (
    "INSERT INTO bench.bare (event_id, event_type, object_id, received_at, body) VALUES (gen_random_uuid()::text, "
    f"'payment_intent.succeeded', 'pi_1', clock_timestamp(), convert_to(repeat('x', {BYTES}), 'UTF8'));\n"
)


def per_second(under: Ground, database: Database, count: int) -> float | None:
    """Rows a second with 32 clients, one row a transaction; None where the installation has no pgbench."""
    program = binaries(under.cluster.ground).folder / "pgbench"
    if not program.exists():
        return None
    script = under.cluster.folder / "single.sql"
    script.write_text(_INSERT, encoding="ascii")
    each = max(1, count // _CLIENTS)
    done = subprocess.run(
        [program, "-n", "-M", "prepared", "-f", script, "-c", str(_CLIENTS), "-j", "2", "-t", str(each), database.url],
        capture_output=True, text=True, env=clean_environment(), check=True, timeout=300,
    )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found, done.stdout
    return float(found[1])


def copied(under: Ground, database: Database, count: int) -> tuple[float, float]:
    """Rows a second of one COPY, and PostgreSQL's microseconds for a row (asked before the session ends)."""
    body, now = "\\x" + "78" * BYTES, SystemClock().now()
    with database.connect() as connection, connection.cursor() as cursor:
        before, began_s = under.postgres_us(), monotonic_s()
        with cursor.copy("COPY bench.bare (event_id, event_type, object_id, received_at, body) FROM STDIN") as copy:
            for number in range(count):
                copy.write_row((f"evt_{number}", "payment_intent.succeeded", "pi_1", now, body))
        seconds = monotonic_s() - began_s
        return count / seconds, (under.postgres_us() - before) / count
