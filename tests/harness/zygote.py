"""Starts the project's processes by a fork of one that has imported everything: 50 ms instead of 2 s of a processor each.

They are real processes: of their own session, environment, streams and memory, killed and reaped as any other. One such
parent per test worker, which dies with it and takes its children along.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_MESSAGE = 1 << 20
# What reads its settings while it is imported (workers.app) is left to the child, which has its own.
_PRELOADED = (
    "celery.app.amqp", "celery.app.control", "celery.app.events", "celery.app.log", "celery.apps.beat", "celery.apps.worker",
    "celery.bin.celery", "celery.bin.worker", "celery.concurrency.prefork", "celery.concurrency.thread", "celery.worker.autoscale",
    "celery.worker.consumer", "cli.audit", "cli.confirm", "cli.doctor", "cli.inbox", "cli.outbox", "cli.schedule", "httptools",
    "kombu.transport.pyamqp", "kombu.transport.redis", "models.aggregates", "prometheus_client", "starlette.applications", "uvicorn",
    "workers.routing",
)  # fmt: skip


class Forked:
    """A process that the parent forked, as `subprocess.Popen` would show it."""

    def __init__(self, pid: int, told: IO[bytes], files: tuple[IO[bytes], ...] = ()) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._told = told
        self._files = files

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self._read()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self._read()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """To the process alone; one that has ended gets nothing."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait; what it wrote to both streams, where they went to files of its own."""
        self.wait(timeout)
        said = []
        for file in self._files:
            file.seek(0)
            said.append(file.read().decode())
            file.close()
        out, err = said
        return out, err

    def _read(self) -> None:
        text = self._told.read()
        self._told.close()
        self.returncode = int(text or -signal.SIGKILL)


class Zygote:
    """The parent, as its test worker sees it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        program = [sys.executable, "-m", "tests.harness.zygote", str(theirs.fileno()), str(os.getpid())]
        self._process = subprocess.Popen(program, pass_fds=[theirs.fileno()], cwd=Path(__file__).resolve().parents[2])
        theirs.close()

    def alive(self) -> bool:
        """Whether it still serves."""
        return self._process.poll() is None

    def start(
        self, module: str, arguments: list[str], *, env: dict[str, str], cwd: Path, out: int, err: int, files: tuple[IO[bytes], ...] = ()
    ) -> Forked:
        """`python -m MODULE ARGUMENTS...`"""
        read, write = os.pipe()
        wanted = json.dumps({"module": module, "arguments": arguments, "env": env, "cwd": str(cwd)})
        socket.send_fds(self._socket, [wanted.encode()], [out, err, write])
        os.close(write)
        return Forked(int(self._socket.recv(32)), os.fdopen(read, "rb", buffering=0), files)


_zygotes: dict[int, Zygote] = {}


def zygote() -> Zygote:
    """This test worker's."""
    pid = os.getpid()
    if pid not in _zygotes or not _zygotes[pid].alive():
        _zygotes[pid] = Zygote()
    return _zygotes[pid]


def _serve(link: socket.socket) -> None:
    """Fork what is asked for, and tell how each ended, until the test worker is gone."""
    children = dict[int, int]()
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watched = [link.fileno(), awake]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if awake in ready:
            os.read(awake, 4096)
            _reap(children)
        if link.fileno() in ready:
            message, descriptors, _, _ = socket.recv_fds(link, _MESSAGE, 3)
            if not message:
                return
            out, err, told = descriptors
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for descriptor in (link.fileno(), awake, wake, told, *children.values()):
                    os.close(descriptor)
                _become(json.loads(message), out, err)
            children[pid] = told
            os.close(out)
            os.close(err)
            link.send(str(pid).encode())


def _reap(children: dict[int, int]) -> None:
    while children:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        told = children.pop(pid)
        with suppress(BrokenPipeError):  # nobody wants to know any more
            os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(told)


def _become(wanted: dict[str, Any], out: int, err: int) -> None:
    """Never returns: run the module as a process of its own would."""
    code = 1
    try:
        os.setsid()
        _die_with_parent(os.getppid())
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115 - lives as long as we do
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        os.environ.clear()
        os.environ.update(wanted["env"])
        os.chdir(wanted["cwd"])
        importlib.import_module("core.failpoints").arm_from_environment()
        sys.argv = [wanted["module"], *wanted["arguments"]]
        runpy.run_module(wanted["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if isinstance(leaving.code, str):
            sys.stderr.write(f"{leaving.code}\n")
    except BaseException:  # noqa: BLE001 - shown as the interpreter would, and the process ends
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code & 0xFF)


def _die_with_parent(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def main(descriptor: str, parent: str) -> None:
    """The parent process."""
    _die_with_parent(int(parent))
    for name in _PRELOADED:
        importlib.import_module(name)
    importlib.import_module("workers.routing").preload()
    assert "workers.app" not in sys.modules
    _serve(socket.socket(fileno=int(descriptor)))


if __name__ == "__main__":
    main(*sys.argv[1:])
