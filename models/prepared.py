"""What a connection has prepared: statements of fixed text by the names that the server knows them by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.adapt import Transformer

_MOST = 500
"""Statements that a connection keeps prepared. The server plans each anew when its tables are analysed or changed."""
Key = tuple[bytes, tuple[int, ...] | None]
"""The text, and the types of its values."""


class Prepared:
    """What one connection has prepared, and how it turns values into the server's form and back."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.transformer = Transformer(connection)
        self.columns: dict[bytes, Any] = {}
        """For who reads results: what those of a statement have in common."""
        self._names: OrderedDict[Key, bytes] = OrderedDict()
        self._seen: set[Key] = set()
        self._count = 0

    def name(self, key: Key) -> tuple[bytes | None, bool]:
        """The statement's name, and whether it is to be prepared first; None: it is used for the first time."""
        if (name := self._names.get(key)) is not None:
            self._names.move_to_end(key)
            return name, False
        if key in self._seen:
            self._count += 1
            return b"bursar_%d" % self._count, True
        if len(self._seen) >= 2 * _MOST:
            self._seen.clear()
        self._seen.add(key)
        return None, False

    def keep(self, key: Key, name: bytes) -> bytes | None:
        """Note that it is prepared; the name of one to be given up."""
        self._names[key] = name
        return self._names.popitem(last=False)[1] if len(self._names) > _MOST else None

    def drop(self, keys: Iterable[Key]) -> None:
        """They are not prepared after all."""
        for key in keys:
            self._names.pop(key, None)

    def forget(self) -> None:
        """Prepare all anew."""
        self._names.clear()
        self.columns.clear()
