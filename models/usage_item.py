"""What a meter of the aggregation `unique` has seen in a period."""

from __future__ import annotations

from typing import ClassVar

from models.base import Aggregate


class UsageItem(Aggregate):
    """`external_id`: the counter, and a digest of the item."""

    __tablename__ = "usage_item"
    NAME: ClassVar[str] = "usage_item"
    PUBLIC_PREFIX: ClassVar[str] = "uitm"
    LOCK_ORDER: ClassVar[int] = 101
