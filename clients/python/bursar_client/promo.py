"""Commands about promo codes and their campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineCampaign(Command):
    """Defines a campaign, or sets it anew: discounts that are reserved already stay what they are.

    Result: `campaign`, `reference`, `status`, `uses`.
    Rejected as `campaign_ended`, `limit_below_uses`.
    """

    NAME: ClassVar[str] = "billing.campaigns.define.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The app's own name for it: 1 to 80 letters, digits and `. _ -`."""
    title: str
    """Its name, for people."""
    kind: Literal["percentage", "fixed", "bogo"]
    """`percentage` of the order; a `fixed` amount, at most the order's; `bogo`: buy some, get some free, the
    cheapest ones."""
    basis_points: int | None = None
    """Of `percentage`: hundredths of a percent, 1 to 10000."""
    amount_minor: int | None = None
    """Of `fixed`: in minor units of `currency`."""
    currency: str | None = None
    """Of `fixed`: ISO 4217; an order in another currency is refused."""
    buy_quantity: int | None = None
    """Of `bogo`: of each `buy_quantity + free_quantity` units of an order,"""
    free_quantity: int | None = None
    """so many are free."""
    segments: tuple[str, ...] = ()
    """Which customers may use it; empty: all."""
    starts_on: str | None = None
    """First day, YYYY-MM-DD in `zone`; null: at once."""
    ends_on: str | None = None
    """Last day, inclusive; null: until it is ended."""
    zone: str = "UTC"
    """The time zone of its days, an IANA name."""
    max_uses: int | None = None
    """How often its codes may be used in all; null: no limit."""
    max_per_customer: int | None = None
    """How often by one customer; null: no limit."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCampaign(Command):
    """Ends a campaign for good: nothing more is reserved from it, what is reserved or paid stays.

    Result: `campaign`, `reference`, `status`, `uses`.
    Rejected as `unknown_campaign`.
    """

    NAME: ClassVar[str] = "billing.campaigns.end.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The campaign's reference."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCodes(Command):
    """Gives out codes of a campaign: one or many. A code that it has already is set to `max_uses` anew, and is active
    again.

    Result: `campaign`, `changed`.
    Rejected as `unknown_campaign`, `campaign_ended`, `code_taken`, `limit_below_uses`.
    """

    NAME: ClassVar[str] = "billing.promo_codes.issue.v1"
    QUEUE: ClassVar[str] = "payments"

    campaign: str
    """The campaign's reference."""
    codes: tuple[str, ...]
    """1 to 1000 codes of 3 to 40 letters, digits, `_` and `-`. Capitals and small letters are the same."""
    max_uses: int | None = None
    """How often each may be used; null: no limit but the campaign's."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCodes(Command):
    """Takes codes out of use, such as those that leaked. What is reserved or paid stays.

    Result: `campaign`, `changed`.
    Rejected as `unknown_code`.
    """

    NAME: ClassVar[str] = "billing.promo_codes.withdraw.v1"
    QUEUE: ClassVar[str] = "payments"

    campaign: str
    """The campaign's reference."""
    codes: tuple[str, ...]
    """1 to 1000 codes of it."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveCode(Command):
    """Reserves one use of a code for an order and tells the discount. The use is taken now: nobody else gets it until it
    is released or expires. The same order again is the same reservation; after a release it may have another code.

    Result: `redemption`, `reference`, `status`, `code`, `amount_off_minor`, `due_minor`, `currency`,
    `line_discounts_minor`, `expires_at`.
    Rejected as `unknown_code`, `promo_not_running`, `not_in_segment`, `currency_differs`, `promo_used_up`,
    `promo_used_by_customer`, `reference_used`.
    """

    NAME: ClassVar[str] = "billing.promo_codes.reserve.v1"
    QUEUE: ClassVar[str] = "payments"

    code: str
    """As the customer typed it."""
    reference: str
    """The app's own name for the order: 1 to 80 letters, digits and `. _ : / -`."""
    subscriber_ref: str
    """The app's own id of the customer."""
    currency: str
    """Of the order, ISO 4217."""
    unit_amounts_minor: tuple[int, ...]
    """The price of one of each line, in minor units."""
    quantities: tuple[int, ...] = ()
    """How many of each line; empty: one of each."""
    segment: str | None = None
    """The customer's segment; null: the one that Bursar knows of him."""
    expires_in_s: int = 3600
    """For how many seconds the use is kept: 60 to 604800. A payment or checkout that is begun with it keeps it
    longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumeCode(Command):
    """Says that an order was paid otherwise than by `RequestPayment` or `StartCheckout`, which say it themselves: for
    free, say.

    Result: `redemption`, `reference`, `status`, `code`, `amount_off_minor`, `due_minor`, `currency`,
    `line_discounts_minor`, `expires_at`.
    Rejected as `unknown_redemption`, `promo_used_up`, `promo_used_by_customer`.
    """

    NAME: ClassVar[str] = "billing.promo_codes.consume.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The order's reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCode(Command):
    """Gives the use of a code back, once: the order is not paid, or no longer. Again changes nothing. Payments that fail,
    checkouts that expire and refunds do it by themselves.

    Result: `redemption`, `reference`, `status`, `code`, `amount_off_minor`, `due_minor`, `currency`,
    `line_discounts_minor`, `expires_at`.
    Rejected as `unknown_redemption`.
    """

    NAME: ClassVar[str] = "billing.promo_codes.release.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The order's reference."""
    because: Literal["payment_failed", "cancelled_registration", "abandoned_checkout", "refund", "changed_mind"]
    """Why, in a word."""


TYPED: tuple[type[Command], ...] = (
    DefineCampaign,
    EndCampaign,
    IssueCodes,
    WithdrawCodes,
    ReserveCode,
    ConsumeCode,
    ReleaseCode,
)
