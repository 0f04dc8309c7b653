"""An SMTP connection whose whole talk has an end: a server that sends a byte now and then meets every time-out of a step.

The outbox's claim on a mail ends some time after; a talk that outlived it would be held again by somebody else, and the
mail would go out twice.
"""

from __future__ import annotations

import smtplib
import socket
import threading
from contextlib import suppress
from typing import Any

from core.clock import monotonic_s


class Watch:
    """Cuts the connection `seconds` after this was made, wherever the talk is then; `ran_out` says so."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ran_out = False
        self._end_s = monotonic_s() + seconds
        self._line: socket.socket | None = None
        self._timer: threading.Timer | None = None

    def over(self, line: socket.socket) -> None:
        """Watch this connection."""
        # A descriptor of our own: TLS takes the other one over, and shutting the connection works through either.
        self._line = line.dup()
        self._timer = threading.Timer(max(0.0, self._end_s - monotonic_s()), self._cut)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """The talk is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._line is not None:
            self._line.close()

    def _cut(self) -> None:
        self.ran_out = True
        if self._line is not None:
            with suppress(OSError):  # it ended by itself just now
                self._line.shutdown(socket.SHUT_RDWR)


class WatchedSmtp(smtplib.SMTP):
    """smtplib's, watched from the moment at which it is connected, before the server's greeting."""

    def __init__(self, host: str, port: int, *, watch: Watch, **options: Any) -> None:
        self._watch = watch
        smtplib.SMTP.__init__(self, host, port, **options)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # smtplib's hook for this
        self._watch.over(line)
        return line


class WatchedSmtps(smtplib.SMTP_SSL, WatchedSmtp):
    """The same, encrypted from the first byte: its handshake is watched too."""

    def __init__(self, host: str, port: int, *, watch: Watch, **options: Any) -> None:
        self._watch = watch
        smtplib.SMTP_SSL.__init__(self, host, port, **options)
