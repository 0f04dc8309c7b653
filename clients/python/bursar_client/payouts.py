"""Commands about accounts, payouts and holds: money that leaves the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAccount(Command):
    """Creates a connected account for one of your organisers, and a link under which its owner tells the provider who he is.

    Result: `request` (Bursar's id), `external_ref`, `status`, `account_ref` (null until the provider has made it);
    `bursar_api.payee` shows the link.
    Again, once there is an account: a new link, because a link is good for minutes.
    Rejected as `country_of_another` when the account exists, or is being made, in another country.
    """

    NAME: ClassVar[str] = "billing.accounts.connect.v1"
    QUEUE: ClassVar[str] = "payouts"

    source: Literal["stripe"]
    """The provider."""
    external_ref: str
    """The app's own id of the owner; one account each."""
    email: str
    """The owner's address: where the provider and Bursar's mails reach him."""
    country: str
    """ISO 3166-1, two upper-case letters."""
    return_url: str
    """Where the owner comes back to (https)."""
    refresh_url: str
    """Where he is sent when the link has run out (https); the app then sends this command again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayout(Command):
    """Pays out to an account's bank, all that is free or a part of it. The same reference again is the same payout.

    Result: `request` (Bursar's id), `reference`, `status`, `amount_minor`.
    Rejected as `account_unknown`, `account_disabled`, `paused`, `held`, `negative_balance`, `below_minimum`,
    `insufficient_balance`, `nothing_to_pay_out`, `amount_out_of_bounds`, `amount_not_payable`, or `requested_otherwise` when
    the reference is another payout's. While the balance is asked for (`checking`), the rest is told by the payout's status.
    """

    NAME: ClassVar[str] = "billing.payouts.request.v1"
    QUEUE: ClassVar[str] = "payouts"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPayout(Command):
    """Calls a payout back that the provider has not sent yet.

    Result: `request`, `reference`, `status`, `amount_minor`. Rejected as `payout_unknown` or `too_late`.
    """

    NAME: ClassVar[str] = "billing.payouts.cancel.v1"
    QUEUE: ClassVar[str] = "payouts"

    source: Literal["stripe"]
    """The provider."""
    reference: str
    """As the payout was asked for; of a scheduled one, as the statement shows it."""
    reason: str
    """Why, for people and the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePayouts(Command):
    """Sets when and from which amounts on an account is paid out, or pauses it. All of it is set anew.

    Result: `account_ref`, `schedule`, `next_due_at`.
    """

    NAME: ClassVar[str] = "billing.payouts.schedule.v1"
    QUEUE: ClassVar[str] = "payouts"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPayouts(Command):
    """Holds an account's money back from payouts, whole or in part. The same reference again sets it anew.

    Result: `hold` (Bursar's id), `status`. Rejected as `held_for_another` when the reference is another account's hold.
    """

    NAME: ClassVar[str] = "billing.payout_holds.open.v1"
    QUEUE: ClassVar[str] = "payouts"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHold(Command):
    """Lets go of what HoldPayouts held back.

    Result: `hold`, `status`. Rejected as `hold_unknown`.
    """

    NAME: ClassVar[str] = "billing.payout_holds.release.v1"
    QUEUE: ClassVar[str] = "payouts"

    source: Literal["stripe", "paypal"]
    """The provider."""
    reference: str
    """As the hold was opened."""
    reason: str
    """Why, for people and the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePayouts(Command):
    """Tells what an account earned in a month, what was taken back of it, and what was paid out.

    Result: `account_ref`, `from_at`, `until_at`, and `currencies`: by currency `transfers`, `earned_minor`,
    `taken_back_minor`, `fees_minor`, `payouts`, `paid_out_minor`, `came_back_minor`.
    """

    NAME: ClassVar[str] = "billing.payouts.statement.v1"
    QUEUE: ClassVar[str] = "payouts"

    source: Literal["stripe", "paypal"]
    """The provider."""
    account_ref: str
    """The provider's id of the account."""
    month: str
    """Which, as 2027-03."""
    zone: str = "UTC"
    """The zone in which the month begins and ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffDebt(Command):
    """Gives up what an account owes the platform, wholly or in part, the oldest debt first. If what the debt arose by
    comes to nothing later, it stands again and is netted from what is given back.

    Result: `account_ref`, `reference`, `currency`, `written_off_minor`, `left_minor`.
    Rejected as `nothing_owed`, `over_write_off`, `reference_used`.
    """

    NAME: ClassVar[str] = "billing.debts.write_off.v1"
    QUEUE: ClassVar[str] = "payouts"

    source: Literal["stripe"]
    """The provider."""
    account_ref: str
    """The provider's id of the account."""
    reference: str
    """A name for this decision, one per account: the same again changes nothing. 1 to 120 visible ASCII characters
    without blanks."""
    currency: str
    """ISO 4217."""
    reason: str
    """Why, for people and the audit."""
    amount_minor: int | None = None
    """How much, in minor units; null: all that is owed."""


TYPED: tuple[type[Command], ...] = (
    ConnectAccount,
    RequestPayout,
    CancelPayout,
    SchedulePayouts,
    HoldPayouts,
    ReleaseHold,
    StatePayouts,
    WriteOffDebt,
)
"""All of these."""
