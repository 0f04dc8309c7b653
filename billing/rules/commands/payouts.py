"""Commands about payouts: money that goes from a connected account to its owner's bank."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.money import AmountError, exponent
from billing.rules.payout_schedule import Schedule, ScheduleError, month_bounds

_REFERENCE = re.compile(r"[\x21-\x7e]{1,120}")


def _reference(value: str, name: str) -> None:
    if not _REFERENCE.fullmatch(value):
        raise ValueError(f"{name} must be 1 to 120 visible ASCII characters without blanks")


def _currency(value: str, name: str = "currency") -> None:
    try:
        exponent(value)
    except AmountError:
        raise ValueError(f"{name} must be three upper-case letters, such as EUR") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutAsked:
    """How the payout stands."""

    request: str
    """Bursar's public id of the request; `bursar_api.outcome` tells how it goes on."""
    reference: str
    """As it was asked for."""
    status: str
    """`checking` while the provider is asked for the balance, `requested` once the payout is on its way there; then
    `in_transit`, `paid`, `failed`, `returned`, `cancelled`, or `refused` by Bursar's own rules."""
    amount_minor: int | None
    """What is paid out, in minor units; null while the balance is not known and no amount was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayout(Command):
    """Pays out to an account's bank, all that is free or a part of it (PAYOUT-1). The same reference again is the same payout."""

    NAME: ClassVar[str] = "billing.payouts.request.v1"
    RESULT: ClassVar[type] = PayoutAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "account_unknown": "Bursar has never heard of the account",
        "account_disabled": "the provider has disabled the account, or it has shut us out; `details.current` says why",
        "paused": "payouts of the account are paused",
        "held": "holds leave less than that free; `details.limit` is what is free, `details.current` the reasons",
        "negative_balance": "the account's balance is below zero, counting what is pending",
        "below_minimum": "the account's smallest payout, `details.limit`, is more than that",
        "insufficient_balance": "the account's free balance, `details.limit`, is less than that",
        "nothing_to_pay_out": "nothing of that currency is free",
        "amount_out_of_bounds": f"the amount is not between 1 and {MOST_MINOR} minor units",
        "amount_not_payable": "the provider pays this currency out in whole units only",
        "requested_otherwise": "a payout with this reference is known with another account, currency or amount",
    }

    source: Literal["stripe", "paypal"]
    """The provider."""
    account_ref: str
    """The provider's id of the account, such as `acct_...`."""
    reference: str
    """The app's own id of this payout: 1 to 120 visible ASCII characters without blanks, no slash."""
    currency: str
    """ISO 4217, upper case."""
    amount_minor: int | None = None
    """In minor units of `currency`; null: all that is free."""
    reason: str = "requested by the account's owner"
    """Why, for people and the audit."""

    def __post_init__(self) -> None:
        _reference(self.account_ref, "account_ref")
        _reference(self.reference, "reference")
        if "/" in self.reference:
            raise ValueError("reference must not contain a slash: scheduled payouts have one")
        _currency(self.currency)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The account, its payee and the payout."""
        yield "account", self.source, self.account_ref
        yield "payee", self.source, self.account_ref
        yield "payout_request", self.source, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPayout(Command):
    """Calls a payout back that the provider has not sent yet. Whether it still could, the payout's status says later."""

    NAME: ClassVar[str] = "billing.payouts.cancel.v1"
    RESULT: ClassVar[type] = PayoutAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "payout_unknown": "no payout has this reference",
        "too_late": "the payout is not on its way any more, or the provider has not confirmed it yet; `details.current` is its status",
    }

    source: Literal["stripe"]
    """The provider."""
    reference: str
    """As the payout was asked for; of a scheduled one, as the statement shows it."""
    reason: str
    """Why, for people and the audit."""

    def __post_init__(self) -> None:
        _reference(self.reference, "reference")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The payout."""
        yield "payout_request", self.source, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutsScheduled:
    """How the account is paid out from now on."""

    account_ref: str
    """The account."""
    schedule: str
    """`manual`, `weekly` or `monthly`."""
    next_due_at: str | None
    """The next scheduled payout, RFC 3339; null if none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePayouts(Command):
    """Sets when and from which amounts on an account is paid out (PAYOUT-2, 3), or pauses it. All of it is set anew."""

    NAME: ClassVar[str] = "billing.payouts.schedule.v1"
    RESULT: ClassVar[type] = PayoutsScheduled
    REFUSALS: ClassVar[Mapping[str, str]] = {}

    source: Literal["stripe", "paypal"]
    """The provider."""
    account_ref: str
    """The provider's id of the account."""
    schedule: Literal["manual", "weekly", "monthly"]
    """`manual`: on request only."""
    day: int | None = None
    """Weekly: 1 (Monday) to 7. Monthly: 1 to 31; a month without that day has its last one instead."""
    zone: str = "UTC"
    """The zone whose dates count, such as Europe/Bucharest; payouts begin there at 06:00."""
    minimums_minor: dict[str, int] | None = None
    """Currency -> the smallest payout in its minor units; a currency that is not named has one whole unit of it."""
    paused: bool = False
    """Whether nothing is paid out at all, also not on request."""
    external_ref: str | None = None
    """The app's own id of the account's owner; null leaves it as it is."""

    def __post_init__(self) -> None:
        _reference(self.account_ref, "account_ref")
        Schedule(self.schedule, self.day, self.zone)
        for currency, minimum in (self.minimums_minor or {}).items():
            _currency(currency, "minimums_minor")
            if not 0 <= minimum <= MOST_MINOR:
                raise ValueError(f"minimums_minor must be between 0 and {MOST_MINOR}")
        if self.external_ref is not None:
            line(self.external_ref, "external_ref")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The account and its payee."""
        yield "account", self.source, self.account_ref
        yield "payee", self.source, self.account_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementMade:
    """What an account earned in a month, and what was paid out."""

    account_ref: str
    """The account."""
    from_at: str
    """The month's first instant, RFC 3339."""
    until_at: str
    """The next month's first instant."""
    currencies: dict[str, dict[str, int]]
    """Currency -> `transfers` and `payouts` (how many), and in minor units `earned_minor` (shares passed on), `taken_back_minor`
    (of these, until now), `fees_minor` (the platform's, of the payments behind them), `paid_out_minor`, and `came_back_minor`
    (of payouts whenever made, in that time)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePayouts(Command):
    """Tells what an account earned in a month, what was taken back of it, and what was paid out (PAYOUT-11)."""

    NAME: ClassVar[str] = "billing.payouts.statement.v1"
    RESULT: ClassVar[type] = StatementMade
    REFUSALS: ClassVar[Mapping[str, str]] = {}

    source: Literal["stripe", "paypal"]
    """The provider."""
    account_ref: str
    """The provider's id of the account."""
    month: str
    """Which, as 2027-03."""
    zone: str = "UTC"
    """The zone in which the month begins and ends."""

    def __post_init__(self) -> None:
        _reference(self.account_ref, "account_ref")
        try:
            month_bounds(self.month, self.zone)
        except ScheduleError as error:
            raise ValueError(f"month {error}") from None
