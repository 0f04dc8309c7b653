"""Every mail there is: its name, what it needs to know, and which business key makes it go out once (MAIL-6).

A mail is three files for each language under `templates/<name>/` and one entry here; a test compares the two.
"""

from __future__ import annotations

import hashlib
from dataclasses import MISSING, dataclass, fields
from typing import Any

from billing.rules.email_address import normalised
from emails.alerts import (
    AnafLoginAlert,
    ClockJumpAlert,
    ConflictAlert,
    DeadLetterAlert,
    DisputeAlert,
    DisputeReminder,
    EfacturaAlert,
    FxRateAlert,
    InvariantAlert,
    LoginAlert,
    OtherModeAlert,
    RunFailureAlert,
)
from emails.occasions import CertificateIssued, CertificatesUsed, EventCancelled, GradePublished, SeatLimit, ZoomTold
from emails.overdue import CardTold, DunningTold, TrialTold
from emails.told import (
    CreditsLow,
    InvoiceTold,
    LinkTold,
    PaperTold,
    PaymentFailed,
    PayoutCompleted,
    PayoutFailed,
    PriceChanges,
    PriceLockEnds,
    RefundProcessed,
    Registered,
    SubscriptionTold,
    UsageAlert,
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One kind of mail. `transactional`: it is owed, so no preference and no unsubscribing holds it back."""

    name: str
    context: type
    period: str
    """In words: within what the mail goes out once to each address."""
    transactional: bool
    operators: bool = False
    """Whether operators read it: it is English only, and its folder has no other languages."""
    requested: bool = False
    """Whether the app may ask for it by name (`billing.mails.request.v1`): what only the app knows the occasion of."""


CATALOGUE: dict[str, Mail] = {
    mail.name: mail
    for mail in (
        Mail("dead_letter_alert", DeadLetterAlert, "one cause of death, one day (UTC)", transactional=True, operators=True),
        Mail("conflict_alert", ConflictAlert, "one conflict, for ever", transactional=True, operators=True),
        Mail("other_mode_alert", OtherModeAlert, "one day (UTC)", transactional=True, operators=True),
        Mail("invariant_alert", InvariantAlert, "one rule, one day (UTC)", transactional=True, operators=True),
        Mail("clock_jump_alert", ClockJumpAlert, "one day (UTC)", transactional=True, operators=True),
        Mail("run_failure_alert", RunFailureAlert, "one job, one day (UTC)", transactional=True, operators=True),
        Mail("fx_rate_alert", FxRateAlert, "one rate of one pair and day, for ever", transactional=True, operators=True),
        Mail("efactura_alert", EfacturaAlert, "one attempt of one document and stage, for ever", transactional=True, operators=True),
        Mail("login_alert", LoginAlert, "one hour (UTC)", transactional=True, operators=True),
        Mail("anaf_login_alert", AnafLoginAlert, "one end of the login and one of 30, 7, 1 and 0 days", transactional=True, operators=True),
        Mail("dispute_alert", DisputeAlert, "one dispute, for ever", transactional=True, operators=True),
        Mail("dispute_reminder", DisputeReminder, "one deadline and one of 7, 3 and 1 days, for ever", transactional=True, operators=True),
        Mail("payment_failed", PaymentFailed, "one attempt of one payment, for ever", transactional=True),
        Mail("invoice_expiring", InvoiceTold, "one invoice, for ever", transactional=True),
        Mail("invoice_expired", InvoiceTold, "one invoice, for ever", transactional=True),
        Mail("credits_low", CreditsLow, "one threshold, from one reset or purchase to the next", transactional=False),
        Mail("usage_alert", UsageAlert, "one threshold of one meter, one billing period", transactional=False),
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
        Mail("invoice_issued", PaperTold, "one document, for ever", transactional=True),
        Mail("receipt", PaperTold, "one document, for ever", transactional=True),
        Mail("credit_note_issued", PaperTold, "one document, for ever", transactional=True),
        Mail("email_verification", LinkTold, "one token, for ever", transactional=True),
        Mail("password_reset", LinkTold, "one token, for ever", transactional=True),
        Mail("registration_confirmation", Registered, "one request of the app, for ever", transactional=True, requested=True),
        Mail("zoom_broken", ZoomTold, "one request of the app, for ever", transactional=True, requested=True),
        Mail("zoom_healed", ZoomTold, "one request of the app, for ever", transactional=True, requested=True),
        Mail("event_cancelled", EventCancelled, "one request of the app, for ever", transactional=True, requested=True),
        Mail("certificate_issued", CertificateIssued, "one request of the app, for ever", transactional=True, requested=True),
        Mail("certificates_nearly_used", CertificatesUsed, "one request of the app, for ever", transactional=False, requested=True),
        Mail("grade_published", GradePublished, "one request of the app, for ever", transactional=True, requested=True),
        Mail("seat_limit", SeatLimit, "one limit of one organisation, one month (UTC)", transactional=True),
    )
}


class UnknownMailError(ValueError):
    """A mail that this version does not have, or whose context does not fit it."""


def outbox_key(name: str, to: str, *subject: str) -> str:
    """The business key of one mail: kind, what it is about (object, period), and to whom, as a digest (SEC-6)."""
    address = hashlib.sha256((normalised(to) or "").encode()).hexdigest()[:16]
    return "/".join((name, *subject, address))


def checked(name: str, context: dict[str, Any]) -> Mail:
    """The entry of a mail whose context has the fields that it needs, and none that it does not know.

    Raises:
        UnknownMailError: no such mail, or fields are missing or unknown; the row is tried again by a later version.
    """
    mail = CATALOGUE.get(name)
    if mail is None:
        raise UnknownMailError(f"there is no mail {name!r} in emails/catalogue.py; nothing was sent")
    known = {field.name for field in fields(mail.context)}
    needed = {field.name for field in fields(mail.context) if field.default is MISSING}
    if off := ", ".join(sorted((needed - set(context)) | (set(context) - known))):
        raise UnknownMailError(f"the context of the mail {name} does not fit, see {off}; nothing was sent")
    return mail
