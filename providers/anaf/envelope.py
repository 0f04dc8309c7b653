"""ANAF's answers, read back from the inbox: nothing of them comes through a door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing.rules.facts.event import Event
from providers.answer import read_back

SOURCE = "anaf"


def parse(body: bytes, *, inbox_id: int, received_at: datetime, headers: Mapping[str, str]) -> Event:
    """Read an answer back.

    Raises:
        UnparsableBody: the bytes are none, or came through a door, which ANAF does not have.
    """
    return read_back(SOURCE, "ANAF", body, inbox_id=inbox_id, received_at=received_at, headers=headers)
