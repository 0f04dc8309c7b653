"""Real processes of the project: started with a Settings object as their environment, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from cli.embedded.processes import clean_environment, spawn
from core.settings import Settings
from tests.harness.environment import settings_env
from tests.harness.waiting import PATIENCE_S, wait_until
from tests.harness.zygote import Forked, zygote

ROOT = Path(__file__).resolve().parents[2]


class Running:
    """One started process and what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes] | Forked, log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def pid(self) -> int:
        """Its process id, which is also the id of its group."""
        return self.process.pid

    def output(self) -> str:
        """Everything that it and its children wrote so far, both streams."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """Its exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        return self.process.wait(timeout_s)

    def wait_output(self, text: str, timeout_s: float = PATIENCE_S) -> None:
        """Return when it has written that text.

        Raises:
            AssertionError: not in time, or it ended without having written it.
        """
        wait_until(lambda: text in self.output() or not self.alive(), timeout_s, what=f"{text!r} in the output")
        assert text in self.output(), f"it ended with {self.process.returncode} and wrote:\n{self.output()}"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9 of the process and of all in its group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout_s: float = PATIENCE_S) -> int:
        """SIGTERM, wait; the exit code."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)


class Processes:
    """Starts processes for one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Running] = []

    def bursar(self, *arguments: str, settings: Settings | None = None, env: dict[str, str] | None = None) -> Running:
        """`bursar ARGUMENTS...`"""
        return self.python("-m", "cli.main", *arguments, settings=settings, env=env)

    def python(self, *arguments: str, settings: Settings | None = None, env: dict[str, str] | None = None) -> Running:
        """This environment's Python, in the project's root."""
        return self.start([sys.executable, *arguments], settings=settings, env=env)

    def start(
        self, program: list[str], *, settings: Settings | None = None, env: dict[str, str] | None = None,
        cwd: Path = ROOT,
    ) -> Running:
        """Any program (absolute path first). `env` is added to a small clean environment and to the settings'."""
        log = self._folder / f"process-{len(self._running)}.log"
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        full = clean_environment() | {"HOME": os.environ.get("HOME", "/"), "PYTHONPATH": path}
        full |= {"PYTHONUNBUFFERED": "1"} | (settings_env(settings) if settings else {}) | (env or {})
        with log.open("wb") as out:
            process: subprocess.Popen[bytes] | Forked
            if program[:2] == [sys.executable, "-m"] and "PYTHONPATH" not in (env or {}):
                _, _, module, *arguments = program
                process = zygote().start(module, arguments, env=full, cwd=cwd, out=out.fileno(), err=out.fileno())
            else:
                process = spawn(program, user=None, log=out, stop_signal=signal.SIGKILL, cwd=cwd, env=full)
        running = Running(process, log)
        self._running.append(running)
        return running

    def close(self) -> None:
        """Kill what still runs; its output goes to the test's report."""
        for running in self._running:
            running.kill()
            print(f"--- output of process {running.pid} ---\n{running.output()[-8000:]}")  # noqa: T201
