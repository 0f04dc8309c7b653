"""Keeps the stand-in's state in a file, so that a copy that is started again finds its uploads and its login where they were."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from providers.sandbox.anaf.world import Upload, World


def save(world: World, path: Path) -> None:
    """Write the state; a kill in the middle leaves the former file."""
    with world.lock:
        state = {
            "uploads": [asdict(one) for one in world.uploads], "access": world.access, "refresh": world.refresh,
            "offset_s": world.offset.total_seconds(),
        }  # fmt: skip
        text = json.dumps(state, default=datetime.isoformat)
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def load(world: World, path: Path) -> None:
    """Go on from the file, if there is one."""
    if not path.exists():
        return
    state = json.loads(path.read_text(encoding="utf-8"))
    with world.lock:
        world.uploads = [
            Upload(**{**one, **{name: datetime.fromisoformat(one[name]) for name in ("at", "done_at")}}) for one in state["uploads"]
        ]
        world.access = {token: datetime.fromisoformat(at) for token, at in state["access"].items()}
        world.refresh = {token: datetime.fromisoformat(at) for token, at in state["refresh"].items()}
        world.offset = timedelta(seconds=state["offset_s"])
