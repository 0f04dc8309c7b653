"""`python3 dev.py bench renewals`: 100,000 due of 1,000,000 subscriptions, killed twice on the way, then beside pure SQL.

Groups of subscriptions become due one after the other in one database: the first is renewed by a run that is killed twice, and
every row of it is counted; then the product and the floor renew one group each, in turn.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg

from benchmarks import table
from benchmarks.ground import ground
from benchmarks.renewals import floor, runner
from benchmarks.renewals.fill import fill, settle
from core.clock import monotonic_s

_BEGUN = datetime(2027, 1, 31, 12, tzinfo=UTC)
_DUE = datetime(2027, 2, 28, 12, tzinfo=UTC)
_GOAL = 2.0
_LEFT = "SELECT count(*) FROM bursar.subscription WHERE external_id LIKE %(group)s AND cycle_no = 0"
_TWICE = """
    SELECT (SELECT count(*) FROM bursar.subscription_period WHERE subscription_ref LIKE %(group)s),
           (SELECT count(DISTINCT subscription_ref) FROM bursar.subscription_period WHERE subscription_ref LIKE %(group)s),
           (SELECT count(*) FROM bursar.invoice WHERE external_id LIKE %(group)s),
           (SELECT count(*) FROM bursar.payment_request WHERE external_id LIKE 'inv:' || %(group)s),
           (SELECT count(*) FROM bursar.submission WHERE request_ref LIKE 'inv:' || %(group)s)"""


def main() -> None:
    """Fill, kill, count, compare, print."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench renewals", description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=1_000_000, help="in all (default 1,000,000)")
    parser.add_argument("--due", type=int, default=100_000, help="due in a run (default 100,000)")
    parser.add_argument(
        "--rounds", type=int, default=2, help="rounds of product and floor; the medians count (default 2)"
    )
    parser.add_argument(
        "--hands", type=int, default=2, help="workers that share the product's run (default 2, as `run_hands` has it)"
    )
    asked = parser.parse_args()
    names = [f"{letter}{number}" for number in range(asked.rounds) for letter in "pf"]
    groups = {"k": (asked.due, _BEGUN, _DUE)}
    for number, name in enumerate(names, 1):
        groups[name] = (asked.due, _BEGUN, _DUE + timedelta(hours=number))
    rest = asked.subscriptions - asked.due * len(groups)
    groups["rest"] = (max(rest, 1), _BEGUN, _DUE + timedelta(days=20))
    with ground() as under, under.database() as database, database.connect() as owner:
        print(table.machine(under.version))
        began_s = monotonic_s()
        fill(owner, groups)
        print(
            f"{sum(count for count, _, _ in groups.values()):,} subscriptions, filled in {monotonic_s() - began_s:.0f} s",
            flush=True,
        )
        settings = under.settings(database)
        _kills(owner, settings, asked.due, asked.hands)
        lines: list[list[str]] = []
        ratios = [_round(owner, database.url, settings, groups, number, asked, lines) for number in range(asked.rounds)]
        columns = ["round", "pure SQL, s", "the product, s", "ratio", "us a renewal", "Python's us", "memory grew, MB"]
        table.show(
            f"{asked.due:,} renewals in pages of 200: {asked.hands} workers at the run, one connection of pure SQL",
            columns,
            lines,
        )
        ratio = table.median(ratios)
        goals = [
            [
                f"at most {_GOAL:.0f} x the time of pure SQL that writes the same rows",
                f"{ratio:.2f}",
                table.met(ratio <= _GOAL),
            ]
        ]
        table.show("Goal", ["goal", "measured", "met"], goals)


def _kills(owner: psycopg.Connection[Any], settings: Any, due: int, hands: int) -> None:
    """Killed with SIGKILL at about a third and at two thirds; the third run ends it, and nothing is there twice."""
    for share in (3, 2):
        enough = _left(owner, "k") * (share - 1) // share
        runner.killed(settings, _DUE, hands, partial(_at_most, owner, enough))
        print(f"killed with {_left(owner, 'k'):,} left", flush=True)
    ran = runner.renewed(settings, _DUE, hands)
    found = owner.execute(_TWICE, {"group": "sub-k-%"}).fetchone()
    if ran.failed or _left(owner, "k") or found != (due,) * 5:
        raise SystemExit(
            f"{ran}: periods, subscriptions, invoices, requests, submissions {found}; each should be {due}"
        )
    print(f"killed twice: each of {due:,} due ones was renewed once", flush=True)


def _at_most(owner: psycopg.Connection[Any], enough: int) -> bool:
    return _left(owner, "k") <= enough


def _left(owner: psycopg.Connection[Any], group: str) -> int:
    return int(owner.execute(_LEFT, {"group": f"sub-{group}-%"}).fetchone()[0])  # type: ignore[index]  # a row


def _round(
    owner: psycopg.Connection[Any],
    url: str,
    settings: Any,
    groups: dict[str, Any],
    number: int,
    asked: argparse.Namespace,
    lines: list[list[str]],
) -> float:
    product, pure, due = f"p{number}", f"f{number}", asked.due
    settle(owner)
    ran = runner.renewed(settings, groups[product][2], asked.hands)
    statements, counts = floor.prepare(owner, product, pure, groups[product][2], due)
    print(f"rows of a run: {counts}", flush=True)
    settle(owner)
    began_s = monotonic_s()
    done = floor.run(url, statements, groups[pure][2])
    pure_s = monotonic_s() - began_s
    if (ran.items, ran.failed, done) != (due, 0, due):
        raise SystemExit(f"the product renewed {ran.items}, the floor {done}, {ran.failed} failed; expected {due} each")
    lines.append([
        str(number + 1), f"{pure_s:.1f}", f"{ran.seconds:.1f}", f"{ran.seconds / pure_s:.2f}", f"{ran.seconds / due * 1e6:.0f}",
        f"{ran.cpu_s / due * 1e6:.0f}", f"{ran.grown_mb:.1f}",
    ])  # fmt: skip
    return ran.seconds / pure_s


if __name__ == "__main__":
    main()
