"""Commands about rates of VAT and of exchange, and about VAT numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command

DefinedKind = Literal["standard", "reduced", "second_reduced", "super_reduced", "parking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineTaxRate(Command):
    """Defines a rate of VAT from a day on, over the table that Bursar brings along: for a state that changes its rate
    before a release knows of it. Said again for the same day, it is corrected. What was issued stays as it was issued.

    Result: `tax_rate`, `percent`, `before`.
    """

    NAME: ClassVar[str] = "billing.tax_rates.define.v1"
    QUEUE: ClassVar[str] = "payments"

    area: str
    """ISO 3166-1 (`RO`), or a region with rates of its own (`PT-20`)."""
    kind: DefinedKind
    """Which of its rates."""
    valid_from: str
    """The first tax point for which it counts: `YYYY-MM-DD`. It counts until the next rate of this kind begins."""
    percent: str | None
    """A decimal with at most four places, such as `25.5`; null: from that day on there is no such rate."""
    reason: str
    """Why, such as the law's number; for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFxRate(Command):
    """Records a rate of exchange, by which a paper in a foreign currency states its tax in the tax office's. Said again
    for the same day, it is corrected. What was issued stays as it was issued; papers that wait for a rate are issued by it.

    Result: `fx_rate`, `rate`.
    """

    NAME: ClassVar[str] = "billing.fx_rates.record.v1"
    QUEUE: ClassVar[str] = "payments"

    rate_source: Literal["BNR", "ECB"]
    """Whose rate it is: the National Bank of Romania's for lei, else the European Central Bank's."""
    base: str
    """ISO 4217: the paper's currency."""
    quote: str
    """ISO 4217: the tax office's currency."""
    valid_on: str
    """The first day for which it holds, `YYYY-MM-DD`: BNR's of one working day holds from the next day on. It bridges
    seven days."""
    rate: str
    """Units of `quote` for ONE of `base`, a plain decimal such as `5.0898`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckVatNumber(Command):
    """Has VIES asked about a VAT number now, whatever is known of it. The answer is told to all subscribers who have
    that number.

    Result: `vat_id`, `valid`, `checked_at`, `asked`.
    Rejected as `no_vat_number`.
    """

    NAME: ClassVar[str] = "billing.vat_numbers.check.v1"
    QUEUE: ClassVar[str] = "payments"

    vat_id: str
    """With its prefix, such as `DE136695976`; Greece is `EL`, Northern Ireland `XI`."""


TYPED: tuple[type[Command], ...] = (DefineTaxRate, RecordFxRate, CheckVatNumber)
