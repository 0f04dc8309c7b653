"""What the mails to operators about runs need to know: entries of the catalogue, apart from it by subject."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunFailureAlert:
    """What a scheduled run could not do. `item` is the newest, with its error; instants are texts in UTC."""

    job: str
    items: str
    """How many, in words where they were not all counted."""
    item: str
    error: str
    tries: int
    first_at: str
    last_at: str
    look: str
    retry: str
