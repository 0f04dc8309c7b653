"""Settings: the rules of money that an operator may choose."""

from __future__ import annotations

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
