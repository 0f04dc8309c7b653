"""PostgreSQL's own load tool, one row per transaction: what a receiver without group commit could reach at the very most."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from benchmarks.events import BYTES
from benchmarks.ground import Ground
from cli.embedded.postgres import binaries
from cli.embedded.processes import clean_environment
from tests.harness.cluster import Database

_CLIENTS = 32
_INSERT = (
    "INSERT INTO bench.bare (event_id, event_type, object_id, received_at, body) VALUES (gen_random_uuid()::text, "
    f"'payment_intent.succeeded', 'pi_1', clock_timestamp(), convert_to(repeat('x', {BYTES}), 'UTF8'));\n"
)


def tool(under: Ground) -> Path | None:
    """pgbench, where the installation has it."""
    found = binaries(under.cluster.ground).folder / "pgbench"
    return found if found.exists() else None


def per_second(program: Path, under: Ground, database: Database, count: int) -> float:
    """Rows a second with 32 clients."""
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
