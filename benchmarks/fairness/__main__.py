"""`python3 dev.py bench fairness`: one customer posts 20,000 events while ten others post one a second each.

From the moment the flood begins until its last event is processed, the others' events are answered and processed as if
nothing was (INBOX-14): their p99 from the 200 to the commit of the effects stays below a second.
"""

from __future__ import annotations

import argparse

from benchmarks import product, table
from benchmarks.fairness.show import GOAL_MS, OTHERS, run
from benchmarks.ground import ground


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench fairness", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="the flood (default 20,000)")
    parser.add_argument("--seconds", type=int, default=30, help="seconds for which the others post (default 30)")
    parser.add_argument("--workers", type=int, default=2, help="processes of the worker group (default 2, as shipped)")
    asked = parser.parse_args()
    with ground(product.COMMIT_TIMES) as under, under.database() as database:
        print(table.machine(under.version))
        settings = under.settings(database, workers_per_queue=asked.workers)
        shown = run(under.processes, settings, database, asked.events, asked.seconds)
    columns = ["who", "events", "p50 ms", "p99 ms", "worst ms"]
    rows = [
        [name, f"{len(done):,}", *(f"{product.percentile(done, share):.0f}" for share in (0.5, 0.99, 1.0))]
        for name, done in (("the others", shown.others_ms), ("the flood", shown.flood_ms))
    ]
    table.show(
        f"Answered -> processed: {OTHERS} customers with one event a second each beside one with {asked.events:,} at once "
        f"(posted in {shown.posted_s:.1f} s)", columns, rows,
    )
    print(f"Events of the flood done while one of the others waited: {product.percentile(shown.before, 0.5)} (median), "
          f"{shown.before[-1]} (most)")
    p99 = product.percentile(shown.others_ms, 0.99)
    goal = [[f"the others' p99 below {GOAL_MS:,.0f} ms", f"{p99:.0f} ms", table.met(p99 < GOAL_MS)]]
    table.show("Goal", ["goal", "measured", "met"], goal)


if __name__ == "__main__":
    main()
