"""Commands about to whom a subscriber's papers are made out (INV-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.sellers import address, vat_id
from billing.rules.commands.subscribers import OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledTo:
    """To whom."""

    bill_to: str
    """Bursar's public id of it."""
    subscriber_ref: str
    """The app's own id of the customer."""
    kind: str
    """`business` or `consumer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBillTo(Command):
    """Says to whom a subscriber's invoices are made out from now on. Said again, it is set anew as a whole; issued papers stay as they are.

    A business in another EU state is charged no VAT (reverse charge) only once its number was found valid.
    """

    NAME: ClassVar[str] = "billing.subscribers.bill_to.v1"
    RESULT: ClassVar[type] = BilledTo
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_subscriber": "no subscriber was defined under this reference",
        "erased": "the customer was forgotten (`customers.erase`): who comes again comes under a new id",
    }

    subscriber_ref: str
    """The app's own id of the customer."""
    kind: Literal["business", "consumer"]
    """Who buys; it decides how the sale is taxed."""
    full_name: str
    """The company's or the person's: 1 to 255 characters."""
    street: str
    """Street and number."""
    city: str
    """Town; in Bucharest `SECTOR1` to `SECTOR6`."""
    country: str
    """ISO 3166-1, two letters."""
    county: str | None = None
    """ISO 3166-2, such as `RO-CJ`; needed in Romania."""
    postal_code: str | None = None
    """As it is written there; it tells parts of a country that have VAT of their own."""
    vat_id: str | None = None
    """Of a business, with its prefix (`DE123456789`, Greece `EL`)."""
    tax_number: str | None = None
    """A fiscal number without VAT meaning."""
    registration_no: str | None = None
    """Of a business: its trade register's."""
    email: str | None = None
    """Where papers go; null: the subscriber's."""
    phone: str | None = None
    """For the paper."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        line(self.full_name, "full_name")
        address(self.street, self.city, self.country, self.county, self.postal_code)
        for name in ("vat_id", "tax_number", "registration_no", "email", "phone", "reason"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        vat_id(self.vat_id)
        if self.kind == "consumer" and (self.vat_id or self.registration_no):
            raise ValueError("a consumer has neither vat_id nor registration_no: that is a business")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The subscriber, and what he said before."""
        yield "subscriber", OWN, self.subscriber_ref
        yield "bill_to", OWN, self.subscriber_ref
