"""Gets a certificate from PayPal's API host: the only call to the outside that the receiver makes, so a tightly bounded one.

https and nothing else, no redirects, no proxies from the environment, 3 s in all, 64 KiB at most. The URL has passed
`signature.check_url`; nothing here decides whether the certificate is to be trusted.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from urllib.parse import urlsplit

from core.clock import monotonic_s
from providers.refusal import Unprovable

TIMEOUT_S = 3.0
MOST_BYTES = 64 * 1024
_CHUNK = 8 * 1024
_HTTPS = 443


def fetch_certificate(
    url: str,
    *,
    context: ssl.SSLContext | None = None,
    address: tuple[str, int] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> bytes:
    """The body of `GET url`.

    Args:
        url: an https URL.
        context: TLS settings; the default verifies the host by the system's certificates.
        address: where to connect instead of the URL's host, for tests; TLS still asks for the URL's host.
        timeout_s: seconds for everything together.

    Raises:
        Unprovable: no connection, no trust, another status than 200, too much, too slow.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Unprovable("cert_url_not_https")
    deadline_s = monotonic_s() + timeout_s
    connection = _Connection(
        parts.hostname, address or (parts.hostname, _HTTPS), context or ssl.create_default_context(), deadline_s
    )
    try:
        connection.request("GET", parts.path, headers={"Accept": "application/x-pem-file, */*"})
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise Unprovable(f"cert_fetch_status_{answer.status}")
        return _read(answer, connection, deadline_s)
    except (OSError, http.client.HTTPException) as error:
        raise Unprovable(f"cert_fetch_{type(error).__name__}") from error
    finally:
        connection.close()


class _Connection(http.client.HTTPSConnection):
    """To a fixed address, with one deadline for connecting, the handshake and each read."""

    def __init__(self, host: str, address: tuple[str, int], context: ssl.SSLContext, deadline_s: float) -> None:
        super().__init__(host, _HTTPS, context=context)
        self._address, self._tls, self._deadline_s = address, context, deadline_s

    def connect(self) -> None:
        plain = socket.create_connection(self._address, timeout=_left(self._deadline_s))
        try:
            plain.settimeout(_left(self._deadline_s))
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
        self.sock.settimeout(_left(self._deadline_s))


def _read(answer: http.client.HTTPResponse, connection: _Connection, deadline_s: float) -> bytes:
    body = b""
    while True:
        if connection.sock is not None:  # None once everything has come and the server has closed
            connection.sock.settimeout(_left(deadline_s))
        chunk = answer.read1(_CHUNK)
        body += chunk
        if len(body) > MOST_BYTES:
            raise Unprovable("cert_too_large")
        if not chunk:
            return body


def _left(deadline_s: float) -> float:
    left = deadline_s - monotonic_s()
    if left <= 0:
        raise TimeoutError("the certificate took too long")
    return left
