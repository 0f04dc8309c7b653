"""What the ministry says of an e-Factura after the upload: how it stands, and the papers of its decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.facts.base import Fact

State = Literal["accepted", "rejected", "processing", "unreadable", "quota"]
"""`unreadable`: not even taken in. `quota`: it could not be asked, because today's questions are used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EfacturaStatusFact(Fact):
    """How it stands. `external_id` is the document; `attempt` says of which upload, so that an old answer changes nothing."""

    AGGREGATE: ClassVar[str] = "efactura"

    attempt: int
    state: State
    download_id: str | None
    errors: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EfacturaPapersFact(Fact):
    """The ministry's answer and signature, as they came. `answer` None: today's downloads are used up."""

    AGGREGATE: ClassVar[str] = "efactura"

    attempt: int
    answer: bytes | None
    signature: bytes | None
    errors: str | None
