"""The stand-in's state in a file, so that `bursar up` finds its payments again after a restart."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from providers.sandbox.stripe.problems import Json
from providers.sandbox.stripe.world import Table, World

_FORM = 1
_EVERY_S = 1.0


def dump(world: World) -> Json:
    """Everything that a later run needs (hold the world's lock)."""
    return {
        "form": _FORM,
        "tables": {kind: {"rows": table.rows, "owner": table.owner} for kind, table in world.tables.items()},
        "balances": [[*key, *sums] for key, sums in world.balances.items()],
        "keys": world.keys, "hidden": world.hidden, "timers": world.timers, "payout_of": world.payout_of, "pending": world.pending,
        "effects": world.effects, "taken": world.taken, "offset_s": world.offset_s, "frozen_at": world.frozen_at,
        "ids": world.ids(),
    }  # fmt: skip


def load(world: World, kept: Json) -> None:
    """Take over what `dump` gave."""
    for kind, table in kept["tables"].items():
        places = {row["id"]: place for place, row in enumerate(table["rows"])}
        world.tables[kind] = Table(table["rows"], places, table["owner"])
    world.balances = {(account, currency): sums for account, currency, *sums in kept["balances"]}
    world.pending = [(due, name) for due, name in kept["pending"]]
    for name in ("keys", "hidden", "timers", "payout_of", "effects", "taken", "offset_s", "frozen_at"):
        setattr(world, name, kept[name])
    world.go_on(kept["ids"])


class Keeper:
    """Writes the state when it has changed, at most once a second, and at the end."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self._path = path
        self._written = -1
        self._over = threading.Event()
        if path.exists():
            load(world, json.loads(path.read_text(encoding="utf-8")))
        threading.Thread(target=self._run, name="sandbox keeper", daemon=True).start()

    def stop(self) -> None:
        """Write the last state."""
        self._over.set()
        self._write()

    def _run(self) -> None:
        while not self._over.wait(_EVERY_S):
            self._write()

    def _write(self) -> None:
        with self._world.lock:
            # Whatever changes takes an id: an answer's, an event's, an object's.
            count = self._world.ids()["count"]
            if count == self._written:
                return
            self._written = count
            text = json.dumps(dump(self._world))
        fresh = self._path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self._path)
