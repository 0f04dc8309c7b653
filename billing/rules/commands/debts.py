"""Commands about what accounts owe the platform (REFUND-4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.money import AmountError, exponent

_REFERENCE = re.compile(r"[\x21-\x7e]{1,120}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtWrittenOff:
    """What was given up, and what is still owed."""

    account_ref: str
    """The provider's id of the account."""
    reference: str
    """As it was given."""
    currency: str
    """ISO 4217."""
    written_off_minor: int
    """What was given up under this reference, in minor units."""
    left_minor: int
    """What the account still owes of the currency: it is netted from its next shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffDebt(Command):
    """Gives up what an account owes the platform, wholly or in part, the oldest debt first. It is a loss, and booked as one. If what
    the debt arose by comes to nothing later (the refund fails, the dispute is won), it stands again and is netted from what is given
    back."""

    NAME: ClassVar[str] = "billing.debts.write_off.v1"
    RESULT: ClassVar[type] = DebtWrittenOff
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "nothing_owed": "the account owes nothing of this currency",
        "over_write_off": "more than the account owes (`details.limit`)",
        "reference_used": "the reference gave up another amount before (`details.current`)",
    }

    source: Literal["stripe"]
    """The provider. Where Bursar keeps the balance itself (PayPal), what is owed is a balance below zero and no debt."""
    account_ref: str
    """The provider's id of the account."""
    reference: str
    """A name for this decision, one per account: the same again changes nothing. 1 to 120 visible ASCII characters without blanks."""
    currency: str
    """ISO 4217."""
    reason: str
    """Why, for people and the audit."""
    amount_minor: int | None = None
    """How much, in minor units; null: all that is owed."""

    def __post_init__(self) -> None:
        for name in ("account_ref", "reference"):
            if not _REFERENCE.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} must be 1 to 120 visible ASCII characters without blanks")
        line(self.reason, "reason")
        try:
            exponent(self.currency)
        except AmountError:
            raise ValueError("currency must be three upper-case letters, such as EUR") from None
        if self.amount_minor is not None and not 0 < self.amount_minor <= MOST_MINOR:
            raise ValueError(f"amount_minor must be 1 to {MOST_MINOR}")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The account and its payee."""
        yield "account", self.source, self.account_ref
        yield "payee", self.source, self.account_ref
