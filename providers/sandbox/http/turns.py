"""What the control APIs of stand-ins do alike: turn the clock, change settings, and cut a connection as a fault says."""

from __future__ import annotations

import threading
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, Protocol

from providers.sandbox.http.exchange import Reply
from providers.sandbox.http.faults import Fault


class Clocked(Protocol):
    """A world with a clock of its own."""

    offset: timedelta
    frozen_at: datetime | None


def turn_clock(world: Clocked, told: dict[str, Any]) -> None:
    """`at` (stands still there), `advance_s` or `run`."""
    if "at" in told:
        world.frozen_at = datetime.fromisoformat(told["at"])
    if "advance_s" in told:
        step = timedelta(seconds=told["advance_s"])
        world.offset += step
        world.frozen_at = None if world.frozen_at is None else world.frozen_at + step
    if told.get("run"):
        world.frozen_at = None


def configure(config: Any, told: dict[str, Any]) -> dict[str, Any]:
    """Change the settings that are named, fields of a dataclass; all of them.

    Raises:
        ValueError: there is no such setting; none was changed.
    """
    known = {each.name for each in fields(config)}
    if not set(told) <= known:
        raise ValueError(f"the settings are {', '.join(sorted(known))}")
    for name, value in told.items():
        setattr(config, name, value)
    return asdict(config)


def cut_before(fault: Fault, stopping: threading.Event) -> Reply | None:
    """How a fault ends the connection before anything was done; None: it does not."""
    if fault.kind == "reset_before":
        return Reply(ending="reset")
    if fault.kind == "hold_before":
        stopping.wait(fault.seconds)
        return Reply(ending="closed")
    return None


def cut_after(fault: Fault, reply: Reply, stopping: threading.Event) -> Reply:
    """What a fault leaves of the reply when the work is done."""
    if fault.kind == "lost_reply":
        return Reply(ending="closed")
    if fault.kind == "hold_after":
        stopping.wait(fault.seconds)
        return Reply(ending="closed")
    return Reply(reply.status, reply.body, reply.headers, drip_s=fault.seconds) if fault.kind == "slow" else reply
