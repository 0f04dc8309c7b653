"""A stand-in that is asked without a socket: `requests` calls it in this process, and its broken promises look as on the line."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from providers.sandbox.http.exchange import App, Request


class InProcess(BaseAdapter):
    """Mount it on a session for the stand-in's address."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Ask. What is delayed comes at once.

        Raises:
            requests.ConnectionError: the reply was lost, or the connection torn down; nobody knows whether it was done.
        """
        url = urlsplit(request.url or "")
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        target = f"{url.path}?{url.query}" if url.query else url.path
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self._app(Request(request.method or "GET", target, headers, raw))
        if reply.ending != "whole":
            raise requests.ConnectionError("the connection ended without a reply", request=request)
        response = requests.Response()
        response.status_code, response.request, response.url = reply.status, request, request.url or ""
        response.headers = CaseInsensitiveDict(reply.headers)
        response.raw = io.BytesIO(reply.body)
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Nothing is open."""


class _Session(requests.Session):
    """Passes on as it is what needs nothing of a session: an SDK's calls are whole. To merge and check them was a third of each."""

    def __init__(self, base: str, app: App) -> None:
        super().__init__()
        self.trust_env = False
        self._base, self._door = base, InProcess(app)
        self.mount(base, self._door)

    def request(self, method: Any, url: Any, *args: Any, **more: Any) -> requests.Response:
        """As of any session."""
        if args or not _WHOLE.issuperset(more) or not isinstance(more.get("data"), str | None) or not url.startswith(self._base):
            return super().request(method, url, *args, **more)
        whole = requests.PreparedRequest()
        whole.method, whole.url, whole.body = method.upper(), url, more.get("data")
        whole.headers = CaseInsensitiveDict(more.get("headers") or {})
        return self._door.send(whole)


_WHOLE = frozenset({"headers", "data", "timeout", "verify"})


def session_of(base: str, app: App) -> requests.Session:
    """A session whose calls to `base` are answered by `app`."""
    return _Session(base, app)
