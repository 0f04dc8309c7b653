"""Every mail there is: its name, what it needs to know, and which business key makes it go out once (MAIL-6).

A mail is three files under `templates/<name>/` and one entry here; a test compares the two.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Any

from emails.alerts import RunFailureAlert
from emails.overdue import CardTold, DunningTold, TrialTold


@dataclass(frozen=True, slots=True)
class DeadLetterAlert:
    """What an operator needs to act on a group of dead rows. Instants are texts in UTC; texts are scrubbed already."""

    what: str
    """`event` or `call`."""
    queue: str
    source: str
    event_type: str
    object_id: str | None
    error_class: str
    error: str
    fingerprint: str
    count: int
    row: int
    """The newest of them, by its id in the inbox or outbox."""
    first_at: str
    last_at: str
    overview: str
    """The command that lists all that is dead."""
    look: str
    """The command that shows the newest of these."""
    replay: str
    """The command that sends the whole group through again, once the cause is mended; its reason is still to be said."""


@dataclass(frozen=True, slots=True)
class ConflictAlert:
    """Bodies that came under other bodies' ids. Instants are texts in UTC; texts are scrubbed already."""

    count: int
    sources: str
    examples: list[str]
    more: int
    """How many are not among the examples."""
    first_at: str
    last_at: str
    overview: str
    """The command that shows an event with its conflicts."""


@dataclass(frozen=True, slots=True)
class OtherModeAlert:
    """Live events in a test database, or test events in a live one."""

    mode: str
    """The database's: `live` or `test`."""
    count: int
    types: list[str]
    more: int
    """How many types are not shown."""
    last_at: str
    look: str


@dataclass(frozen=True, slots=True)
class InvariantAlert:
    """A rule of the books that does not hold, and some of what violates it."""

    rule: str
    why: str
    found: list[str]
    more: bool
    then: str
    """The operator's next step."""


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """A payment that the payer's bank or card refused. `amount` is a text with its currency; `reason` the provider's words."""

    amount: str
    about: str
    """What it was for: a description, an invoice's number, or the app's reference."""
    reason: str | None


@dataclass(frozen=True, slots=True)
class RefundProcessed:
    """Money that goes back to its payer. `amount` is a text with its currency; `note` is for him."""

    amount: str
    reference: str
    whole: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class PayoutCompleted:
    """A payout that arrived. `amount` is a text with its currency."""

    amount: str
    payout: str
    arrival_on: str | None


@dataclass(frozen=True, slots=True)
class PayoutFailed:
    """A payout that came back. The provider's reason, where it gave one, and its code."""

    amount: str
    payout: str
    reason: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class ClockJumpAlert:
    """The clock jumped, and money waits. Instants are texts in UTC."""

    before: str
    after: str
    passed: str | None
    """How much time really passed; None where nothing can tell."""
    held: list[str]
    """The runs that wait."""
    look: str
    consent: str


@dataclass(frozen=True, slots=True)
class DisputeAlert:
    """A payer contests a charge. `amount` is a text with its currency, `due_at` one in UTC; `reason` is the provider's word."""

    dispute: str
    source: str
    amount: str
    charge: str | None
    due_at: str | None
    assigned_to: str | None
    look: str
    """The command that shows it."""
    reason: str
    status: str


@dataclass(frozen=True, slots=True)
class DisputeReminder:
    """The deadline for evidence is near, and nothing was answered yet."""

    dispute: str
    source: str
    amount: str
    charge: str | None
    due_at: str
    assigned_to: str | None
    look: str
    days: int
    """Less than so many are left."""


@dataclass(frozen=True, slots=True)
class InvoiceTold:
    """One of our own invoices. `amount` is a text with its currency; `until` one in UTC: when it ends."""

    amount: str
    about: str
    invoice: str
    until: str


@dataclass(frozen=True, slots=True)
class CreditsLow:
    """Few credits are left: `balance` of `full`, which is `percent` of it or less."""

    balance: int
    full: int
    percent: int


@dataclass(frozen=True, slots=True)
class UsageAlert:
    """So much of a limit is used in this period; `percent` is the threshold that was reached."""

    meter: str
    used: int
    limit: int
    percent: int
    until: str | None
    """When the period ends, in UTC."""


@dataclass(frozen=True, slots=True)
class SubscriptionTold:
    """A subscription that runs, has changed or has ended."""

    plan: str
    quantity: int
    until: str | None
    """The day (UTC) on which the running period ends, where it is known."""


