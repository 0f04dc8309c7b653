"""Sends one mail of the outbox: render, compose, hand over (MAIL-1). No transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.clock import SystemClock
from core.settings import Settings
from emails.render import render
from providers.mail.message import compose, recipient, sender_of
from providers.mail.smtp import deliver


def send(payload: Mapping[str, Any], *, key: str, settings: Settings) -> dict[str, Any]:
    """Perform `mail.send`; the payload is {"mail": name, "to": one address, "context": {...}}.

    Raises:
        Retryable, Final, Unknown: see providers.mail.smtp.
        UnknownMailError: this version has no such mail; a later one may.
    """
    words = render(payload["mail"], payload["context"])
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
