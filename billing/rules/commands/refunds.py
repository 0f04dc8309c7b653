"""Commands that give money back to payers (REFUND-1 to 12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.commands.payments import Purpose, reference
from billing.rules.refund_reasons import Reason
from billing.rules.refund_reference import FORM

MOST_PAYMENTS = 10_000
"""Of one batch."""

Source = Literal["stripe", "paypal", "manual"]
"""`manual`: a bank transfer, which a person sends back (`billing.bank_refunds.sent.v1`)."""
_UNKNOWN = {"unknown_refund": "no refund has this reference at this provider"}


def refund_name(value: str) -> str:
    """Raises ValueError for what is no refund's reference."""
    if not FORM.fullmatch(value):
        raise ValueError("reference must be a refund's reference, such as REF-20260301-7K3M9QXA")
    return value


def _organiser(command: RequestRefund | RequestBatch) -> None:
    """Raises ValueError for an organiser who says nothing of himself, and for what is no line."""
    for name in ("account_ref", "owner", "organisation"):
        if getattr(command, name) is not None:
            line(getattr(command, name), name)
    if command.acting_for == "organiser" and not (command.account_ref or command.owner or command.organisation):
        raise ValueError("acting_for needs account_ref, owner or organisation for an organiser")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAsked:
    """How the refund stands; `bursar_api.outcome(key)` tells how it goes on."""

    request: str
    """Bursar's public id of the request."""
    reference: str
    """The refund's reference, for people: REF-YYYYMMDD-XXXXXXXX."""
    status: str
    """`pending` (a person has to agree), `processing`, `approved`, `completed`, `rejected`, `failed` or `cancelled`."""
    amount_minor: int
    """What goes back, in minor units of `currency`."""
    currency: str
    """ISO 4217."""
    fee_minor: int
    """What of it the platform bears, out of its fee."""
    transfer_minor: int
    """What the payee gives back of his share, in its currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefund(Command):
    """Gives a payment back to its payer, wholly or in part. More than is left (received, less refunded, less on its way, less
    withdrawn by disputes) is refused before the provider is asked for anything."""

    NAME: ClassVar[str] = "billing.refunds.request.v1"
    RESULT: ClassVar[type] = RefundAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_payment": "no such payment is known at this provider",
        "not_permitted": "he who wants it is not the payment's organiser",
        "key_used": "the key belongs to a refund of another amount of this payment",
        "not_refundable": "the payment has not surely succeeded",
        "not_known_yet": "the provider has not told yet how the payment was divided; try again soon",
        "too_late": "the payment is older than refunds are made for (`details.limit`, in days)",
        "disputed": "the bank holds what is left of it because of a dispute",
        "nothing_left": "all of it went back already, or is on its way",
        "over_refund": "more than is left (`details.limit`)",
        "given_as_credit": "more than the credit leaves that was given for what of the period was not used (`details.limit`)",
        "amount_out_of_bounds": "less than one minor unit",
        "currency_differs": "the payment was made in another currency",
    }

    source: Source
    """The provider."""
    key: str
    """The app's own name of this refund, one per payment: the same again is the same refund. 1 to 80 letters, digits and
    `. _ : / -`."""
    acting_for: Literal["platform", "organiser"]
    """Who the person is who wants it. What the platform's own staff wants is not compared with the payment; of an organiser, one
    of the next three must be the payment's own (REFUND-12)."""
    reason: Reason
    """Why, for the audit and the provider."""
    account_ref: str | None = None
    """The provider's id of the organiser's connected account: the payment's payee."""
    owner: str | None = None
    """The app's id of the organiser: `owner` in the payment's metadata."""
    organisation: str | None = None
    """The app's id of his organisation: `organisation` in the payment's metadata."""
    payment_ref: str | None = None
    """The provider's id of the payment."""
    reference: str | None = None
    """Else the app's own reference of the payment; one of the two."""
    amount_minor: int | None = None
    """In minor units of the payment's currency; null: all that is left."""
    currency: str | None = None
    """If given, it must be the payment's."""
    note: str | None = None
    """For operators."""
    customer_note: str | None = None
    """For the payer: it stands in his mail."""

    def __post_init__(self) -> None:
        reference(self.key, "key")
        _organiser(self)
        if (self.payment_ref is None) == (self.reference is None):
            raise ValueError("payment_ref or reference must be given, not both")
        if self.reference is not None:
            reference(self.reference)
        for name in ("payment_ref", "note", "customer_note"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        if self.amount_minor is not None and not 0 < self.amount_minor <= MOST_MINOR:
            raise ValueError(f"amount_minor must be 1 to {MOST_MINOR}")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The payment, or the request that it was taken by."""
        if self.reference:
            yield "payment_request", self.source, self.reference
        if self.payment_ref:
            yield "payment", self.source, self.payment_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveRefund(Command):
    """Agrees to a refund that waits for a second person; it may not be he who asked for it. It is then asked for at the provider."""

    NAME: ClassVar[str] = "billing.refunds.approve.v1"
    RESULT: ClassVar[type] = RefundAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **_UNKNOWN,
        "not_pending": "it does not wait for anybody",
        "same_person": "he who asked for it cannot agree to it",
        "disputed": "the bank holds what is left of the payment because of a dispute",
        "over_refund": "less than that is left of the payment meanwhile (`details.limit`)",
        "given_as_credit": "credit was given meanwhile for what of the period was not used, and leaves less than that (`details.limit`)",
        "not_refundable": "the payment's money is no longer surely there",
    }

    source: Source
    """The provider."""
    reference: str
    """The refund's reference."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        refund_name(self.reference)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The refund."""
        yield "refund_request", self.source, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectRefund(Command):
    """Declines a refund that waits for a second person. Nothing was asked of the provider, and nothing is."""

    NAME: ClassVar[str] = "billing.refunds.reject.v1"
    RESULT: ClassVar[type] = RefundAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {**_UNKNOWN, "not_pending": "it does not wait for anybody"}

    source: Source
    """The provider."""
    reference: str
    """The refund's reference."""
    reason: str
    """Why, for the audit and the notes."""

    def __post_init__(self) -> None:
        refund_name(self.reference)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The refund."""
        yield "refund_request", self.source, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRefund(Command):
    """Gives up a refund: at once while it waits for a second person, else as the provider allows (Stripe, while it is on its way)."""

    NAME: ClassVar[str] = "billing.refunds.cancel.v1"
    RESULT: ClassVar[type] = RefundAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {**_UNKNOWN, "not_cancellable": "it has reached the payer, or the provider knows no cancelling"}

    source: Source
    """The provider."""
    reference: str
    """The refund's reference."""
    reason: str
    """Why, for the audit and the notes."""

    def __post_init__(self) -> None:
        refund_name(self.reference)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The refund."""
        yield "refund_request", self.source, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRefund(Command):
    """Adds a note to a refund."""

    NAME: ClassVar[str] = "billing.refunds.note.v1"
    RESULT: ClassVar[type] = RefundAsked
    REFUSALS: ClassVar[Mapping[str, str]] = _UNKNOWN

    source: Source
    """The provider."""
    reference: str
    """The refund's reference."""
    text: str
    """The note, one line."""
    kind: Literal["internal", "customer"] = "internal"
    """For operators, or for the payer."""

    def __post_init__(self) -> None:
        refund_name(self.reference)
        line(self.text, "text")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The refund."""
        yield "refund_request", self.source, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAsked:
    """How the batch stands; its items are made by a run within the minute."""

    batch: str
    """Bursar's public id of the batch."""
    status: str
    """`asked`, `running` or `done`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBatch(Command):
    """Refunds all that is left of many payments, for an event that was cancelled (REFUND-10). Each payment has its own outcome:
    one that is refused stops no other. The payments are listed, or found by what they were for."""

    NAME: ClassVar[str] = "billing.refunds.request_batch.v1"
    RESULT: ClassVar[type] = BatchAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {"reference_used": "the reference is another batch's"}

    source: Source
    """The provider."""
    reference: str
    """The app's own name of the batch: 1 to 80 letters, digits and `. _ : / -`."""
    acting_for: Literal["platform", "organiser"]
    """Who the person is who wants it. What the platform's own staff wants is not compared with the payment; of an organiser, one
    of the next three must be the payment's own (REFUND-12)."""
    reason: Reason
    """Why, for the audit and the provider."""
    account_ref: str | None = None
    """The provider's id of the organiser's connected account: the payment's payee."""
    owner: str | None = None
    """The app's id of the organiser: `owner` in the payment's metadata."""
    organisation: str | None = None
    """The app's id of his organisation: `organisation` in the payment's metadata."""
    payments: tuple[str, ...] = ()
    """The provider's ids of the payments; at most 10000."""
    purpose: Purpose | None = None
    """Else what the payments were for."""
    purpose_ref: str | None = None
    """Which enrolment, package or registration."""
    note: str | None = None
    """For operators."""

    def __post_init__(self) -> None:
        reference(self.reference)
        _organiser(self)
        if bool(self.payments) == bool(self.purpose_ref):
            raise ValueError("payments or purpose_ref must be given, not both")
        if self.purpose_ref and self.purpose is None:
            raise ValueError("purpose_ref needs a purpose")
        if len(self.payments) > MOST_PAYMENTS:
            raise ValueError(f"payments may list at most {MOST_PAYMENTS}")
        for name in (*self.payments, *(one for one in (self.purpose_ref, self.note) if one)):
            line(name, "payments")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The batch."""
        yield "refund_batch", self.source, self.reference
