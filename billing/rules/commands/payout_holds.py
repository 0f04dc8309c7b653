"""Commands that hold an account's money back from payouts, and let it go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.money import AmountError, exponent

_REFERENCE = re.compile(r"[\x21-\x7e]{1,120}")


def hold_key(reference: str) -> str:
    """How a hold of an operator's or the app's is kept beside those that disputes make."""
    return f"operator:{reference}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTold:
    """How the hold stands."""

    hold: str
    """Bursar's public id of it."""
    status: str
    """`open` or `released`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPayouts(Command):
    """Holds an account's money back from payouts, whole or in part (PAYOUT-4). The same reference again sets it anew."""

    NAME: ClassVar[str] = "billing.payout_holds.open.v1"
    RESULT: ClassVar[type] = HoldTold
    REFUSALS: ClassVar[Mapping[str, str]] = {"held_for_another": "a hold with this reference is another account's"}

    source: Literal["stripe", "paypal"]
    """The provider."""
    account_ref: str
    """The provider's id of the account."""
    reference: str
    """A name for the hold: 1 to 120 visible ASCII characters without blanks."""
    reason: str
    """Why, for people and the audit."""
    currency: str | None = None
    """Only this currency; null: all of them."""
    amount_minor: int | None = None
    """How much of `currency`, in minor units; null: all of it."""

    def __post_init__(self) -> None:
        for name in ("account_ref", "reference"):
            if not _REFERENCE.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} must be 1 to 120 visible ASCII characters without blanks")
        line(self.reason, "reason")
        if self.currency is not None:
            try:
                exponent(self.currency)
            except AmountError:
                raise ValueError("currency must be three upper-case letters, such as EUR") from None
        if self.amount_minor is not None and (self.currency is None or not 0 < self.amount_minor <= MOST_MINOR):
            raise ValueError(f"amount_minor must be between 1 and {MOST_MINOR}, with its currency")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The account, its payee and the hold."""
        yield "account", self.source, self.account_ref
        yield "payee", self.source, self.account_ref
        yield "payout_hold", self.source, hold_key(self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHold(Command):
    """Lets go of what `open` held back. Holds that disputes or a negative balance made go by themselves."""

    NAME: ClassVar[str] = "billing.payout_holds.release.v1"
    RESULT: ClassVar[type] = HoldTold
    REFUSALS: ClassVar[Mapping[str, str]] = {"hold_unknown": "no hold has this reference"}

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """As the hold was opened."""
    reason: str
    """Why, for people and the audit."""

    def __post_init__(self) -> None:
        if not _REFERENCE.fullmatch(self.reference):
            raise ValueError("reference must be 1 to 120 visible ASCII characters without blanks")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The hold."""
        yield "payout_hold", self.source, hold_key(self.reference)
