"""A RabbitMQ of one test run's worker, in the same words as the Redis stand beside it.

It is one process and its helpers: without epmd, without plugins, with data and ports of its own, killed by the kernel when the
tests die. Debian's start script would want its own user and name; the one behind it does not.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from kombu.connection import Connection

from cli.embedded import ground
from cli.embedded.logs import tail
from cli.embedded.processes import clean_environment, spawn
from core.clock import monotonic_s
from core.settings import QUEUES
from tests.harness.cluster import remove, scratch_folder
from tests.harness.ports import free_range
from tests.harness.waiting import PATIENCE_S, wait_until
from workers.broker import queues

_NEXT_TO_ERLANG = Path("/usr/lib/rabbitmq/bin")
_USER, _PASSWORD, _COOKIE = "bursar", "rabbit-of-a-test", "bursartests"
_CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{port}
default_user = {user}
default_pass = {password}
log.console = true
log.console.level = warning
disk_free_limit.absolute = 1MB
vm_memory_high_watermark.absolute = 1GB
"""
NAMES = [name for queue in QUEUES for name in (queue, f"{queue}.calls")]


def program() -> Path:
    """RabbitMQ's own start script; the test is skipped where there is none."""
    found = _NEXT_TO_ERLANG / "rabbitmq-server"
    if not found.exists() or shutil.which("erl") is None:
        pytest.skip("rabbitmq-server is not installed: apt-get install rabbitmq-server")
    return found


class Rabbit:
    """A RabbitMQ server that tests may stop, kill and start again on the same port."""

    def __init__(self) -> None:
        self._program = program()
        self.folder = scratch_folder()
        self.ground = ground.settle(self.folder / "home")
        self._data = self.ground.folder("rabbitmq")
        self.log = self.folder / "rabbitmq.log"
        self.port = free_range(3)
        self.process = self._started()

    @property
    def url(self) -> str:
        """Celery's broker URL."""
        return f"amqp://{_USER}:{_PASSWORD}@127.0.0.1:{self.port}//"

    @property
    def pid(self) -> int:
        """Of the process that everything runs in."""
        return self.process.pid

    def flush(self) -> None:
        """Forget everything: the queues and what is in them."""
        with self._connection() as connection:
            for name in NAMES:
                with connection.channel() as channel:
                    channel.queue_delete(name)

    def start(self) -> None:
        """Start again after `stop` or `kill`, with the messages that it had."""
        self.process = self._started()

    def declare(self) -> None:
        """Make the queues, as workers do when they start."""
        with self._connection() as connection:
            for queue in queues(self.url):
                queue(connection.default_channel).declare()  # type: ignore[no-untyped-call]

    def revive(self) -> None:
        """As new for the next test: up, not blocked, empty."""
        if self.process.poll() is not None:
            self.start()
        self.thaw()
        self.unblock()
        self.flush()

    def freeze(self) -> None:
        """From now on it stands still: connections stay, nobody answers."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """It dies at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def block(self) -> None:
        """Raise its alarm of memory: from now on it reads nothing from whoever publishes."""
        self.said("vm_memory_monitor:set_vm_memory_high_watermark(0.000001)")
        wait_until(lambda: "memory" in self.said("rabbit_alarm:get_alarms()"), what="the alarm of memory")

    def unblock(self) -> None:
        """End the alarm."""
        self.said("vm_memory_monitor:set_vm_memory_high_watermark({absolute,1000000000})")

    def discard(self) -> None:
        """Stop and remove everything."""
        self.kill()
        for path in {self.folder, self.ground.data}:
            remove(path)

    def _connection(self) -> Connection:
        limits = {"read_timeout": 5, "write_timeout": 5}
        return Connection(self.url, connect_timeout=5, transport_options=limits)  # type: ignore[no-untyped-call]

    def said(self, expression: str) -> str:
        """What the server answers to some Erlang; rabbitmqctl would take seconds and want epmd."""
        program = [shutil.which("erl_call") or "erl_call", "-address", f"127.0.0.1:{self.port + 1}", "-c", _COOKIE, "-e"]
        done = subprocess.run(program, input=f"{expression}.\n", capture_output=True, text=True, timeout=PATIENCE_S, check=True)
        assert done.stdout.startswith("{ok, "), done.stdout
        return done.stdout

    def publisher(self) -> str:
        """URL of a login with the only right that the receiver needs."""
        for call in (
            'add_user(<<"publisher">>, <<"secret">>, <<"test">>)',
            'set_permissions(<<"publisher">>, <<"/">>, <<"^$">>, <<"^amq\\\\.default$">>, <<"^$">>, <<"test">>)',
        ):
            self.said(f"rabbit_auth_backend_internal:{call}")
        return self.url.replace(f"{_USER}:{_PASSWORD}", "publisher:secret")

    def _environment(self) -> dict[str, str]:
        # One scheduler: the tests' machine has other work, and a node with one is up sooner.
        node = f"bursar{self.port}@localhost"
        own = f"-sname {node} -setcookie {_COOKIE} -start_epmd false -erl_epmd_port {self.port + 1}"
        return {
            "HOME": str(self._data),
            # Once a minute it looks for epmd and would start one, which would outlive it.
            "ERL_AFLAGS": "-start_epmd false",
            "ERL_EPMD_PORT": str(self.port + 2),
            "RABBITMQ_NODENAME": node,
            "RABBITMQ_MNESIA_BASE": str(self._data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._data / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._data / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._data / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{own} +S 1:1 +A 1 +SDio 1 -kernel inet_dist_use_interface {{127,0,0,1}}",
            # The script then becomes the server instead of watching over it.
            "detached": "1",
        }

    def _started(self) -> subprocess.Popen[bytes]:
        config = _CONFIG.format(port=self.port, user=_USER, password=_PASSWORD)
        (self._data / "rabbitmq.conf").write_text(config, encoding="utf-8")
        (self._data / "plugins").write_text("[].", encoding="utf-8")
        with self.log.open("ab") as out:
            process = spawn(
                [self._program], user=self.ground.user, log=out, stop_signal=signal.SIGKILL, cwd=self._data,
                env=clean_environment() | self._environment(),
            )  # fmt: skip
        deadline = monotonic_s() + PATIENCE_S
        while process.poll() is None and monotonic_s() < deadline:
            if self._answers():
                return process
            time.sleep(0.02)
        process.kill()
        raise AssertionError(f"RabbitMQ did not start on port {self.port}; its log {self.log} ends:\n{tail(self.log)}")

    def _answers(self) -> bool:
        """A whole hand-shake with login: the port is open before that."""
        with self._connection() as connection:
            try:
                connection.connect()
            except connection.connection_errors:
                return False
        return True
