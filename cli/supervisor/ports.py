"""Which ports a copy of Bursar uses."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.errors import EmbeddedError
from cli.embedded.ports import LOOPBACK, is_free, remembered
from core.clock import monotonic_s

_FORMER_TIMEOUT_S = 3.0
"""After a kill -9 of the supervisor its services need a moment to let go of their ports."""


@dataclass(frozen=True)
class Ports:
    """One copy's ports, all on the loopback."""

    receiver: int
    flower: int
    metrics: int
    postgres: int
    redis: int


def choose(home: Path, base: int | None) -> Ports:
    """N to N+4 for a base N; else 8000 and 5555 (or what BURSAR_*_PORT say) and free ones kept in the home.

    Raises:
        EmbeddedError: a port that must be used is taken.
    """
    if base is not None:
        ports = Ports(*range(base, base + 5))
        _check({name: getattr(ports, name) for name in ("receiver", "flower", "metrics", "postgres", "redis")})
        return ports
    receiver = int(os.environ.get("BURSAR_RECEIVER_PORT", "8000"))
    flower = int(os.environ.get("BURSAR_FLOWER_PORT", "5555"))
    _check({"receiver": receiver, "flower": flower})
    metrics = os.environ.get("BURSAR_METRICS_PORT")
    return Ports(
        receiver, flower, int(metrics) if metrics else remembered(home, "metrics"),
        remembered(home, "postgres"), remembered(home, "redis"),
    )


def _check(wanted: dict[str, int]) -> None:
    deadline = monotonic_s() + _FORMER_TIMEOUT_S
    while taken := {name: port for name, port in wanted.items() if not is_free(port)}:
        if monotonic_s() > deadline:
            names = ", ".join(f"{port} ({name})" for name, port in taken.items())
            raise EmbeddedError(
                f"in use on {LOOPBACK} by another program: port {names}. Stop that program, "
                "or choose other ports with --port-base N (N to N+4 must be free)"
            )
        time.sleep(0.05)
