"""The two tables of the door: what each contestant did, and each goal beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import table
from benchmarks.ingest.contestants import (
    BARE,
    BARE_ONE,
    BARE_OPEN,
    DJSTRIPE,
    FASTAPI,
    FLASK,
    HELLO,
    PRODUCT,
    PRODUCT_ONE,
    PRODUCT_OPEN,
    SINGLE,
    Contestant,
)


@dataclass(frozen=True)
class Result:
    """One round of one contestant; times in ms and us per event. `own_us`: the generator's; `late_ms`: how late it sent (p99)."""

    per_s: float
    p50_ms: float = 0
    p99_ms: float = 0
    server_us: float = 0
    postgres_us: float = 0
    own_us: float = 0
    late_ms: float = 0


Results = Mapping[Contestant, Sequence[Result]]
_COLUMNS = ["contestant", "req/s", "p50 ms", "p99 ms", "server us", "PostgreSQL us", "generator us", "rate", "p50", "p99"]


def report(results: Results) -> None:
    """Print both."""
    rows = [_row(results, one) for one in results]
    table.show("One server process; the last three columns are against the prototype under the same load", _COLUMNS, rows)
    for one in (HELLO, PRODUCT_OPEN):
        if one in results and one == HELLO:
            print(f"The generator used {_middle(results, one, 'own_us'):.0f} us of CPU per event and drove a server that does "
                  f"nothing at {_middle(results, one, 'per_s'):,.0f}/s: that is its ceiling here.")
        elif one in results:
            print(f"At the offered rate it sent 99 % of the requests within {_middle(results, one, 'late_ms'):.2f} ms of their "
                  "time (later ones had to wait for a free connection); latencies count from that time.")
    goals = [
        [text, measured(results), table.met(reached(results))]
        for text, needs, measured, reached in _GOALS if all(one in results for one in needs)
    ]
    if goals:
        table.show("Goals", ["goal", "measured", "met"], goals)


def _row(results: Results, one: Contestant) -> list[str]:
    per_s, p50, p99, server, postgres, own = (
        _middle(results, one, name) for name in ("per_s", "p50_ms", "p99_ms", "server_us", "postgres_us", "own_us")
    )
    base = BARE_OPEN if one.per_s else BARE_ONE if one.connections == 1 else BARE
    served = p50 > 0
    cells = [one.name, f"{per_s:,.0f}", *(f"{value:.2f}" if served else "" for value in (p50, p99))]
    cells += [f"{value:.0f}" if value else "" for value in (server, postgres, own)]
    if base not in results:
        return [*cells, "", "", ""]
    cells.append(f"{_quotient(results, 'per_s', one, base):.2f}")
    return [*cells, *(f"{_quotient(results, name, one, base):.2f}" if served else "" for name in ("p50_ms", "p99_ms"))]


def _middle(results: Results, one: Contestant, name: str) -> float:
    return table.median([getattr(result, name) for result in results[one]])


def _quotient(results: Results, name: str, one: Contestant, base: Contestant) -> float:
    """The median of the rounds' quotients: what made a round slow made it slow for both."""
    pairs = zip(results[one], results[base], strict=False)
    return table.median([getattr(mine, name) / getattr(theirs, name) for mine, theirs in pairs])


_Measured = Callable[[Results], str]
_Reached = Callable[[Results], bool]
_Goal = tuple[str, tuple[Contestant, ...], _Measured, _Reached]


def _ratio(text: str, name: str, one: Contestant, base: Contestant, most: float = 0.0, least: float = 0.0) -> _Goal:
    """A goal on a quotient: at most `most`, or at least `least`."""

    def value(results: Results) -> float:
        return _quotient(results, name, one, base)

    def reached(results: Results) -> bool:
        return value(results) <= most if most else value(results) >= least

    return text, (one, base), lambda results: f"{value(results):.2f} times", reached


def _most(text: str, name: str, one: Contestant, most: float, unit: str) -> _Goal:
    def value(results: Results) -> float:
        return _middle(results, one, name)

    return text, (one,), lambda results: f"{value(results):.1f} {unit}", lambda results: value(results) <= most


_GOALS: tuple[_Goal, ...] = (
    _ratio("rate: at least 0.9 times the prototype's", "per_s", PRODUCT, BARE, least=0.9),
    _ratio("rate: at least 60 times the Flask tutorial's", "per_s", PRODUCT, FLASK, least=60),
    _ratio("rate: at least 45 times the FastAPI tutorial's", "per_s", PRODUCT, FASTAPI, least=45),
    _ratio("rate: at least 75 times dj-stripe's, store only", "per_s", PRODUCT, DJSTRIPE, least=75),
    _ratio("rate: at least 1.6 times pgbench's single rows", "per_s", PRODUCT, SINGLE, least=1.6),
    _most("cost: at most 50 us of the server", "server_us", PRODUCT, 50, "us"),
    _most("cost: at most 36 us of PostgreSQL (beyond it: 25)", "postgres_us", PRODUCT, 36, "us"),
    _ratio("the same as a ratio: server at most 50/43 of the prototype's", "server_us", PRODUCT, BARE, most=50 / 43),
    _ratio("the same as a ratio: PostgreSQL at most 36/35 of the prototype's", "postgres_us", PRODUCT, BARE, most=36 / 35),
    _ratio("1 connection: p50 at most 1.3 times the prototype's", "p50_ms", PRODUCT_ONE, BARE_ONE, most=1.3),
    _ratio("64 connections: p99 at most 1.3 times the prototype's", "p99_ms", PRODUCT, BARE, most=1.3),
    _most("3,000/s offered: p50 at most 1.5 ms", "p50_ms", PRODUCT_OPEN, 1.5, "ms"),
    _most("3,000/s offered: p99 at most 10 ms", "p99_ms", PRODUCT_OPEN, 10, "ms"),
)
