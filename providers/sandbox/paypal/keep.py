"""Keeps a stand-in's state in a file, so that a copy that is started again finds its orders and payouts where they were."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from providers.sandbox.paypal.world import World

_PLAIN = ("tables", "hidden", "effects")


def save(world: World, path: Path) -> None:
    """Write the state; a kill in the middle leaves the former file."""
    with world.lock:
        state: dict[str, Any] = {name: getattr(world, name) for name in _PLAIN}
        state["keys"] = [[*name, held] for name, held in world.keys.items()]
        state["movements"] = [[moved["row"], moved["at"].isoformat(), moved["_seen_at"].isoformat()] for moved in world.movements]
        state["offset_s"], state["count"] = world.offset.total_seconds(), world.count
        text = json.dumps(state)
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def load(world: World, path: Path) -> None:
    """Go on from the file, if there is one. Objects that were one are one again."""
    if not path.exists():
        return
    state = json.loads(path.read_text(encoding="utf-8"))
    with world.lock:
        for name in _PLAIN:
            setattr(world, name, state[name])
        world.keys = {(api, key): held for api, key, held in state["keys"]}
        world.movements = [
            {"row": row, "at": datetime.fromisoformat(at), "_seen_at": datetime.fromisoformat(seen)} for row, at, seen in state["movements"]
        ]
        world.offset, world.count = timedelta(seconds=state["offset_s"]), state["count"]
        _share_again(world)


def _share_again(world: World) -> None:
    """An order shows its own captures and refunds, a key its own object: after reading, each is a copy of its own."""
    for order in world.table("order").values():
        for unit in order["purchase_units"]:
            for kind, table in (("captures", "capture"), ("refunds", "refund")):
                held = unit.get("payments", {}).get(kind)
                if held is not None:
                    unit["payments"][kind] = [world.table(table)[one["id"]] for one in held]
    for held in world.keys.values():
        made = held["shown"].get("id")
        for table in ("order", "refund", "sale_refund"):
            if made in world.table(table):
                held["shown"] = world.table(table)[made]
