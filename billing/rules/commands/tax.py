"""Commands about what taxing needs: rates of VAT and of exchange, and questions to VIES (TAX-1, TAX-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.subscribers import OWN
from billing.rules.money import exponent
from billing.rules.tax.exchange import rate_of
from billing.rules.tax.rates import MAX_RATE, is_area, parse_rate

DefinedKind = Literal["standard", "reduced", "second_reduced", "super_reduced", "parking"]


def day(value: str, name: str) -> date:
    """`value` as a day.

    Raises:
        ValueError: not `YYYY-MM-DD`.
    """
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{name} must be a day such as 2026-12-01") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRateDefined:
    """The rate."""

    tax_rate: str
    """Its name: `<area>:<kind>:<valid_from>`."""
    percent: str | None
    """As it was said; null: from that day on there is none."""
    before: str | None
    """What held on that day until now; null: none was known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineTaxRate(Command):
    """Defines a rate of VAT from a day on, over the table that Bursar brings along: for a state that changes its rate before a release
    knows of it. Said again for the same day, it is corrected. What was issued stays as it was issued."""

    NAME: ClassVar[str] = "billing.tax_rates.define.v1"
    RESULT: ClassVar[type] = TaxRateDefined

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

    def __post_init__(self) -> None:
        if not is_area(self.area):
            raise ValueError("area must be a country's two letters, or those with a region: RO, PT-20")
        day(self.valid_from, "valid_from")
        if self.percent is not None and not 0 <= parse_rate(self.percent) <= MAX_RATE:
            raise ValueError(f"percent must be 0 to {MAX_RATE // 10_000}")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Its row."""
        yield "tax_rate", OWN, f"{self.area}:{self.kind}:{self.valid_from}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FxRateRecorded:
    """The rate."""

    fx_rate: str
    """Its name: `<rate_source>:<base>:<quote>:<valid_on>`."""
    rate: str
    """As it was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFxRate(Command):
    """Records a rate of exchange, by which a paper in a foreign currency states its tax in the tax office's. Said again for the same day,
    it is corrected. What was issued stays as it was issued; papers that wait for a rate are issued by it."""

    NAME: ClassVar[str] = "billing.fx_rates.record.v1"
    RESULT: ClassVar[type] = FxRateRecorded

    rate_source: Literal["BNR", "ECB"]
    """Whose rate it is: the National Bank of Romania's for lei, else the European Central Bank's."""
    base: str
    """ISO 4217: the paper's currency."""
    quote: str
    """ISO 4217: the tax office's currency."""
    valid_on: str
    """The first day for which it holds, `YYYY-MM-DD`: BNR's of one working day holds from the next day on. It bridges seven days."""
    rate: str
    """Units of `quote` for ONE of `base`, a plain decimal such as `5.0898`."""

    def __post_init__(self) -> None:
        for currency in (self.base, self.quote):
            exponent(currency)
        if self.base == self.quote:
            raise ValueError("base and quote must differ")
        day(self.valid_on, "valid_on")
        rate_of(self.rate)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Its row."""
        yield "fx_rate", OWN, f"{self.rate_source}:{self.base}:{self.quote}:{self.valid_on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VatNumberAsked:
    """What is known of the number now; the answer comes later."""

    vat_id: str
    """The number in its one form, with its prefix."""
    valid: bool | None
    """What VIES last said; null: it never said."""
    checked_at: str | None
    """When it said so, ISO 8601."""
    asked: bool
    """Whether a question is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckVatNumber(Command):
    """Has VIES asked about a VAT number now, whatever is known of it. The answer is told to all subscribers who have that number."""

    NAME: ClassVar[str] = "billing.vat_numbers.check.v1"
    RESULT: ClassVar[type] = VatNumberAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {"no_vat_number": "no member state has such numbers, or its check digits are wrong"}

    vat_id: str
    """With its prefix, such as `DE136695976`; Greece is `EL`, Northern Ireland `XI`."""

    def __post_init__(self) -> None:
        line(self.vat_id, "vat_id")
