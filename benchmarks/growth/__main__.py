"""`python3 dev.py bench growth`: the whole product on inboxes of ten thousand, a million and ten million events."""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks import table
from benchmarks.growth import measure, plot
from benchmarks.growth.fill import refill_month
from benchmarks.growth.measure import RATES, UNITS, Results
from benchmarks.growth.yard import Yard, filled
from core.clock import SystemClock, monotonic_s
from core.logs import configure

_SIZES = (10_000, 1_000_000, 10_000_000)
_COPIED = 1_000_000
"""Up to this size each round has a fresh copy; in a larger one the events of a run are lost in the mass."""


def main() -> None:
    """Fill, measure, print, draw."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench growth", description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, _SIZES)), help="rows of the inbox, comma separated (default %(default)s)")
    parser.add_argument("--events", type=int, default=6_000, help="events per round and size (default 6,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--keep", type=Path, help="folder whose filled databases are used again; ten million rows take 12 GB")
    parser.add_argument("--plot", type=Path, help="draw the ratios into this file, such as docs/growth.svg")
    asked = parser.parse_args()
    sizes = sorted({int(size) for size in asked.sizes.split(",")})
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="bursar-growth-"))
    try:
        began_s = monotonic_s()
        filled(folder, sizes, SystemClock().now())
        print(f"filled in {monotonic_s() - began_s:.0f} s")
        results = run(folder, sizes, asked.events, asked.rounds)
    finally:
        if asked.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    if asked.plot:
        asked.plot.write_text(plot.svg(results), encoding="utf-8")


def run(folder: Path, sizes: list[int], events: int, rounds: int) -> dict[int, Results]:
    """Interleaved rounds; the medians of each size."""
    under = Yard(folder)
    found: dict[int, list[Results]] = {size: [] for size in sizes}
    try:
        print(table.machine(under.version))
        print(f"{events} events a round and size, {rounds} rounds, medians; bodies in the tables are narrow, those posted are not")
        for number in range(rounds):
            for size in sizes:
                found[size].append(_round(under, size, events, last=number == rounds - 1))
                said = found[size][-1]
                print(f"  round {number + 1}, {size:,} rows: " + ", ".join(f"{name} {said[name]:.0f}" for name in RATES), flush=True)
            report({size: medians(one) for size, one in found.items()})
    finally:
        under.discard()
    return {size: medians(one) for size, one in found.items()}


def _round(under: Yard, size: int, events: int, *, last: bool) -> Results:
    with under.opened(size, copied=size <= _COPIED) as database:
        configure(under.settings(database, log_level="ERROR"), "benchmark")
        place = measure.at(under, database, events)
        said = measure.per_event(place) | measure.in_rest(place)
        if last:
            said |= measure.month_goes(place)
            if size > _COPIED:
                with database.connect() as connection:
                    refill_month(connection)
    return said


def medians(rounds: list[Results]) -> Results:
    """Of each measurement, over the rounds that have it."""
    names = [name for name in UNITS if any(name in one for one in rounds)]
    return {name: statistics.median(one[name] for one in rounds if name in one) for name in names}


def ratio(name: str, value: float, base: float) -> float:
    """How many times the cost at the smallest size; rates are turned round, so that 1 is always the same and more is worse."""
    return base / value if name in RATES else value / base


def report(results: dict[int, Results]) -> None:
    """The table; ratios against the smallest size."""
    sizes = [size for size in sorted(results) if results[size]]
    base = results[sizes[0]]
    rows = []
    for name in results[sizes[-1]]:
        values = [results[size].get(name) for size in sizes]
        cells = ["" if value is None else f"{value:,.1f}" if UNITS[name] == "ms" else f"{value:,.0f}" for value in values]
        times = ["" if value is None else f"{ratio(name, value, base[name]):.2f}" for value in values[1:]]
        rows.append([name, UNITS[name], *cells, *times])
    columns = ["what", "unit", *(f"{size:,} rows" for size in sizes), *(f"cost at {size:,}" for size in sizes[1:])]
    table.show("The whole product at each size; the last columns are ratios to the first size", columns, rows)


if __name__ == "__main__":
    main()
