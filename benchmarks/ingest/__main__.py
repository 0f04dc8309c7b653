"""`python3 dev.py bench ingest`: interleaved rounds of all contestants, medians, ratios against the prototype."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass

from benchmarks import table
from benchmarks.cpu import tree_us
from benchmarks.events import BYTES
from benchmarks.ground import Ground, ground
from benchmarks.ingest import prototype, single_rows
from cli.embedded.ports import LOOPBACK, any_free, is_free
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET
from tests.harness.processes import ROOT, Running
from tests.harness.waiting import wait_until

HELLO, BARE, PRODUCT, SINGLE = "no database: uvicorn hello", "bare prototype", "product as shipped", "pgbench, one row each"
ONE = ", 1 connection"
_CONNECTIONS = 64


@dataclass(frozen=True)
class Result:
    """One round of one contestant; times in ms and us per event."""

    per_s: float
    p50_ms: float = 0
    p99_ms: float = 0
    server_us: float = 0
    postgres_us: float = 0
    own_us: float = 0


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench ingest", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="events per round over 64 connections (default 20,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    asked = parser.parse_args()
    results: dict[str, list[Result]] = {}
    with ground() as under:
        print(table.machine(under.version))
        print(f"signed events of {BYTES} bytes, {asked.events} a round (one connection: a tenth), {asked.rounds} rounds, medians")
        for number in range(asked.rounds):
            for name in (HELLO, BARE, PRODUCT, SINGLE, BARE + ONE, PRODUCT + ONE):
                result = run(under, name, asked.events)
                if result is not None:
                    results.setdefault(name, []).append(result)
                    print(f"  round {number + 1}: {name}: {result.per_s:.0f}/s", flush=True)
            report(results)


def run(under: Ground, name: str, count: int) -> Result | None:
    """One contestant on a fresh database."""
    with under.database() as database, database.connect() as connection:
        connection.execute(prototype.TABLE)
        connection.execute(prototype.UNCOMPRESSED)
        connection.execute("CHECKPOINT")
        if name == SINGLE:
            program = single_rows.tool(under)
            if program is None:
                return None
            before = under.postgres_us()
            per_s = single_rows.per_second(program, under, database, count // 2)
            return Result(per_s, postgres_us=(under.postgres_us() - before) / (count // 2))
        connections = 1 if name.endswith(ONE) else _CONNECTIONS
        return _served(under, database, name.removesuffix(ONE), count if connections > 1 else count // 10, connections)


def _served(under: Ground, database: Database, name: str, count: int, connections: int) -> Result:
    port = any_free()
    server = _start(under, database, name, port)
    try:
        load = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.ingest.load", str(port), str(count), str(connections), STRIPE_SECRET],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )
        assert load.stdin is not None
        assert load.stdout is not None
        warmed = json.loads(load.stdout.readline())["warmed"]
        before, postgres = tree_us(server.pid), under.postgres_us()
        load.stdin.write("\n")
        load.stdin.flush()
        said = json.loads(load.stdout.readline())
        load.wait(30)
        server_us, postgres_us = tree_us(server.pid) - before, under.postgres_us() - postgres
    finally:
        server.kill()
    if said["others"]:
        raise SystemExit(f"{name}: {said['others']} answers were not 200; the server wrote:\n{server.output()[-3000:]}")
    if name != HELLO:
        _check(database, name, warmed + said["stored"])
    return Result(
        said["per_s"], said["p50_ms"], said["p99_ms"], server_us / count, postgres_us / count, said["own_us"]
    )


def _start(under: Ground, database: Database, name: str, port: int) -> Running:
    if name == PRODUCT:
        server = under.processes.bursar("receiver", settings=under.settings(database, receiver_port=port))
    else:
        kind = "hello" if name == HELLO else "bare"
        env = {"BENCH_SECRET": STRIPE_SECRET, "BENCH_DATABASE": database.url}
        server = under.processes.python("-m", "benchmarks.ingest.prototype", kind, str(port), env=env)
    wait_until(lambda: not is_free(port) or not server.alive(), 30, what=f"{name} to listen on {LOOPBACK}:{port}")
    if not server.alive():
        raise SystemExit(f"{name} did not start:\n{server.output()}")
    return server


def _check(database: Database, name: str, answered: int) -> None:
    """Every 200 has its row, and nothing else has."""
    place = "bursar.inbox JOIN bursar.inbox_payload ON inbox_id = id" if name == PRODUCT else "bench.bare"
    with database.connect() as connection:
        row = connection.execute(f"SELECT count(*) FROM {place}").fetchone()
    if row != (answered,):
        raise SystemExit(f"{name}: {answered} answers of 200, but {row} rows")


def report(results: dict[str, list[Result]]) -> None:
    """The table; ratios against the prototype with as many connections."""
    rows = []
    for name, rounds in results.items():
        base = results[BARE + ONE if name.endswith(ONE) else BARE]

        def middle(field: str, of: list[Result] = rounds) -> float:
            return table.median([getattr(one, field) for one in of])

        rows.append(
            [
                name, f"{middle('per_s'):,.0f}", *(f"{middle(part):.2f}" for part in ("p50_ms", "p99_ms")),
                *(f"{middle(part):.0f}" for part in ("server_us", "postgres_us", "own_us")),
                *(f"{middle(part) / middle(part, base):.2f}" for part in ("per_s", "p50_ms", "p99_ms")),
            ]
        )
    columns = ["contestant", "req/s", "p50 ms", "p99 ms", "server us", "PostgreSQL us", "load us", "rate", "p50", "p99"]
    table.show(f"One server process, {_CONNECTIONS} keep-alive connections; the last three against the prototype", columns, rows)


if __name__ == "__main__":
    main()
