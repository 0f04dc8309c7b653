"""What banks told: written by `told`, read back by `parse` when a worker takes the row. Nothing of it comes through a door."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from billing.rules.facts.event import Event
from billing.rules.tax.central_bank import BankName
from providers.answer import Answer, read_back
from providers.fx.client import Reply

SOURCE = "fx"
TOLD = "rates.told"


def told(bank: BankName, bases: Sequence[str], quote: str, reply: Reply, key: str, at: datetime) -> Answer:
    """An answer as an inbox row; one per question, however often its call is made. Of the file it keeps what was asked for."""
    event_id = f"told-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    wanted = {*bases, quote}
    days = {
        day.isoformat(): {currency: rate for currency, rate in sorted(rates.items()) if currency in wanted}
        for day, rates in sorted(reply.days.items())
    }
    about = {"bank": bank, "bases": list(bases), "quote": quote, "outcome": reply.outcome, "code": reply.code, "days": days}
    said = {"id": event_id, "type": TOLD, "at": at.isoformat(), "object": about}
    return Answer(
        source=SOURCE, event_id=event_id, event_type=TOLD, object_id=bank, lane=f"{SOURCE}:{bank}",
        body=msgspec.json.encode(said, order="deterministic"), occurred_at=at,
    )  # fmt: skip


def parse(body: bytes, *, inbox_id: int, received_at: datetime, headers: Mapping[str, str]) -> Event:
    """Read an answer back.

    Raises:
        UnparsableBody: the bytes are none, or came through a door, which banks do not have.
    """
    return read_back(SOURCE, "a central bank", body, inbox_id=inbox_id, received_at=received_at, headers=headers)
