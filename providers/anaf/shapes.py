"""ANAF's stored answers -> facts."""

from __future__ import annotations

import base64
from typing import get_args

from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.base import Version
from billing.rules.facts.efactura import EfacturaPapersFact, EfacturaStatusFact, State
from billing.rules.facts.event import Event
from providers import fields
from providers.anaf import read
from providers.errors import UnparsableBody


def answer(event: Event) -> AnswerFact:
    """The answer to an upload.

    Raises:
        UnparsableBody: it is none that we stored.
    """
    told = fields.mapping(event.envelope, "answer")
    outcome = fields.needed(told, "outcome")
    if outcome not in ("accepted", "refused"):
        raise UnparsableBody(f"an answer is accepted or refused, not {outcome!r}")
    refused = outcome == "refused"
    return AnswerFact(
        source=event.source,
        external_id=fields.needed(told, "request_ref"),
        version=_version(event),
        submission=fields.needed(told, "submission"),
        operation=fields.needed(told, "operation"),
        request_type=fields.needed(told, "request_type"),
        outcome="refused" if refused else "accepted",
        object_ref=None if refused else fields.needed(event.object, "index"),
        error_code=fields.optional(event.object, "code") if refused else None,
        error_message=fields.optional(event.object, "message") if refused else None,
    )


def status(event: Event) -> EfacturaStatusFact:
    """How an upload stands.

    Raises:
        UnparsableBody: it is no such answer.
    """
    said = event.object
    state = next((one for one in get_args(State) if one == said.get("state")), None)
    if state is None:
        raise UnparsableBody(f"a message of ANAF has no state {said.get('state')!r}")
    return EfacturaStatusFact(
        source=event.source, external_id=fields.needed(said, "document"), version=_version(event), attempt=_attempt(event), state=state,
        download_id=fields.optional(said, "download_id"), errors=fields.optional(said, "errors"),
    )  # fmt: skip


def papers(event: Event) -> EfacturaPapersFact:
    """What a download held.

    Raises:
        UnparsableBody: it is no ZIP with the ministry's answer in it.
    """
    said, archive = event.object, fields.optional(event.object, "archive")
    found = None if archive is None else read.papers(base64.b64decode(archive))
    return EfacturaPapersFact(
        source=event.source, external_id=fields.needed(said, "document"), version=_version(event), attempt=_attempt(event),
        answer=None if found is None else found.answer, signature=None if found is None else found.signature,
        errors=None if found is None else found.errors,
    )  # fmt: skip


def _version(event: Event) -> Version:
    return Version(1, event.occurred_at, 0, event.id)


def _attempt(event: Event) -> int:
    attempt = fields.whole(event.object, "attempt")
    if not isinstance(attempt, int):
        raise UnparsableBody("an answer of ANAF does not say of which attempt")
    return attempt
