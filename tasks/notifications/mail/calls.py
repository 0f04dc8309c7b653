"""Sends one mail of the outbox: whether at all, render, compose, hand over (MAIL-1, MAIL-3). No transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError

from billing.rules.mail_address import digest, normalised
from core import failpoints
from core.settings import Settings
from emails.catalogue import CATALOGUE, UnknownMailError
from emails.languages import language_of
from emails.render import Reader, render
from providers.errors import Final, Retryable, Unknown
from providers.mail.message import Enclosure, compose, display_name, recipient, reference_of, return_address, sender_of
from providers.mail.smtp import AddressRefusedError, deliver, server_of
from tasks.notifications.mail import track
from tasks.notifications.mail.attachments import attachments, with_number
from tasks.notifications.mail.leave import leave_link
from tasks.notifications.mail.tokens import with_link
from workers.context import Context

log = structlog.get_logger(__name__)
_FATES: tuple[tuple[type[Exception], str], ...] = ((Unknown, "unknown"), (Final, "refused"), (Retryable, "deferred"))


def send(payload: Mapping[str, Any], *, key: str, settings: Settings, context: Context) -> dict[str, Any]:
    """Perform `mail.send`: the one place from which mail leaves, and the one that knows who gets none.

    Args:
        payload: {"mail": name, "to": one address, "context": {...}}; of customers also language, zone, name, subscriber; `document`
            names what goes along, `token` whose link is made now.
        key: the business key: one mail, one Message-ID.
        settings: of this process.
        context: for the mail's own row.

    Raises:
        Retryable, Final, Unknown: see providers.mail.smtp. A customer who is blocked, or has no mailbox, is no error: it is settled.
        UnknownMailError: this version has no such mail; a later one may.
    """
    entry = CATALOGUE.get(payload["mail"])
    if entry is None:
        raise UnknownMailError(f"there is no mail {payload['mail']!r} in emails/catalogue.py; nothing was sent")
    server_of(settings)  # without a server the mail waits, and has no row of its own yet
    language = "en" if entry.operators else language_of(payload.get("language"))
    with context.engine.begin() as connection:
        fate, why = track.begin(
            connection, key=key, reference=reference_of(key), mail=entry.name, language=language, to=payload["to"],
            subscriber=payload.get("subscriber"), transactional=entry.transactional, now=context.clock.now(),
        )  # fmt: skip
    if fate != "sending":
        return {"not_sent": fate, "because": why}
    try:
        said = _send(payload, key, language, settings, context, leaves=not entry.transactional)
    except AddressRefusedError as error:
        if entry.operators:
            # Whoever should act hears nothing: the others must, so this is a dead call and no quiet end.
            _end(context, key, "refused", str(error))
            raise
        _refused(context, key, payload["to"], str(error))
        return {"not_sent": "bounced", "because": str(error)}
    except (Retryable, Final, Unknown) as error:
        _end(context, key, next(fate for kind, fate in _FATES if isinstance(error, kind)), str(error))
        raise
    failpoints.reach("mail.sent")
    _end(context, key, "nothing" if said is None else "sent", said or "there is nothing to send any more")
    return {"message_id": reference_of(key), "answer": said} if said else {"not_sent": "nothing"}


def _send(payload: Mapping[str, Any], key: str, language: str, settings: Settings, context: Context, *, leaves: bool) -> str | None:
    """The server's answer; None: the mail's link is not wanted any more."""
    now = context.clock.now()
    whole = with_link(payload, settings=settings, now=now)
    if whole is None:
        return None
    if "document" in whole:
        with context.engine.connect() as connection:
            whole = with_number(connection, whole)
    sender = sender_of(settings.mail_from)
    leave = leave_link(context, whole["mail"], whole["to"]) if leaves else None
    reader = Reader(
        language=language, zone=whole.get("zone") or "UTC", name=whole.get("name"), brand=display_name(settings.mail_from), leave=leave
    )
    words = render(whole["mail"], whole["context"], reader)
    message = compose(
        sender=settings.mail_from, to=whole["to"], subject=words.subject, text=words.text, html=words.html, key=key, now=now,
        language=language, enclosures=_enclosures(context, whole.get("document")), leave=leave,
    )  # fmt: skip
    back_to = return_address(settings.mail_bounces_to, sender, key)
    return deliver(message, sender=back_to, to=recipient(whole["to"]), settings=settings)


def _enclosures(context: Context, document: str | None) -> list[Enclosure]:
    if document is None:
        return []
    with context.engine.connect() as connection:
        return [Enclosure(file.name, file.media_type, file.content) for file in attachments(connection, document)]


def _end(context: Context, key: str, fate: str, answer: str) -> None:
    """Written down if the database lets us: what the server has taken is not tried again because of this row."""
    try:
        with context.engine.begin() as connection:
            track.end(connection, key, fate, answer, context.clock.now())
    except OperationalError as error:
        log.warning("mail_fate_not_written", key=key, fate=fate, error=type(error).__name__, effect="its row says that it is being sent")


def _refused(context: Context, key: str, to: str, said: str) -> None:
    """There is no such mailbox: this mail is settled, and no other goes there."""
    with context.engine.begin() as connection:
        track.end(connection, key, "bounced", said, context.clock.now())
        track.block(context, connection, address=normalised(to), sha256=digest(to), because="bounced", key=key, said=said)
