"""Gives each check of the doctor an end: a server that takes the connection and never answers must not silence the rest.

Time-outs of the libraries do not see all of it: a frozen PostgreSQL completes the handshake and keeps its statements for
ever, because the time-out that would end them runs in the server. So the checks run in a thread that can be left behind.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

from cli.checks.finding import Finding, fail

PATIENCE_S = 10.0
"""Seconds without a further finding until the checks of one part are given up."""


def bounded(check: str, then: str, found: Callable[[], Iterator[Finding]], patience_s: float) -> Iterator[Finding]:
    """The findings of `found` as they come; if none comes for `patience_s`, a fault named `check` and no more of them.

    Raises:
        Exception: whatever `found` raises.
    """
    said: queue.Queue[Finding | Exception | None] = queue.Queue(maxsize=1)

    def work() -> None:
        try:
            for finding in found():
                said.put(finding)
        except Exception as error:  # noqa: BLE001  # raised again by the one who waits
            said.put(error)
        else:
            said.put(None)

    # A daemon: it may never come back, and the command ends all the same.
    threading.Thread(target=work, name=f"doctor {check}", daemon=True).start()
    while True:
        try:
            heard = said.get(timeout=patience_s)
        except queue.Empty:
            yield fail(
                check,
                f"no answer within {patience_s:g} s: it takes connections and does nothing (frozen, or out of disk or "
                "memory); the checks that need it were left out",
                then,
            )
            return
        if heard is None:
            return
        if isinstance(heard, Exception):
            raise heard
        yield heard
