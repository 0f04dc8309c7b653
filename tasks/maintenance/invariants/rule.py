"""What an invariant is: a statement that finds nothing while all is well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True, slots=True)
class Rule:
    """One invariant.

    `sql` selects (about, said) of each violation, about a row or an account. It may use `%(since)s` (rows that were last
    changed before it were looked at by earlier runs) and `%(settled_by)s` (what came later may miss what is on its way).
    `then` is the operator's next step.
    """

    why: str
    sql: LiteralString
    then: str
