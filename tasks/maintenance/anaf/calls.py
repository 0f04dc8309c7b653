"""Calls at ANAF, claimed from the outbox: uploads as submissions, questions as look-ups.

ANAF knows no idempotency keys. So an upload whose reply was lost is never sent again before the ministry's list was
searched for it for a day: that list shows a document only after it was worked on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from billing.rules.paper.poll_plan import tomorrow
from core.settings import Settings
from models.database import connect
from providers.anaf import answers, client, read
from providers.answer import Answer
from providers.errors import Final, NotConfigured, RateLimited, Retryable, UnparsableBody
from providers.submission import Flight
from tasks.maintenance.anaf_token import access, refresh

log = structlog.get_logger(__name__)

UNLISTED_FOR = timedelta(hours=24)
"""So long a document may be in work there without being listed; only then it counts as not received."""
_MOST_LOOKED_INTO = 50
"""Messages that one search opens; each may be opened ten times a day."""
_DAY = timedelta(days=1)

_PAPER = """SELECT content FROM bursar.efactura_paper WHERE efactura_ref = %(ref)s AND attempt = %(attempt)s AND kind = 'ubl'"""
_KNOWN = "SELECT upload_index FROM bursar.efactura WHERE upload_index = ANY(%(indices)s)"

T = TypeVar("T")


def submit(flight: Flight, *, settings: Settings, at: datetime) -> Answer:
    """Upload the kept bytes.

    Raises:
        Retryable: it surely was not taken in.
        Unknown: nobody can say; the list is searched next.
        Final: the bytes are not there, or not those that were to be sent.
    """
    said = json.loads(flight.body)
    document = _document(flight.request_ref, said, settings)
    try:
        outcome, found = _with_token(settings, at, lambda token: client.upload(flight.path, document, settings, token))
    except client.QuotaUsedUp as error:
        raise RateLimited(str(error), (tomorrow(at) - at).total_seconds()) from error
    if "duplicate" in found:
        log.warning("efactura_sent_before", document=flight.request_ref, upload_index=found["index"], said=found["duplicate"])
    return answers.make(flight, found, outcome, at)


def key_ended(flight: Flight, at: datetime) -> bool:  # noqa: ARG001 - the machine's contract
    """Always: ANAF never knew a key, so what may have been sent is looked for."""
    return True


def look_up(flight: Flight, *, settings: Settings, at: datetime) -> Answer | None:
    """The upload, found in the ministry's list by the number or the bytes of the document; None: it was not received.

    Raises:
        Retryable: the list cannot be read, or it is too early to say.
    """
    said = json.loads(flight.body)
    days = (at - flight.sent_at) // _DAY + 2
    try:
        listed = _with_token(settings, at, lambda token: client.messages(said["cif"], days, "T", settings, token, at))
        found = _found(_strangers(listed, settings), said, settings, at)
    except client.QuotaUsedUp as error:
        raise RateLimited(str(error), (tomorrow(at) - at).total_seconds()) from error
    if found is not None:
        log.info("efactura_found_in_list", document=flight.request_ref, upload_index=found)
        return answers.make(flight, {"index": found}, "accepted", at)
    if at - flight.sent_at < UNLISTED_FOR:
        raise Retryable(
            f"{flight.request_ref} is not in ANAF's list yet; what is in work there is not listed, so it is sent again only if it is not "
            f"there {UNLISTED_FOR // timedelta(hours=1)} h after it was sent"
        )
    return None


def fetch(payload: Mapping[str, Any], *, key: str, settings: Settings, at: datetime) -> Answer | dict[str, Any]:
    """Ask for the status of an upload, for the papers of a decision, or for new tokens.

    Raises:
        Retryable, Final: as `client`.
    """
    if payload["what"] == "token":
        return {"access_ends_at": refresh(settings, at).access_ends_at.isoformat()}
    told = payload["lane"], payload["document"], payload["attempt"]
    try:
        if payload["what"] == "status":
            found = _with_token(settings, at, lambda token: client.status(payload["id"], settings, token))
            return answers.told_status(key, *told, found, at)
        archive = _with_token(settings, at, lambda token: client.download(payload["id"], settings, token))
        return answers.told_papers(key, *told, archive, at)
    except client.QuotaUsedUp:
        make = answers.told_status if payload["what"] == "status" else answers.told_papers
        return make(key, *told, None, at)


def _with_token(settings: Settings, at: datetime, call: Callable[[str], T]) -> T:
    """The call with the token that is kept; refused, once more with a fresh one."""
    token = access(settings, at)
    try:
        return call(token)
    except client.TokenRefused:
        token = access(settings, at, stale=token)
    try:
        return call(token)
    except client.TokenRefused as error:
        raise NotConfigured(str(error)) from error


def _document(ref: str, said: Mapping[str, Any], settings: Settings) -> bytes:
    with connect(settings.database_url.get_secret_value(), "bursar_app", application="bursar-anaf") as connection:
        row = connection.execute(_PAPER, {"ref": ref, "attempt": said["paper_attempt"]}).fetchone()
    if row is None or hashlib.sha256(row[0]).hexdigest() != said["sha256"]:
        raise Final(f"the kept bytes of {ref} are gone or are not those that were to be sent; nothing was sent. Next: restore the database")
    return bytes(row[0])


def _strangers(listed: list[read.Message], settings: Settings) -> list[read.Message]:
    """Messages whose upload none of our rows knows, newest first."""
    with connect(settings.database_url.get_secret_value(), "bursar_app", application="bursar-anaf") as connection:
        rows = connection.execute(_KNOWN, {"indices": [one.upload_index for one in listed]}).fetchall()
    known = {row[0] for row in rows}
    unknown = (one for one in listed if one.upload_index not in known)
    return sorted(unknown, key=lambda one: int(one.id) if one.id.isdigit() else 0, reverse=True)


def _found(strangers: list[read.Message], said: Mapping[str, Any], settings: Settings, at: datetime) -> str | None:
    """The number of the upload that holds our document."""
    for message in strangers[:_MOST_LOOKED_INTO]:
        archive = _with_token(settings, at, lambda token, message=message: client.download(message.id, settings, token))  # type: ignore[misc]
        try:
            document = read.papers(archive).answer
            if hashlib.sha256(document).hexdigest() == said["sha256"] or read.number_of(document) == said["number"]:
                return message.upload_index
        except UnparsableBody as error:
            log.warning("anaf_message_unreadable", message=message.id, error=str(error))
    if len(strangers) > _MOST_LOOKED_INTO:
        raise Retryable(f"ANAF lists {len(strangers)} documents that we have not sent, too many to look into for {said['number']}")
    return None
