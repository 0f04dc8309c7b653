"""Commands about invoices of our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.commands.payments import amount, reference
from billing.rules.tax.rates import RATE_KINDS
from billing.rules.tax.sold_as import SUPPLIES

MOST_LINES, MOST_INVOICES, MOST_QUANTITY = 50, 1_000, 1_000_000
_OWN = "bursar"
_TAX: Mapping[str, Mapping[str, str]] = {"supply": SUPPLIES, "tax_kind": RATE_KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceStands:
    """How the invoice stands."""

    invoice: str
    """Bursar's public id of it."""
    reference: str
    """Its reference: what a payment with the purpose `invoice` names."""
    status: str
    """`pending`, `paid`, `void` or `uncollectible`."""
    total_minor: int
    """What it comes to, in minor units of `currency`."""
    currency: str
    """ISO 4217."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicesVoided:
    """What became of each."""

    voided: int
    """How many are void by this command."""
    kept: tuple[str, ...]
    """Those that were final already: nothing of them was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAsked:
    """The provider is asked; `bursar_api.outcome` has the `url` of the PDF once it has answered, and for an hour."""

    request: str
    """Bursar's public id of the wish."""
    source: str
    """The provider."""
    invoice_ref: str
    """The provider's id of the invoice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkInvoice(Command):
    """Asks a provider for the link to the PDF of an invoice that it bills: links end, so each wish asks afresh (INV-11).

    The outcome's status is `asked`, `told`, `none` (a draft has no PDF) or, after an hour, `ended`: then ask again.
    """

    NAME: ClassVar[str] = "billing.invoices.pdf_link.v1"
    RESULT: ClassVar[type] = LinkAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_invoice": "the provider has told of no such invoice"}

    source: Literal["stripe"]
    """The provider that bills it. Of invoices that Bursar issues there are documents."""
    invoice_ref: str
    """The provider's id of it, such as `in_...`."""

    def __post_init__(self) -> None:
        line(self.invoice_ref, "invoice_ref")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Invoice and link."""
        yield "invoice", self.source, self.invoice_ref
        yield "invoice_link", self.source, self.invoice_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelInvoice(Command):
    """A customer gives up what he ordered and has not paid: his invoice for a package of credits becomes void (INV-5)."""

    NAME: ClassVar[str] = "billing.invoices.cancel_by_customer.v1"
    RESULT: ClassVar[type] = InvoiceStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_invoice": "this subscriber has no invoice of this reference",
        "not_cancellable": "only pending invoices for packages of credits are; `details.current` says what it is",
        "payment_under_way": "a payment of it waits for approval or for the provider's answer; once that is decided, try again",
    }

    subscriber_ref: str
    """The app's own id of the customer."""
    invoice_ref: str
    """The invoice's reference."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        line(self.invoice_ref, "invoice_ref")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and invoice."""
        yield "subscriber", _OWN, self.subscriber_ref
        yield "invoice", _OWN, self.invoice_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidInvoices(Command):
    """An operator voids invoices that should never have been, each for the same reason (INV-7). What is final stays."""

    NAME: ClassVar[str] = "billing.invoices.bulk_void.v1"
    RESULT: ClassVar[type] = InvoicesVoided
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_invoice": "at least one of them does not exist; `details.current` lists those, and none was voided"
    }

    invoice_refs: tuple[str, ...]
    """1 to 1000 references."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        line(self.reason, "reason")
        if not 1 <= len(self.invoice_refs) <= MOST_INVOICES:
            raise ValueError(f"invoice_refs must be 1 to {MOST_INVOICES} references")
        for one in self.invoice_refs:
            line(one, "invoice_refs")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """All of them."""
        for one in self.invoice_refs:
            yield "invoice", _OWN, one


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInvoice(Command):
    """An operator writes an invoice by hand (INV-14). Its customer pays it by checkout or bank transfer with the purpose `invoice`."""

    NAME: ClassVar[str] = "billing.invoices.create_custom.v1"
    RESULT: ClassVar[type] = InvoiceStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_subscriber": "no subscriber was defined under this reference",
        "reference_used": "the reference is another invoice's",
        "mixed_tax": "some lines are outside the scope of VAT and others are not, which no paper may hold: bill them by two invoices",
        "no_tax_rate": "where the customer is taxed, there is no rate of a line's `tax_kind`: say another, or define the rate",
    }

    reference: str
    """The app's own name for it: 1 to 80 letters, digits and `. _ : / -`."""
    subscriber_ref: str
    """Who owes it."""
    currency: str
    """ISO 4217, upper case."""
    lines: tuple[dict[str, str | int], ...]
    """1 to 50 objects of `description` (one line), `amount_minor` (of the whole line, in minor units; negative where it lowers the
    total) and, for the reader, `quantity` (1 if left out). For tax: `supply` (`service`, or `goods` that are sent) and `tax_kind`
    (`standard`, or `reduced`, `second_reduced`, `super_reduced`, `parking`, `zero`). They come to more than 0."""
    reason: str
    """Why, for the audit."""
    due_days: int = 14
    """Days until it is due, 0 to 365."""

    def __post_init__(self) -> None:
        reference(self.reference)
        line(self.subscriber_ref, "subscriber_ref")
        line(self.reason, "reason")
        if not 1 <= len(self.lines) <= MOST_LINES:
            raise ValueError(f"lines must be 1 to {MOST_LINES}")
        _lines(self.lines, self.currency)
        if not 0 <= self.due_days <= 365:
            raise ValueError("due_days must be 0 to 365")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and invoice."""
        yield "subscriber", _OWN, self.subscriber_ref
        yield "invoice", _OWN, self.reference


def _lines(lines: Sequence[Mapping[str, str | int]], currency: str) -> None:
    total = 0
    for one in lines:
        if not {"description", "amount_minor"} <= one.keys() <= {"description", "amount_minor", "quantity", *_TAX}:
            raise ValueError("lines must be objects of description, amount_minor and, if wanted, quantity, supply and tax_kind")
        for name, words in _TAX.items():
            if name in one and one[name] not in words:
                raise ValueError(f"{name} of a line must be one of {', '.join(words)}")
        description, minor, quantity = one["description"], one["amount_minor"], one.get("quantity", 1)
        if not isinstance(description, str) or not isinstance(minor, int) or not isinstance(quantity, int):
            raise ValueError("a line's description is a text; its amount_minor and quantity are whole numbers")
        line(description, "description")
        if not 1 <= abs(minor) <= MOST_MINOR:
            raise ValueError(f"amount_minor of a line must be 1 to {MOST_MINOR}, or as much below zero")
        if not 1 <= quantity <= MOST_QUANTITY:
            raise ValueError(f"quantity must be 1 to {MOST_QUANTITY}")
        total += minor
    try:
        amount(total, currency)
    except ValueError as error:
        raise ValueError(f"the lines' total: {error}") from None
