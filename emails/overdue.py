"""What the mails about overdue invoices, trials and cards need to know: entries of the catalogue, apart from it by subject."""

from __future__ import annotations

from dataclasses import dataclass

from emails.values import Amount, Moment


@dataclass(frozen=True, slots=True)
class DunningTold:
    """A payment that failed; `until`: until when access stays."""

    amount: Amount
    about: str
    invoice: str
    needs_method: bool
    """Whether nothing will be tried by itself: the customer has to pay, or to give another method."""
    until: Moment | None


@dataclass(frozen=True, slots=True)
class TrialTold:
    """A trial that ends, or has ended. `amount` is what a period costs then."""

    plan: str
    ends_at: Moment
    amount: Amount
    goes_on: bool
    """Whether a stored method is charged; else the plan ends with its trial."""


@dataclass(frozen=True, slots=True)
class CardTold:
    """A stored card that expires, or has expired."""

    brand: str
    last4: str
    expires: str
    """Month and year, such as 03/2027: it is good to the end of that month."""
    instead: str | None
    """The method that is charged from now on, such as `visa 4242`; None: there is none."""
