"""References of refunds, which people read to each other: REF-YYYYMMDD-XXXXXXXX (REFUND-2). No sequence, so none can be guessed."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 without I, L, O and U, which are misread."""
FORM = re.compile(rf"REF-[0-9]{{8}}-[{_LETTERS}]{{8}}")


def refund_reference(on: date, noise: UUID) -> str:
    """The reference of a refund asked for on that day (UTC); the random end of the id makes its 40 bits."""
    bits = noise.int & ((1 << 40) - 1)
    return f"REF-{on:%Y%m%d}-" + "".join(_LETTERS[(bits >> (5 * place)) & 31] for place in range(7, -1, -1))
