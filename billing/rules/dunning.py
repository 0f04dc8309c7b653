"""When a failed payment is tried again, and when service ends (DUN-1, DUN-2, DUN-9). Days are counted from the first failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(days=1)
MOST_STEPS, MOST_DAYS = 15, 365
TEMPLATES = "dunning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is done when a payment fails."""

    key: str
    retry_intervals_days: tuple[int, ...]
    """Rising; each counted from the original failure, not from the try before (DUN-1)."""
    charges: bool = True
    """Whether the stored method is tried at these days; else they are reminders only."""
    suspend_after_days: int | None = None
    terminate_after_days: int | None = None
    mails: bool = True
    template_prefix: str = TEMPLATES

    def __post_init__(self) -> None:
        days = self.retry_intervals_days
        if len(days) > MOST_STEPS or list(days) != sorted(set(days)) or any(not 0 < one <= MOST_DAYS for one in days):
            raise ValueError(f"retry_intervals_days must be at most {MOST_STEPS} rising days of 1 to {MOST_DAYS}")
        ends = [one for one in (self.suspend_after_days, self.terminate_after_days) if one is not None]
        if any(not 0 < one <= MOST_DAYS for one in ends) or ends != sorted(ends):
            raise ValueError(f"suspend_after_days and terminate_after_days must be 1 to {MOST_DAYS}, the first not above the second")
        if self.terminate_after_days is not None and days and days[-1] > self.terminate_after_days:
            raise ValueError("terminate_after_days must not be before the last of retry_intervals_days")

    @property
    def grace_days(self) -> int | None:
        """How long access and seats stay (DUN-10); None: for as long as the case is open."""
        ends = [one for one in (self.suspend_after_days, self.terminate_after_days) if one is not None]
        return min(ends) if ends else None


STANDARD = Policy(key="standard", retry_intervals_days=(1, 3, 7, 14, 30), suspend_after_days=14, terminate_after_days=35)
"""Holds where nobody chose another one. It ends five days after the last try, so that a slow method's outcome is known."""

MANUAL = Policy(key="manual", retry_intervals_days=(3, 6), charges=False, terminate_after_days=7)
"""DUN-8, trap T8: who pays by himself has seven days, gets two reminders, and no card is tried. Not a variant of the ladder."""

BUILT_IN: Mapping[str, Policy] = {one.key: one for one in (STANDARD, MANUAL)}
"""They hold from the first day; one of the same key that is defined by command takes their place."""

HARD_DECLINES = frozenset(
    {
        # of the card: another try with the same one ends the same
        "card_not_supported", "expired_card", "incorrect_cvc", "incorrect_number", "invalid_cvc", "invalid_expiry_year", "invalid_pin",
        # of its issuer
        "do_not_honor", "not_permitted", "pickup_card", "restricted_card", "stop_payment_order",
        # of fraud: the customer is not told that we know
        "fraudulent", "lost_card", "merchant_blacklist", "security_violation", "stolen_card",
        # of the account behind it
        "invalid_account", "revocation_of_all_authorizations", "revocation_of_authorization",
        # Stripe refuses it, or it is no real card
        "live_mode_test_card", "previously_declined_do_not_retry",
    }
)  # fmt: skip
"""DUN-9: Stripe's decline codes (docs.stripe.com/declines/codes) after which only another method helps."""


def hard(decline_code: str | None, failure_code: str | None) -> bool:
    """Whether trying the same method again is useless. `authentication_required` is not: its bank may ask less the next time."""
    return decline_code in HARD_DECLINES or (decline_code is None and failure_code in HARD_DECLINES)


def due_times(opened_at: datetime, days: Sequence[int]) -> list[datetime]:
    """When each step of a ladder is due."""
    return [opened_at + one * DAY for one in days]


def after(opened_at: datetime, days: int | None) -> datetime | None:
    """So many days after the first failure; None stays None."""
    return None if days is None else opened_at + days * DAY


def chosen(subscribers: str | None, products: str | None, defined: Mapping[str, Policy]) -> Policy:
    """The policy that holds (DUN-1): the subscriber's, else the product's, else the default. A name that nobody defined is passed over."""
    for key in (subscribers, products):
        if key is not None and (key in defined or key in BUILT_IN):
            return defined.get(key) or BUILT_IN[key]
    return defined.get(STANDARD.key) or STANDARD
