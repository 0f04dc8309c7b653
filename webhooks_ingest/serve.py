"""The receiver process: settings in, a socket that answers, out on SIGTERM with nothing left half done."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import socket
from collections.abc import Iterator

import structlog
import uvicorn
import uvloop

from core.clock import Clock, SystemClock
from core.logs import configure
from core.settings import Settings
from providers.app.signature import read_keys
from webhooks_ingest.app import Door
from webhooks_ingest.bounded_http import KEEP_ALIVE_S, Bounds, bounded, look_after
from webhooks_ingest.commands import open_commands
from webhooks_ingest.envelope import Plug
from webhooks_ingest.plugs import destination, open_plugs
from webhooks_ingest.store import Store
from workers.hints import Hinter
from workers.observe.begin import begin

log = structlog.get_logger(__name__)

_BACKLOG = 1024
_GRACE_S = 8
_FILES = 8192


def main(settings: Settings) -> None:
    """Run the receiver until SIGTERM or SIGINT.

    Raises:
        ValueError: a needed setting is missing; the message names it.
        SystemExit: the port cannot be had; the message says why.
    """
    configure(settings, "receiver")
    plugs = open_plugs(settings)
    read_keys(key.get_secret_value() for key in settings.app_keys)
    url = settings.recv_database_url.get_secret_value() or settings.database_url.get_secret_value()
    if not url:
        raise ValueError(
            "BURSAR_DATABASE_URL is not set: the receiver has nowhere to store events and does not start; set it (or "
            "BURSAR_RECV_DATABASE_URL), or run `bursar up`, which brings a database"
        )
    listener = listen(settings.receiver_host, settings.receiver_port)
    begin(settings, "receiver")
    with contextlib.closing(Hinter(settings.broker_url.get_secret_value())) as hints:
        uvloop.run(serve(settings, plugs, url, hints, listener, SystemClock()))


def listen(host: str, port: int) -> socket.socket:
    """A bound socket.

    Raises:
        SystemExit: the address cannot be had; the message names it and the settings.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise SystemExit(
            f"the receiver cannot listen on {host}:{port}: {error.strerror or error}; no delivery is accepted. "
            "Stop what uses the port, or set BURSAR_RECEIVER_HOST and BURSAR_RECEIVER_PORT"
        ) from error
    return listener


async def serve(
    settings: Settings, plugs: dict[str, Plug], url: str, hints: Hinter, listener: socket.socket, clock: Clock
) -> None:
    """Answer on the listener until a signal says to stop; then finish what was begun."""
    _raise_file_limit()
    store = Store(
        url,
        hints,
        queue_size=settings.store_queue_size,
        batch_size=settings.store_batch_size,
        timeout_s=settings.store_timeout_s,
        fair_rate_per_s=settings.fair_rate_per_s,
    )
    commands = open_commands(settings, url, hints, clock)
    door = Door(
        plugs,
        destination,
        store,
        clock,
        live=settings.mode == "live",
        max_body_bytes=settings.max_body_bytes,
        body_timeout_s=None,
        commands=commands,
    )
    server = _Server(_config(settings, door))
    # What was made until now stays for good: a collection that walked it would answer nobody for 40 ms or more.
    gc.collect()
    gc.freeze()
    store.start()
    if commands is not None:
        commands.start()
    watch = asyncio.create_task(look_after(server.server_state))
    log.info("receiver_listening", address=listener.getsockname()[:2], sources=sorted(plugs), mode=settings.mode, pid=os.getpid())
    try:
        await server.serve(sockets=[listener])
    finally:
        watch.cancel()
        if commands is not None:
            await commands.close()
        await store.close()
        log.info("receiver_stopped")


class _Server(uvicorn.Server):
    """uvicorn's, except that the signal that ended it well is not raised again: the exit code is 0."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connection, finish what was begun."""
        log.info("receiver_stopping")
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _config(settings: Settings, door: Door) -> uvicorn.Config:
    # uvicorn's own loggers tell about each malformed request; those are counted instead.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    return uvicorn.Config(
        door,
        http=bounded(Bounds(settings.max_head_bytes, settings.body_timeout_s)),
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