@dataclass(frozen=True, slots=True)
class PriceChanges:
    """A period will cost another amount. `before` and `after` are texts with their currency, per period."""

    product: str
    before: str
    after: str
    changes_on: str
    approve: bool
    """Whether a provider bills it and the payer has to agree there."""


@dataclass(frozen=True, slots=True)
class PriceLockEnds:
    """A price that was kept for the subscriber ends. `price` is a text with its currency, per seat and period."""

    product: str
    price: str
    ends_on: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One kind of mail. `transactional`: it is owed, so no preference and no unsubscribing holds it back."""

    name: str
    context: type
    period: str
    """In words: within what the mail goes out once to each address."""
    transactional: bool


CATALOGUE: dict[str, Mail] = {
    mail.name: mail
    for mail in (
        Mail("dead_letter_alert", DeadLetterAlert, "one cause of death, one day (UTC)", transactional=True),
        Mail("conflict_alert", ConflictAlert, "one conflict, for ever", transactional=True),
        Mail("other_mode_alert", OtherModeAlert, "one day (UTC)", transactional=True),
        Mail("invariant_alert", InvariantAlert, "one rule, one day (UTC)", transactional=True),
        Mail("clock_jump_alert", ClockJumpAlert, "one day (UTC)", transactional=True),
        Mail("run_failure_alert", RunFailureAlert, "one job, one day (UTC)", transactional=True),
        Mail("dispute_alert", DisputeAlert, "one dispute, for ever", transactional=True),
        Mail("dispute_reminder", DisputeReminder, "one deadline and one of 7, 3 and 1 days, for ever", transactional=True),
        Mail("payment_failed", PaymentFailed, "one attempt of one payment, for ever", transactional=True),
        Mail("invoice_expiring", InvoiceTold, "one invoice, for ever", transactional=True),
        Mail("invoice_expired", InvoiceTold, "one invoice, for ever", transactional=True),
        Mail("credits_low", CreditsLow, "one threshold, from one reset or purchase to the next", transactional=True),
        Mail("usage_alert", UsageAlert, "one threshold of one meter, one billing period", transactional=True),
        Mail("card_expiring", CardTold, "one expiry of one card, for ever", transactional=True),
        Mail("card_expired", CardTold, "one expiry of one card, for ever", transactional=True),
        Mail("trial_ending", TrialTold, "one trial, for ever", transactional=True),
        Mail("trial_ended", TrialTold, "one trial, for ever", transactional=True),
        Mail("dunning_failed", DunningTold, "one try of one invoice, for ever", transactional=True),
        Mail("dunning_reminder", DunningTold, "one step of one invoice, for ever", transactional=True),
        Mail("dunning_suspended", DunningTold, "one invoice, for ever", transactional=True),
        Mail("dunning_terminated", DunningTold, "one invoice, for ever", transactional=True),
        Mail("subscription_activated", SubscriptionTold, "one subscription, for ever", transactional=True),
        Mail("subscription_changed", SubscriptionTold, "one change of one subscription, for ever", transactional=True),
        Mail("subscription_cancelled", SubscriptionTold, "one subscription, for ever", transactional=True),
        Mail("price_changes", PriceChanges, "one version of a price, for ever", transactional=True),
        Mail("price_lock_ends", PriceLockEnds, "one end of a kept price, for ever", transactional=True),
        Mail("refund_processed", RefundProcessed, "one refund, for ever", transactional=True),
        Mail("payout_completed", PayoutCompleted, "one payout, for ever", transactional=True),
        Mail("payout_failed", PayoutFailed, "one payout, for ever", transactional=True),
    )
}


class UnknownMailError(ValueError):
    """A mail that this version does not have, or whose context does not fit it."""


def outbox_key(name: str, to: str, *subject: str) -> str:
    """The business key of one mail: kind, what it is about (object, period), and to whom, as a digest (SEC-6)."""
    address = hashlib.sha256(to.strip().lower().encode()).hexdigest()[:16]
    return "/".join((name, *subject, address))


def checked(name: str, context: dict[str, Any]) -> Mail:
    """The entry of a mail whose context has exactly the fields that it needs.

    Raises:
        UnknownMailError: no such mail, or fields are missing or unknown; the row is tried again by a later version.
    """
    mail = CATALOGUE.get(name)
    if mail is None:
        raise UnknownMailError(f"there is no mail {name!r} in emails/catalogue.py; nothing was sent")
    wanted = {field.name for field in fields(mail.context)}
    if wanted != set(context):
        off = ", ".join(sorted(wanted ^ set(context)))
        raise UnknownMailError(f"the context of the mail {name} does not fit, see {off}; nothing was sent")
    return mail
