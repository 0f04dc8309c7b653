"""Commands about subscribers: the app's own customers, over all their customers at providers (SUB-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import country

OWN = "bursar"


def zone(value: str, name: str = "zone") -> str:
    """`value`, if it names a time zone.

    Raises:
        ValueError: it does not.
    """
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name} must be an IANA name such as Europe/Bucharest") from None
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberDefined:
    """How he stands."""

    subscriber: str
    """Bursar's public id of him."""
    subscriber_ref: str
    """The app's own id."""
    status: str
    """`free`, `trial`, `pending_payment`, `active`, `suspended` or `cancelled`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineSubscriber(Command):
    """Says who a customer of the app is and how he pays. Said again, it is set anew as a whole; what is billed already stays."""

    NAME: ClassVar[str] = "billing.subscribers.define.v1"
    RESULT: ClassVar[type] = SubscriberDefined
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "customer_taken": "`pay_customer_ref` is another subscriber's (`details.current`)",
        "linked_to_another": "the provider's customer is linked with another id of the app",
        "erased": "the customer was forgotten (`customers.erase`): who comes again comes under a new id",
    }

    subscriber_ref: str
    """The app's own id of the customer: 1 to 255 characters in one line."""
    email: str | None = None
    """Where mails go to; null: none are sent."""
    full_name: str | None = None
    """How he is addressed."""
    country: str | None = None
    """ISO 3166-1, two letters."""
    language: str | None = None
    """Of his mails, such as `de`."""
    zone: str = "UTC"
    """IANA name: whose days and months his periods are counted in."""
    segment: str | None = None
    """A group of the app's own, for promo codes and prices."""
    pay_source: Literal["stripe", "paypal", "manual"] | None = None
    """Through which provider his invoices are charged; `manual` or null: he pays each invoice himself."""
    pay_customer_ref: str | None = None
    """The provider's id of his customer there; needed to charge him."""
    payment_method_ref: str | None = None
    """The stored method that is charged; null: the customer's default."""
    dunning_policy_ref: str | None = None
    """Which policy holds when a payment fails; null: the plan's, or the default."""

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        for name in ("email", "full_name", "language", "segment", "pay_customer_ref", "payment_method_ref", "dunning_policy_ref"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        country(self.country)
        zone(self.zone)
        if self.pay_customer_ref is not None and self.pay_source not in ("stripe", "paypal"):
            raise ValueError("pay_customer_ref needs pay_source stripe or paypal")
        if self.payment_method_ref is not None and self.pay_customer_ref is None:
            raise ValueError("payment_method_ref needs pay_customer_ref")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The subscriber, and his customer at the provider."""
        yield "subscriber", OWN, self.subscriber_ref
        if self.pay_customer_ref and self.pay_source:
            yield "customer", self.pay_source, self.pay_customer_ref
