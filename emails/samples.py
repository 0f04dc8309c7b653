"""One example and more of every mail: what `bursar mail preview` shows and what the tests render.

Whoever adds a mail adds its example here, and a second one where a field changes what the mail says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from billing.rules.credits import WHOLE_PERCENT
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
from emails.values import Amount, Day, Moment

_EUR, _RON = Amount(1999, "EUR", 2), Amount(124950, "RON", 2)
_SOON, _DAY = Moment("2027-01-03T09:00+00:00"), Day("2027-04-01")
_LINK = "https://app.example.com/confirm?token=3nQ0y8Wm2kXvB7rT5cLz9pJd4sHf6gAe1uKiOqRtYw"

# fmt: off
_OPERATORS: dict[str, Sequence[Any]] = {
    "dead_letter_alert": [DeadLetterAlert(
        what="event",
        queue="payments",
        source="stripe",
        event_type="invoice.payment_failed, invoice.paid",
        object_id="in_1PqXyZ2eZvKYlo2C",
        error_class="KeyError",
        error="'plan' [tasks/payments/stripe/invoice.py:payment_failed]",
        fingerprint="abc123def456",
        count=12,
        row=4711,
        first_at="2026-03-01 11:00:00 UTC",
        last_at="2026-03-01 12:00:00 UTC",
        overview="bursar inbox groups",
        look="bursar inbox show 4711",
        replay="bursar inbox replay --state dead --error abc123def456",
    )],
    "conflict_alert": [ConflictAlert(
        count=12,
        sources="11 of paypal, 1 of app",
        examples=["2026-03-01 11:00:00 UTC paypal WH-1, 900 bytes: bursar inbox show 4711"],
        more=2,
        first_at="2026-03-01 11:00:00 UTC",
        last_at="2026-03-01 12:00:00 UTC",
        overview="bursar inbox show ID",
    )],
    "login_alert": [LoginAlert(
        what="2 users, 1 limiter", lines=["user user-7: 14 failed", "user user-9: 11 failed", "limiter login: 40 refused of 3 keys"],
        more=0, first_at="2026-03-01 11:45:00 UTC", last_at="2026-03-01 12:00:00 UTC", look="bursar privacy logins --failed",
    )],
    "clock_jump_alert": [ClockJumpAlert(
        before="2026-03-01 12:00:05 UTC", after="2026-03-01 14:00:05 UTC", passed="5 s", held=["refund_batches"],
        look="bursar doctor", consent="bursar schedule consent --reason '...'",
    )],
    "fx_rate_alert": [FxRateAlert(
        bank="BNR", pair="EUR/RON", rate="50.8980", valid_on="2026-11-21", last_rate="5.0891", last_on="2026-11-20",
        record="bursar tax record-fx BNR EUR RON RATE --valid-on 2026-11-21",
    )],
    "efactura_alert": [EfacturaAlert(
        document="BRS-2026-000123", said="was refused", status="rejected", deadline="2026-11-27 23:59 in Romania",
        error="BR-RO-110: the seller's county is missing", look="bursar efactura show BRS-2026-000123",
        retry="bursar efactura retry BRS-2026-000123 --reason '...'",
    )],
    "anaf_login_alert": [AnafLoginAlert(
        said="ends soon", ends_at="2027-01-14 09:00 UTC", access_ends_at="2026-12-20 09:00 UTC", error="invalid_grant",
        look="bursar efactura token show", then="bursar efactura token url",
    )],
    "run_failure_alert": [RunFailureAlert(
        job="renew_subscriptions", items="3", item="sub-1", error="ValueError: no price", tries=4, first_at="2026-03-01 12:00:05 UTC",
        last_at="2026-03-01 14:00:05 UTC", look="bursar run-failures ls renew_subscriptions",
        retry="bursar run-failures retry renew_subscriptions --all --reason '...'",
    )],
    "dispute_alert": [DisputeAlert(
        dispute="dp_1", source="stripe", amount="19.99 EUR", charge="ch_1", due_at="2026-03-15 12:00 UTC", assigned_to=None,
        look="bursar dispute show dp_1", reason="fraudulent", status="needs_response",
    )],
    "dispute_reminder": [DisputeReminder(
        dispute="dp_1", source="stripe", amount="19.99 EUR", charge="ch_1", due_at="2026-03-15 12:00 UTC", assigned_to="anna",
        look="bursar dispute show dp_1", days=3,
    )],
    "invariant_alert": [InvariantAlert(
        rule="refunds_booked",
        why="refunds here are refunds in the books",
        found=["refund re_1: succeeded 333 EUR, booked 0"],
        more=True,
        then="bursar journal show REFUND; replay its newest event",
    )],
    "other_mode_alert": [OtherModeAlert(
        mode="test",
        count=3,
        types=["3 stripe invoice.paid"],
        more=1,
        last_at="2026-03-01 12:00:00 UTC",
        look="bursar inbox ls --state ignored --since 1d",
    )],
}
_CUSTOMERS: dict[str, Sequence[Any]] = {
    "payment_failed": [
        PaymentFailed(amount=_EUR, about="Course of 3 lessons", reason="Your card has insufficient funds."),
        PaymentFailed(amount=Amount(500, "JPY", 0), about="Course of 3 lessons", reason=None),
    ],
    "refund_processed": [
        RefundProcessed(amount=_EUR, reference="REF-20260301-7K3M9QXA", whole=True, note="Sorry for the trouble."),
        RefundProcessed(amount=_RON, reference="REF-20260301-7K3M9QXA", whole=False, note=None),
    ],
    "payout_completed": [PayoutCompleted(amount=_RON, payout="po_1PqXyZ2eZvKYlo2C", arrival_on=_DAY)],
    "payout_failed": [
        PayoutFailed(amount=_RON, payout="po_1PqXyZ2eZvKYlo2C", reason="The bank account was closed.", code="account_closed"),
    ],
    "invoice_expiring": [InvoiceTold(amount=_EUR, about="500 credits", invoice="pkg-1", until=_SOON)],
    "invoice_expired": [InvoiceTold(amount=_EUR, about="500 credits", invoice="pkg-1", until=_SOON)],
    "invoice_issued": [
        PaperTold(number="BRS-2026-000042", amount=_RON, about="Pro, 1 to 31 March 2027", issued_on=_DAY, due_on=Day("2027-04-15")),
        PaperTold(number="BRS-2026-000042", amount=_EUR, about="Pro", issued_on=_DAY, paid_with="visa 4242"),
    ],
    "receipt": [PaperTold(number="BRS-2026-000042", amount=_EUR, about="Pro, March 2027", issued_on=_DAY, paid_with="visa 4242")],
    "credit_note_issued": [
        PaperTold(number="CN-2026-000007", amount=_EUR, about="Pro, March 2027", issued_on=_DAY, corrects="BRS-2026-000042"),
    ],
    "credits_low": [CreditsLow(balance=40, full=200, percent=20), CreditsLow(balance=0, full=1200, percent=0)],
    "usage_alert": [UsageAlert(meter="Storage", used=8000, limit=10000, percent=80, until=_SOON)],
    "card_expiring": [CardTold(brand="visa", last4="4242", expires="03/2027", instead=None)],
    "card_expired": [
        CardTold(brand="visa", last4="4242", expires="03/2027", instead="mastercard 4444"),
        CardTold(brand="visa", last4="4242", expires="03/2027", instead=None),
    ],
    "trial_ending": [
        TrialTold(plan="Pro", ends_at=_SOON, amount=_EUR, goes_on=True), TrialTold(plan="Pro", ends_at=_SOON, amount=_EUR, goes_on=False),
    ],
    "trial_ended": [
        TrialTold(plan="Pro", ends_at=_SOON, amount=_EUR, goes_on=True), TrialTold(plan="Pro", ends_at=_SOON, amount=_EUR, goes_on=False),
    ],
    **{
        f"dunning_{stage}": [
            DunningTold(amount=_EUR, about="Pro, February 2027", invoice="BRS-2026-000042", needs_method=needs, until=_SOON)
            for needs in (True, False)
        ]
        for stage in ("failed", "reminder", "suspended", "terminated")
    },
    "subscription_activated": [SubscriptionTold(plan="Pro", quantity=3, until=_DAY), SubscriptionTold(plan="Pro", quantity=1, until=None)],
    "subscription_changed": [SubscriptionTold(plan="Pro", quantity=21, until=_DAY)],
    "subscription_cancelled": [SubscriptionTold(plan="Pro", quantity=1, until=_DAY)],
    "price_changes": [
        PriceChanges(product="Pro", before=_EUR, after=Amount(2500, "EUR", 2), changes_on=_DAY, approve=asks) for asks in (False, True)
    ],
    "price_lock_ends": [PriceLockEnds(product="Pro", price=_EUR, ends_on=_DAY)],
    "email_verification": [LinkTold(link=_LINK, until=_SOON)],
    "password_reset": [LinkTold(link=_LINK, until=_SOON)],
    "registration_confirmation": [Registered(link=_LINK), Registered()],
    "zoom_broken": [
        ZoomTold(account="ana@example.com", since=_SOON, reason="The app was removed from the account.", link=_LINK),
        ZoomTold(account="ana@example.com"),
    ],
    "zoom_healed": [ZoomTold(account="ana@example.com", since=_SOON)],
    "event_cancelled": [
        EventCancelled(event="Spring congress 2027", begins_at=_SOON, reason="The speaker is ill.", refund=True, link=_LINK),
        EventCancelled(event="Spring congress 2027"),
    ],
    "certificate_issued": [
        CertificateIssued(course="First aid", number="CPD-2027-000815", link=_LINK), CertificateIssued(course="First aid"),
    ],
    "certificates_nearly_used": [
        CertificatesUsed(used=450, limit=500, percent=90, until=_SOON, link=_LINK),
        CertificatesUsed(used=500, limit=500, percent=WHOLE_PERCENT),
    ],
    "grade_published": [GradePublished(course="First aid", grade="9.50", link=_LINK), GradePublished(course="First aid")],
    "seat_limit": [SeatLimit(taken=21, limit=21, kept=2), SeatLimit(taken=5, limit=5, kept=0)],
}
# fmt: on
SAMPLES: Mapping[str, Sequence[Any]] = _OPERATORS | _CUSTOMERS
"""Mail -> contexts."""
