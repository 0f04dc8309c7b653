"""Settings: the rules of money that an operator may choose."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings.section import Section


class Money(Section):
    """Fees, bounds and waits of money that moves."""

    application_fee_basis_points: int = Field(
        500,
        ge=0,
        le=10_000,
        description="Share of a payment that the platform keeps, in hundredths of a percent (PAY-4: 5 %), rounded half up. "
        "Stored with each payment: a change concerns later ones only.",
    )
    bank_transfer_days: float = Field(
        7.0,
        gt=0,
        description="Days after which a bank transfer that nobody approved or rejected expires (PAY-8). International transfers take up to "
        "5 bank days. One whose money comes later can still be approved.",
    )
    refund_window_days: int = Field(
        180,
        ge=1,
        le=3_650,
        description="For so many days after it was made a payment is refunded on command (REFUND-1). PayPal itself refunds for 180 "
        "days; older payments are paid back by other ways. A refund made in a provider's dashboard is taken in at any age.",
    )
    refund_fee_policy: Literal["none", "proportional", "full"] = Field(
        "proportional",
        description="What of the platform's fee a refund gives back to the payee (REFUND-3): nothing, its part of the fee, or all of "
        "the fee with the first refund. Stored with each refund: a change concerns later ones only.",
    )
    refund_approval_above_minor: int | None = Field(
        None,
        ge=0,
        description="A refund of more than this, in minor units of whichever currency it is in, waits until a second person of the "
        "role finance agrees. Empty: none does. Trap: 10000 are 100.00 EUR, but 10000 JPY.",
    )
    package_invoice_hours: int = Field(
        48,
        ge=24,
        le=48,
        description="An unpaid invoice for a package of credits is void after so many hours (INV-3). A reminder goes out 24 hours before "
        "that, none where the invoice lives no longer. The clock stands still while a bank transfer waits for approval.",
    )
    stale_invoice_days: int = Field(
        90,
        ge=7,
        le=3_650,
        description="Our own invoices that nobody paid for so many days after they were due count as uncollectible (INV-12); those of "
        "subscriptions are dunning's. Money that still comes is taken (INV-13).",
    )
    credit_validity_months: int = Field(
        1,
        ge=1,
        le=120,
        description="Calendar months that bought and bonus credits are valid (CRED-2), where neither product nor grant says otherwise. "
        "A change concerns later grants only.",
    )
    credit_low_percents: list[int] = Field(
        [20, 5],
        description="When so many percent are left of the credits that were there after the last reset or purchase, the subscriber is told "
        "once per threshold and such period (CRED-8). Empty: never.",
    )
