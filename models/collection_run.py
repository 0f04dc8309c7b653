"""A slot in which failed payments were tried again (DUN-5); what it came to is counted from its attempts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class CollectionRun(Aggregate):
    """`external_id` is the slot's instant; the totals are the view `bursar.collection_run_total`."""

    __tablename__ = "collection_run"
    NAME: ClassVar[str] = "collection_run"
    PUBLIC_PREFIX: ClassVar[str] = "crun"
    LOCK_ORDER: ClassVar[int] = 33

    slot_at: Mapped[datetime | None]
