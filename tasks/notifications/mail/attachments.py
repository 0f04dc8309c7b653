"""What goes along with a mail: a legal document, named in the mail's payload, rendered at the moment of sending.

Rendering is reproducible, so a mail that is tried again carries the same bytes. Where each kind of document comes from
is a line in `SOURCES`; that it may not exist yet is said by Retryable, and the mail waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file."""

    name: str
    """As the reader's computer stores it: letters, digits, dots and dashes."""
    media_type: str
    content: bytes


Source = Callable[[Connection, str], Attachment]

SOURCES: Mapping[str, Source] = {}
"""Kind of document -> how it is rendered. A reference is `<kind>:<reference>`, such as `document:BRS-2026-000042`."""


class UnknownDocumentError(RuntimeError):
    """A document of a kind that this version cannot render; the mail waits for one that can."""


def attachment(connection: Connection, document: str) -> Attachment:
    """The file of a mail's `document`.

    Raises:
        UnknownDocumentError: nothing here renders such a document.
    """
    kind, _, reference = document.partition(":")
    source = SOURCES.get(kind)
    if source is None:
        raise UnknownDocumentError(f"nothing renders a document of kind {kind!r}: nothing was sent, the mail waits")
    return source(connection, reference)
