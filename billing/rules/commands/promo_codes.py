"""Commands about promo codes: give them out, reserve one for an order, give it back (PROMO-1 to 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.commands.campaigns import OWN, campaign_name, uses
from billing.rules.commands.payments import reference
from billing.rules.money import AmountError, exponent
from billing.rules.promo import OrderLine, normalised

MOST_CODES = 1000
"""Of one command."""
MOST_LINES = 1000
HOLD_S = 3600
"""An hour: longer than a payer takes, and short enough that a code with few uses is not blocked by those who went away."""

_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{2,39}")
_UNKNOWN = {"unknown_redemption": "nothing was reserved under this reference"}
_LIMITS = {
    "promo_used_up": "no use is left of the code, or of its campaign (`details.of`)",
    "promo_used_by_customer": "this customer has used the campaign as often as a customer may",
}


def _codes(given: tuple[str, ...]) -> None:
    """Raises ValueError for what is no list of codes."""
    if not 0 < len(given) <= MOST_CODES:
        raise ValueError(f"codes must be 1 to {MOST_CODES} codes")
    for code in given:
        if not _CODE.fullmatch(normalised(code)):
            raise ValueError("codes must each be 3 to 40 letters, digits, _ and -, beginning with a letter or digit")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesTold:
    """What came of it."""

    campaign: str
    """The campaign's reference."""
    changed: int
    """How many codes are new, or otherwise than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCodes(Command):
    """Gives out codes of a campaign: one or many. A code that it has already is set to `max_uses` anew, and is active again."""

    NAME: ClassVar[str] = "billing.promo_codes.issue.v1"
    RESULT: ClassVar[type] = CodesTold
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_campaign": "no campaign has this reference",
        "campaign_ended": "the campaign was ended",
        "code_taken": "one of the codes is another campaign's (`details.current`)",
        "limit_below_uses": "more uses of a code are taken already than `max_uses` would allow (`details.current`)",
    }

    campaign: str
    """The campaign's reference."""
    codes: tuple[str, ...]
    """1 to 1000 codes of 3 to 40 letters, digits, `_` and `-`. Capitals and small letters are the same."""
    max_uses: int | None = None
    """How often each may be used; null: no limit but the campaign's."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        campaign_name(self.campaign, "campaign")
        _codes(self.codes)
        uses(self.max_uses, "max_uses")
        if self.reason is not None:
            line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The codes, then the campaign."""
        for code in self.codes:
            yield "promo_code", OWN, normalised(code)
        yield "campaign", OWN, self.campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCodes(Command):
    """Takes codes out of use, such as those that leaked. What is reserved or paid stays."""

    NAME: ClassVar[str] = "billing.promo_codes.withdraw.v1"
    RESULT: ClassVar[type] = CodesTold
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_code": "one of the codes is not this campaign's (`details.current`)"}

    campaign: str
    """The campaign's reference."""
    codes: tuple[str, ...]
    """1 to 1000 codes of it."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        campaign_name(self.campaign, "campaign")
        _codes(self.codes)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The codes."""
        for code in self.codes:
            yield "promo_code", OWN, normalised(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionTold:
    """How the use of the code stands."""

    redemption: str
    """Bursar's public id of it."""
    reference: str
    """The order's reference."""
    status: str
    """`reserved`, `consumed`, `released` or `expired`."""
    code: str
    """The code, as it is kept."""
    amount_off_minor: int
    """What it takes off, in minor units of `currency`."""
    due_minor: int
    """What is left to pay."""
    currency: str
    """ISO 4217."""
    line_discounts_minor: tuple[int, ...]
    """What it takes off each line."""
    expires_at: str
    """Until when a reservation stands, ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveCode(Command):
    """Reserves one use of a code for an order and tells the discount. The use is taken now: nobody else gets it until it is released
    or expires. The same order again is the same reservation; after a release it may have another code."""

    NAME: ClassVar[str] = "billing.promo_codes.reserve.v1"
    RESULT: ClassVar[type] = RedemptionTold
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_code": "there is no such code, or it was withdrawn",
        "promo_not_running": "its campaign has not begun, is over or was ended",
        "not_in_segment": "the campaign is for other customers (`details.limit`)",
        "currency_differs": "the code takes off an amount in another currency (`details.limit`)",
        **_LIMITS,
        "reference_used": "the reference has a reservation of another code, customer, currency or amount; release it first",
    }

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
    expires_in_s: int = HOLD_S
    """For how many seconds the use is kept: 60 to 604800. A payment or checkout that is begun with it keeps it longer."""

    def __post_init__(self) -> None:
        line(self.code, "code")
        reference(self.reference)
        line(self.subscriber_ref, "subscriber_ref")
        if self.segment is not None:
            line(self.segment, "segment")
        try:
            exponent(self.currency)
        except AmountError:
            raise ValueError("currency must be three upper-case letters, such as EUR") from None
        if not 0 < len(self.unit_amounts_minor) <= MOST_LINES:
            raise ValueError(f"unit_amounts_minor must be 1 to {MOST_LINES} amounts")
        if self.quantities and len(self.quantities) != len(self.unit_amounts_minor):
            raise ValueError("quantities must be as many as unit_amounts_minor, or none")
        if not 0 < sum(one.total_minor for one in self.lines()) <= MOST_MINOR:
            raise ValueError(f"unit_amounts_minor must come to 1 to {MOST_MINOR}")
        if not 60 <= self.expires_in_s <= 604_800:
            raise ValueError("expires_in_s must be 60 to 604800")

    def lines(self) -> list[OrderLine]:
        """The order."""
        quantities = self.quantities or (1,) * len(self.unit_amounts_minor)
        return [OrderLine(unit_minor=unit, quantity=count) for unit, count in zip(self.unit_amounts_minor, quantities, strict=True)]

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The redemption and the code; campaign and counters follow from the code."""
        yield "promo_redemption", OWN, self.reference
        yield "promo_code", OWN, normalised(self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumeCode(Command):
    """Says that an order was paid otherwise than by `payments.request` or `checkout.start`, which say it themselves: for free, say."""

    NAME: ClassVar[str] = "billing.promo_codes.consume.v1"
    RESULT: ClassVar[type] = RedemptionTold
    REFUSALS: ClassVar[Mapping[str, str]] = {**_UNKNOWN, **_LIMITS}

    reference: str
    """The order's reference."""

    def __post_init__(self) -> None:
        reference(self.reference)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The redemption."""
        yield "promo_redemption", OWN, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCode(Command):
    """Gives the use of a code back, once: the order is not paid, or no longer. Again changes nothing. Payments that fail, checkouts that
    expire and refunds do it by themselves."""

    NAME: ClassVar[str] = "billing.promo_codes.release.v1"
    RESULT: ClassVar[type] = RedemptionTold
    REFUSALS: ClassVar[Mapping[str, str]] = _UNKNOWN

    reference: str
    """The order's reference."""
    because: Literal["payment_failed", "cancelled_registration", "abandoned_checkout", "refund", "changed_mind"]
    """Why, in a word."""

    def __post_init__(self) -> None:
        reference(self.reference)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The redemption."""
        yield "promo_redemption", OWN, self.reference
