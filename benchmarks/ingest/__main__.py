"""`python3 dev.py bench ingest`: interleaved rounds of all contestants, medians, ratios, and the goals beside them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks import product, table
from benchmarks.cpu import tree_us
from benchmarks.events import BYTES
from benchmarks.ground import Ground, ground
from benchmarks.ingest import single_rows
from benchmarks.ingest.contestants import ALL, PEERS, Contestant, start, tables
from benchmarks.ingest.report import Result, report
from benchmarks.peers.environment import peers
from benchmarks.steady import Plan
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET

_FAR = 10**15
_CALM = 10
"""The open loop posts for as many seconds."""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench ingest", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="events per round over 64 connections (default 20,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--only", nargs="+", default=[""], help="only contestants whose name has one of these in it")
    asked = parser.parse_args()
    chosen = [one for one in ALL if any(part in one.name for part in asked.only)]
    python = peers() if set(chosen) & set(PEERS) else None
    results: dict[Contestant, list[Result]] = {}
    with ground() as under:
        print(table.machine(under.version))
        print(
            f"signed events of {BYTES} bytes, {asked.events:,} a round (tutorials and dj-stripe a twentieth, one connection a "
            f"tenth, offered rates {_CALM} s), {asked.rounds} interleaved rounds, medians", flush=True,
        )
        for number in range(asked.rounds):
            for one in chosen:
                result = run(under, one, asked.events, python)
                if result is not None:
                    results.setdefault(one, []).append(result)
                    print(f"  round {number + 1}: {one.name}: {result.per_s:,.0f}/s", flush=True)
    report(results)


def run(under: Ground, one: Contestant, events: int, python: Path | None) -> Result | None:
    """One contestant on a fresh database; None where it cannot take part."""
    if one in PEERS and python is None:
        return None
    with under.database() as database, database.connect() as connection:
        for statement in (*tables(), "CHECKPOINT"):
            connection.execute(statement)
        if one.kind in ("single", "copy"):
            return _rows(under, database, one.kind, events // 2)
        count = int(one.per_s * _CALM) if one.per_s else events // one.share
        return _served(under, database, one, count, python)


def _rows(under: Ground, database: Database, kind: str, count: int) -> Result | None:
    if kind == "copy":
        per_s, postgres_us = single_rows.copied(under, database, count)
        return Result(per_s, postgres_us=postgres_us)
    before = under.postgres_us()
    reached = single_rows.per_second(under, database, count)
    return None if reached is None else Result(reached, postgres_us=(under.postgres_us() - before) / count)


def _served(under: Ground, database: Database, one: Contestant, count: int, python: Path | None) -> Result:
    server, port = start(under, database, one, python)
    warm = max(100, min(2_000, count // 10))
    generators: Sequence[product.Generator] = ()
    try:
        plan = Plan(port, STRIPE_SECRET, warm, 0, one.connections, warm, _FAR, path=one.path)
        warmed = product.post(plan, under.cluster.folder)
        plan = Plan(port, STRIPE_SECRET, count, one.per_s, one.connections, max(1, count // 4), path=one.path)
        generators = (product.Generator(plan, under.cluster.folder),)
        before, postgres = tree_us(server.pid), under.postgres_us()
        generators[0].go()
        said = generators[0].result()
        server_us, postgres_us = tree_us(server.pid) - before, under.postgres_us() - postgres
        if said.others or warmed.others:
            raise SystemExit(f"{one.name}: not 200: {said.others or warmed.others}; it wrote:\n{server.output()[-3000:]}")
        if one.rows:
            _check(database, one, len(warmed.answered) + len(said.answered))
    except AssertionError as error:
        raise SystemExit(f"{one.name}: {error}; the server wrote:\n{server.output()[-3000:]}") from error
    finally:
        for generator in generators:
            generator.kill()
        server.kill()
    ordered = sorted(said.latencies_ms)
    return Result(
        count / said.seconds,
        product.percentile(ordered, 0.5), product.percentile(ordered, 0.99),
        server_us / count, postgres_us / count, said.own_us,
        product.percentile(sorted(said.late_ms), 0.99) if one.per_s else 0.0,
    )


def _check(database: Database, one: Contestant, answered: int) -> None:
    """Every 200 has its row, and nothing else has."""
    with database.connect() as connection:
        row = connection.execute(f"SELECT count(*) FROM {one.rows}").fetchone()
    if row != (answered,):
        raise SystemExit(f"{one.name}: {answered} answers of 200, but {row} rows")


if __name__ == "__main__":
    main()
