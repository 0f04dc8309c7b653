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


def session_of(base: str, app: App) -> requests.Session:
    """A session whose calls to `base` are answered by `app`."""
    session = requests.Session()
    session.trust_env = False
    session.mount(base, InProcess(app))
    return session
