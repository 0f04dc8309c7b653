"""A large play is several shops side by side: each with its own customers, database, Stripe, PayPal and clock, in a process of its own.

Shops know nothing of each other, so what comes of each depends on the play's options alone, and so does the sum of all: it is the
same however many of them are played at a time.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from cli.embedded.processes import spawn, stop
from cli.simulate.found import Found, Pace
from cli.simulate.ground import on_processor
from cli.simulate.year import Wanted

CUSTOMERS = 500
"""Of a shop, at most. Smaller ones would pay more for their days (each day costs something, however little is done in it)."""
_STDERR = 2
_LOOK_S = 0.05
_STOP_S = 60.0
_SEED_BYTES = 6


@dataclass(frozen=True, slots=True)
class Played:
    """What a shop's process says at its end."""

    found: Found
    pace: Pace


class ShopFailedError(Exception):
    """A shop did not come to its end."""


def usual_shops(customers: int) -> int:
    """As many as they need."""
    return -(-customers // CUSTOMERS)


def of_shop(wanted: Wanted, shop: int) -> Wanted:
    """What is played in the shop of this number, from 1 on: its share of the customers, and chance of its own."""
    share, rest = divmod(wanted.customers, wanted.shops)
    return replace(wanted, customers=share + (shop <= rest), seed=_seed(wanted.seed, shop), shop=shop, whole=wanted)


def _seed(seed: int, shop: int) -> int:
    """The first shop's is the play's own."""
    if shop == 1:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}:{shop}".encode()).digest()[:_SEED_BYTES])


def play_shops(wanted: Wanted, options: list[str]) -> list[Played]:
    """Play all, as many at a time as there are processors; what came of each, in order.

    Args:
        wanted: the whole play.
        options: of the command, as its user gave them.

    Raises:
        ShopFailedError: one did not come to its end; it has said why, and the others were stopped.
    """
    waiting, free = list(range(1, wanted.shops + 1)), sorted(os.sched_getaffinity(0))
    running: dict[int, tuple[int, subprocess.Popen[bytes]]] = {}
    with tempfile.TemporaryDirectory(prefix="bursar-shops-") as folder:
        try:
            while waiting or running:
                while waiting and free:
                    shop, processor = waiting.pop(0), free.pop(0)
                    running[shop] = processor, _started(shop, processor, options, Path(folder))
                time.sleep(_LOOK_S)
                for shop, (processor, process) in list(running.items()):
                    if process.poll() is None:
                        continue
                    del running[shop]
                    free.append(processor)
                    if process.returncode != 0:
                        raise ShopFailedError(
                            f"shop {shop} of {wanted.shops} did not come to its end (exit code {process.returncode}): "
                            "what it said stands above; nothing was counted"
                        )
        finally:
            for _, process in running.values():
                stop(process, signal.SIGTERM, timeout_s=_STOP_S)
        return [_read(Path(folder), shop) for shop in range(1, wanted.shops + 1)]


def write(path: Path, played: Played) -> None:
    """For whoever started this process."""
    path.write_bytes(msgspec.json.encode(played))


def _read(folder: Path, shop: int) -> Played:
    return msgspec.json.decode((folder / f"{shop}.json").read_bytes(), type=Played)


def _started(shop: int, processor: int, options: list[str], folder: Path) -> subprocess.Popen[bytes]:
    told = ["--shop", str(shop), "--tell", str(folder / f"{shop}.json")]
    with on_processor(processor):
        return spawn(
            [sys.executable, "-m", "cli.main", "simulate", *options, *told], user=None, log=_STDERR, stop_signal=signal.SIGTERM,
            env=dict(os.environ),
        )  # fmt: skip
