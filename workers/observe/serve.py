"""Serves the metrics over HTTP, from threads of the standby. A port that is taken costs them, never the sweeps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import start_http_server

from workers.context import Context
from workers.observe.collector import registry

log = structlog.get_logger(__name__)


class MetricsServer:
    """Answers GET /metrics until `close`; not started when the port was taken."""

    def __init__(self, context: Context, depth: Callable[[str], int | None]) -> None:
        settings = context.settings
        self._server: tuple[WSGIServer, threading.Thread] | None = None
        try:
            self._server = start_http_server(settings.metrics_port, settings.receiver_host, registry(context, depth))
        except OSError as error:
            log.error(
                "metrics_not_served",
                port=settings.metrics_port,
                error=str(error),
                next="set BURSAR_METRICS_PORT to a free port",
            )

    def close(self) -> None:
        """End; a scrape in hand is cut off."""
        if self._server is not None:
            server, thread = self._server
            server.shutdown()
            server.server_close()
            thread.join()
