"""A request and a reply, as stand-ins see them: the reply may be cut, reset or dripped, which no framework offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

Ending = Literal["whole", "closed", "reset"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read to its end. Header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's pairs in order."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Ending = "whole"
    """`closed`: the connection ends without a byte of reply; `reset`: it is torn down (RST)."""
    drip_s: float = 0.0
    """Seconds over which the body trickles out, in ten parts."""


App = Callable[[Request], Reply]


def json_reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with a JSON body; 204 has none."""
    text = b"" if status == HTTPStatus.NO_CONTENT else msgspec.json.encode(body)
    return Reply(status, text, {"Content-Type": "application/json", **(headers or {})})
