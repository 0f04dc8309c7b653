"""Sends one mail of the outbox: render, compose, hand over (MAIL-1). No transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.clock import SystemClock
from core.settings import Settings
from emails.languages import language_of
from emails.render import Reader, render
from providers.mail.message import compose, display_name, recipient, sender_of
from providers.mail.smtp import deliver


def send(payload: Mapping[str, Any], *, key: str, settings: Settings) -> dict[str, Any]:
    """Perform `mail.send`; the payload is {"mail": name, "to": one address, "context": {...}}, and of customers language, zone, name.

    Raises:
        Retryable, Final, Unknown: see providers.mail.smtp.
        UnknownMailError: this version has no such mail; a later one may.
    """
    words = render(payload["mail"], payload["context"], _reader(payload, settings))
    message = compose(
        sender=settings.mail_from,
        to=payload["to"],
        subject=words.subject,
        text=words.text,
        html=words.html,
        key=key,
        now=SystemClock().now(),
    )
    said = deliver(message, sender=sender_of(settings.mail_from), to=recipient(payload["to"]), settings=settings)
    return {"message_id": str(message["Message-ID"]), "answer": said}


def _reader(payload: Mapping[str, Any], settings: Settings) -> Reader:
    """Rows of before there were languages have none, and are English."""
    return Reader(
        language=language_of(payload.get("language")), zone=payload.get("zone") or "UTC", name=payload.get("name"),
        brand=display_name(settings.mail_from),
    )  # fmt: skip
