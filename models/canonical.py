"""JSON as what is signed: one text for one value, whatever a round trip through jsonb does to its order (AUDIT-3)."""

from __future__ import annotations

from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical_json(value: Any) -> str:
    """JSON text that survives a round trip through jsonb: sorted keys, no blanks.

    Raises:
        TypeError: a float (jsonb would change its text, and money has none), a key that is not text (it would come back
            as text, and sort elsewhere), or what JSON cannot hold.
    """
    _refuse_what_changes(value)
    return _ENCODER.encode(value).decode()


def _refuse_what_changes(value: Any) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            if not isinstance(name, str):
                raise TypeError(f"the key {name!r} cannot be audited: JSON's keys are text")
            if type(part) not in _LEAVES:
                _refuse_what_changes(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            if type(part) not in _LEAVES:
                _refuse_what_changes(part)
    elif isinstance(value, float):
        raise TypeError("a float cannot be audited: use integer minor units, or text")
    elif value is not None and not isinstance(value, (str, int)):
        raise TypeError(f"a {type(value).__name__} cannot be audited: JSON has no such value")


_LEAVES = frozenset({str, int, bool, type(None)})
