"""Our Python processes, forked from one that has imported everything: they share its memory and start at once.

Each is in a session of its own (the terminal's Ctrl-C reaches only the supervisor) and dies with the supervisor, also
by kill -9; so do the pool processes that it forks in turn.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cli.supervisor.title import set_title
from core.clock import monotonic_s

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass
class Child:
    """One process that is kept running."""

    name: str
    work: Callable[[], object]
    log: Path | None
    """Where its output goes; None: our own terminal."""
    lasting: bool = True
    """Started again when it ends; else it runs once."""
    pid: int | None = None
    started_at_s: float = 0.0
    wait_s: float = _FIRST_WAIT_S
    due_at_s: float = 0.0

    def start(self, close: tuple[int, ...] = ()) -> None:
        """Fork. `close` are descriptors of the supervisor that must not live on in the child."""
        sys.stdout.flush()
        sys.stderr.flush()
        self.started_at_s = monotonic_s()
        supervisor = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                for descriptor in close:
                    os.close(descriptor)
                self._settle(supervisor)
                code = _run(self.work)
            finally:
                os._exit(code)

    def ended(self) -> str | None:
        """Reap it; how it ended in words, or None while it runs (or is not started)."""
        if self.pid is None:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.kill_group()  # what it forked must not go on without it
        self.pid = None
        code = os.waitstatus_to_exitcode(status)
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def back_off(self) -> float:
        """Plan the next start: at once-ish after a good while, later and later after quick deaths; the wait in s."""
        now = monotonic_s()
        if now - self.started_at_s > _LONGEST_WAIT_S:
            self.wait_s = _FIRST_WAIT_S
        wait = self.wait_s
        self.due_at_s = now + wait
        self.wait_s = min(self.wait_s * 2, _LONGEST_WAIT_S)
        return wait

    def is_due(self) -> bool:
        """Whether it shall be started now."""
        once = not self.lasting and self.started_at_s > 0
        return not once and self.pid is None and monotonic_s() >= self.due_at_s

    def terminate(self) -> None:
        """Ask it to end."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill_group(self) -> None:
        """kill -9 of it and all that it forked."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def _settle(self, supervisor: int) -> None:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        _LIBC.prctl(_PR_SET_NAME, f"bursar {self.name}"[:15].encode(), 0, 0, 0)
        set_title(f"bursar up: {self.name}")
        _die_with(supervisor)
        os.register_at_fork(before=_remember_parent, after_in_child=_die_with_parent)
        if self.log is not None:
            _redirect(self.log)


_parent: list[int] = [0]


def _remember_parent() -> None:
    _parent[0] = os.getpid()


def _die_with_parent() -> None:
    _die_with(_parent[0])


def _die_with(parent: int) -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # it died before we asked


def _redirect(log: Path) -> None:
    with Path(os.devnull).open("rb") as nothing, log.open("ab") as out:
        os.dup2(nothing.fileno(), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115 - lives as long as we do
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115


def _run(work: Callable[[], object]) -> int:
    """Its exit code. Nothing may climb out of here: above is the supervisor's own stack."""
    try:
        work()
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        print(leaving.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 - reported, and the process ends
        traceback.print_exc()
        return 1
    else:
        return 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
