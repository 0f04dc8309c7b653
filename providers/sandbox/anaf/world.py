"""What the stand-in of ANAF knows: uploads in the order in which they came, its clock, who may speak for whom, what was called."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from core.clock import Clock, SystemClock

FIRST_INDEX, FIRST_ANSWER = 5_000_000_001, 3_000_000_001


@dataclass(slots=True, kw_only=True)
class Config:
    """How it behaves; changed by the order `config`."""

    processing_s: int = 0
    """So long an upload stays in work; while it is, no list shows it."""
    refuse_duplicates: bool = True
    """The same bytes again: refused at the door, naming the first number."""
    access_days: int = 90
    refresh_days: int = 365
    rotate: bool = True
    """A refresh ends the token that it was made with."""
    status_a_day: int = 50
    downloads_a_day: int = 10
    most_listed: int = 500
    """The simple list shows no more and is an error instead; the paged one has so many to a page."""
    no_right_for: list[str] = field(default_factory=list)
    """Fiscal numbers for which whoever logged in has no right."""


@dataclass(slots=True, kw_only=True)
class Upload:
    """One upload. `errors`: what was found wrong; empty: accepted."""

    index: str
    answer: str
    cif: str
    path: str
    body: str
    sha256: str
    number: str | None
    at: datetime
    done_at: datetime
    errors: list[str]
    readable: bool = True


class World:
    """All of it, under one lock."""

    def __init__(self, config: Config | None = None, clock: Clock | None = None) -> None:
        self.config = config or Config()
        self.lock = threading.RLock()
        self.uploads: list[Upload] = []
        self.calls: list[dict[str, Any]] = []
        self.codes: set[str] = set()
        self.access: dict[str, datetime] = {}
        self.refresh: dict[str, datetime] = {}
        self.asked: dict[str, int] = {}
        self.next_errors: list[list[str]] = []
        self.offset = timedelta()
        self.frozen_at: datetime | None = None
        self._clock = clock or SystemClock()

    def now(self) -> datetime:
        """Its time."""
        return self.frozen_at or self._clock.now() + self.offset

    def take(self, path: str, cif: str, body: bytes) -> Upload:
        """Take a document in; it is decided when `processing_s` are over."""
        number, errors, readable = _read(body)
        if self.next_errors:
            errors = self.next_errors.pop(0) or errors
        made = Upload(
            index=str(FIRST_INDEX + len(self.uploads)), answer=str(FIRST_ANSWER + len(self.uploads)), cif=cif, path=path,
            body=body.decode("utf-8", "replace"), sha256=hashlib.sha256(body).hexdigest(), number=number, at=self.now(),
            done_at=self.now() + timedelta(seconds=self.config.processing_s), errors=errors, readable=readable,
        )  # fmt: skip
        self.uploads.append(made)
        return made

    def same(self, body: bytes) -> Upload | None:
        """An earlier upload of these bytes that was not refused."""
        digest = hashlib.sha256(body).hexdigest()
        return next((one for one in self.uploads if one.sha256 == digest and not one.errors), None)

    def by(self, name: str, value: str) -> Upload | None:
        """The upload with that `index` or `answer`."""
        return next((one for one in self.uploads if getattr(one, name) == value), None)

    def count(self, what: str, name: str) -> int:
        """How often that was asked today, this time included."""
        key = f"{what}:{name}:{self.now().astimezone(UTC).date()}"
        self.asked[key] = self.asked.get(key, 0) + 1
        return self.asked[key]

    def shown(self) -> list[dict[str, Any]]:
        """All uploads, oldest first, without their bytes."""
        return [
            {**asdict(one), "body": len(one.body), "at": one.at.isoformat(), "done_at": one.done_at.isoformat()} for one in self.uploads
        ]


def _read(body: bytes) -> tuple[str | None, list[str], bool]:
    """(number, errors, whether it is XML at all)."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - a stand-in, fed by tests
    except ElementTree.ParseError as error:
        return None, [f"Fisierul transmis nu este valid: {error}"], False
    number = next((child.text for child in root if child.tag.rpartition("}")[2] == "ID"), None)
    errors = [] if number else ["E: validari globale eroare regula: BR-02: Factura trebuie sa aiba un numar"]
    return number, errors, True
