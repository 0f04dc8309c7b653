"""Lists, newest first, paged both ways by cursors as Stripe pages them."""

from __future__ import annotations

from collections.abc import Callable

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.problems import Json, missing, wrong
from providers.sandbox.stripe.world import Table, World

_MOST = 10**2
PAGING = ("created", "limit", "starting_after", "ending_before")
_BOUNDS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda said, bound: said > bound,
    "gte": lambda said, bound: said >= bound,
    "lt": lambda said, bound: said < bound,
    "lte": lambda said, bound: said <= bound,
}


def page(world: World, call: Call, kind: str, wanted: Callable[[Json], bool] | None = None) -> Json:
    """One page of the account's objects of a kind, by cursor and by `created`."""
    held = world.table(kind)
    limit = _limit(call)
    after, before = call.text("starting_after"), call.text("ending_before")
    if after and before:
        raise wrong("Only one of starting_after and ending_before may be given.", "ending_before")
    for cursor, name in ((after, "starting_after"), (before, "ending_before")):
        if cursor and cursor not in held.place:
            raise missing(kind, cursor, name)
    newest = held.place[after] if after else len(held.rows)
    timely = _timely(call)
    first = _first(held, call)
    way = range(max(first, held.place[before] + 1), len(held.rows)) if before else range(newest - 1, first - 1, -1)
    found: list[Json] = []
    for place in way:
        row = held.rows[place]
        if held.owner[place] == call.account and timely(row) and (wanted is None or wanted(row)):
            found.append(row)
            if len(found) > limit:
                break
    more = len(found) > limit
    found = found[:limit]
    return wrap(found[::-1] if before else found, call.path, more=more)


def wrap(rows: list[Json], url: str, *, more: bool = False) -> Json:
    """Stripe's list object."""
    return {"object": "list", "data": rows, "has_more": more, "url": url}


def equal(call: Call, *names: str) -> Callable[[Json], bool]:
    """Rows whose fields equal the parameters that are given."""
    call.only(*PAGING, *names)
    given = {name: call.text(name) for name in names if call.text(name) is not None}
    return lambda row: all(row.get(name) == value for name, value in given.items())


def _limit(call: Call) -> int:
    limit = call.whole("limit")
    if limit is not None and not 1 <= limit <= _MOST:
        raise wrong("Invalid integer: limit must be between 1 and 100", "limit", "parameter_invalid_integer")
    return limit or 10


def _first(held: Table, call: Call) -> int:
    """Before it are only rows that are too old."""
    said = call.params.get("created")
    bounds = [int(said[name]) for name in ("gt", "gte") if name in said] if isinstance(said, dict) else []
    return held.since(max(bounds)) if bounds else 0


def _timely(call: Call) -> Callable[[Json], bool]:
    said = call.params.get("created")
    if said is None:
        return lambda row: True  # noqa: ARG005 - the filter's signature
    try:
        bounds = [(_BOUNDS[name], int(value)) for name, value in said.items()] if isinstance(said, dict) else []
        exact = None if isinstance(said, dict) else int(said)
    except (KeyError, ValueError):
        raise wrong("Invalid created: seconds, or gt, gte, lt, lte of them", "created") from None
    if exact is not None:
        return lambda row: bool(row["created"] == exact)
    return lambda row: all(holds(row["created"], bound) for holds, bound in bounds)
