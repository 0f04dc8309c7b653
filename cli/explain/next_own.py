"""What happens next in our own billing, and when: what the clock will do by itself, and what waits for money or a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cli.printing import instant
from models.base import OWN_SOURCE

Row = dict[str, Any]

_ENDED = ("cancelled", "expired")
_PERSON = "waits for a person: bursar efactura show {number}"
_EFACTURA = {
    "queued": "is written and sent to the ministry within the minute",
    "uploading": "is on its way to the ministry",
    "unknown": "was sent, and its reply was lost: it is looked for in the ministry's list",
    "processing": "is looked at by the ministry",
    "refused_locally": "breaks a rule, was not sent, and " + _PERSON,
    "rejected": "was rejected by the ministry, and " + _PERSON,
}
"""Until it is accepted."""


def own_next(row: Row) -> Iterator[str]:
    """Sentences about one row; none where nothing is ahead of it."""
    tell = _TELL.get(row["kind"])
    if tell is not None:
        for sentence in tell(row):
            yield f"{row['kind'].replace('_', ' ')} {row['external_id']} {sentence}"


def _subscription(row: Row) -> Iterator[str]:
    if row.get("status") in _ENDED:
        return
    if row.get("parked_at"):
        yield f"is parked since {instant(row['parked_at'])} and waits for a person: bursar subscription unpark {row['external_id']}"
    elif row["source"] == OWN_SOURCE:
        yield from _ours(row)
    elif row.get("current_period_end"):
        what = "ends" if row.get("cancel_at_period_end") else "is billed again"
        yield f"{what} by {row['source']} {instant(row['current_period_end'])}"


def _ours(row: Row) -> Iterator[str]:
    if row["status"] == "trialing" and row.get("trial_end_at"):
        yield f"is in its trial, which ends {instant(row['trial_end_at'])}" + _told(row.get("trial_notice_at"))
    if row.get("next_billing_at"):
        ends = row.get("cancel_at_period_end")
        yield f"{'ends' if ends else 'is billed for its next period'} {instant(row['next_billing_at'])}"
    if row.get("cancel_at"):
        yield f"ends {instant(row['cancel_at'])}"
    if row.get("grace_until"):
        yield f"is let go of {instant(row['grace_until'])} unless its invoice is paid before"
    if row.get("pending_change"):
        yield "changes at its period's end: " + ", ".join(f"{name} {value}" for name, value in sorted(row["pending_change"].items()))
    if row["status"] == "paused":
        yield "is paused until somebody resumes it"


def _told(at: datetime | None) -> str:
    return f"; its subscriber is told {instant(at)}" if at else ""


def _invoice(row: Row) -> Iterator[str]:
    if row["source"] != OWN_SOURCE or row.get("status") != "pending":
        return
    if row.get("confirmation_since"):
        yield f"waits since {instant(row['confirmation_since'])} for a person who looks at a bank transfer: bursar bank-transfer ls"
    elif row.get("expires_at"):
        yield f"waits for its payment and becomes void {instant(row['expires_at'])}"
    else:
        yield "waits for its payment" + (f", due {instant(row['due_at'])}" if row.get("due_at") else "")


def _document_wait(row: Row) -> Iterator[str]:
    if not row.get("ended_at"):
        yield f"waits since {instant(row['since'])}: {row['said']}"


def _efactura(row: Row) -> Iterator[str]:
    what = _EFACTURA.get(row.get("status") or "")
    if what is None:
        return
    asked = f", asked next {instant(row['next_poll_at'])}" if row.get("next_poll_at") else ""
    until = f"; the ministry wants it by {instant(row['deadline_at'])}" if row.get("deadline_at") else ""
    yield what.format(number=row["number"] or row["external_id"]) + asked + until


def _dunning_case(row: Row) -> Iterator[str]:
    if row.get("status") != "open":
        return
    if row.get("stopped_because"):
        yield f"charges nothing more until another method is stored: {row['stopped_because']}"
    for name, what in (("suspend_at", "access is suspended"), ("terminate_at", "the subscription ends")):
        if row.get(name) and (name != "suspend_at" or not row.get("suspended_at")):
            yield f"is open: {what} {instant(row[name])} unless it is paid before"


def _dunning_attempt(row: Row) -> Iterator[str]:
    if row.get("status") == "pending":
        yield f"is the next step, due {instant(row['due_at'])}"
    elif row.get("status") == "processing":
        yield "is under way at the provider"


def _credit_lot(row: Row) -> Iterator[str]:
    if row.get("status") == "active" and row.get("remaining") and row.get("expires_at"):
        yield f"has {row['remaining']} credits left, which expire {instant(row['expires_at'])}"


def _credit_cycle(row: Row) -> Iterator[str]:
    if row.get("next_reset_at"):
        yield f"sets the plan's credits anew {instant(row['next_reset_at'])}, if that month is paid"


def _money_credit(row: Row) -> Iterator[str]:
    if row.get("balance_minor"):
        yield f"has {row['balance_minor']} minor units of {row['currency']}, which the next invoice takes"


def _promo(row: Row) -> Iterator[str]:
    if row.get("status") == "reserved":
        yield f"is reserved until {instant(row['expires_at'])}, then somebody else may have it" if row.get("expires_at") else "is reserved"


def _subscription_request(row: Row) -> Iterator[str]:
    if row.get("status") == "pending":
        yield f"({row['action']}) waits for the provider's answer"


def _organisation(row: Row) -> Iterator[str]:
    if row.get("sync_due_at"):
        yield f"sets its subscription's quantity {instant(row['sync_due_at'])}"
    if row.get("differs_since"):
        yield f"has {row['told_quantity']} seats at the provider, which is not what was asked for, since {instant(row['differs_since'])}"


def _invitation(row: Row) -> Iterator[str]:
    if row.get("status") == "pending" and row.get("expires_at"):
        yield f"can be accepted until {instant(row['expires_at'])}"


def _price(row: Row) -> Iterator[str]:
    if row.get("effective_for_existing_at"):
        yield f"holds for who has the product from the first period that begins at or after {instant(row['effective_for_existing_at'])}"


def _price_assignment(row: Row) -> Iterator[str]:
    if row.get("status") == "active" and row.get("expires_at"):
        yield f"ends {instant(row['expires_at'])}, and not before 30 days after its subscriber was told"


def _price_move(row: Row) -> Iterator[str]:
    if row.get("status") == "planned":
        yield f"moves subscription {row['subscription_ref']} to {row['to_price_ref']} at its next period"


def _subscriber(row: Row) -> Iterator[str]:
    if row.get("suspended_at"):
        yield f"is suspended since {instant(row['suspended_at'])}"


def _product(row: Row) -> Iterator[str]:
    if row.get("relink_asked_at"):
        yield f"is linked with providers' subscriptions anew since {instant(row['relink_asked_at'])}: the run relink_products"


_TELL = {
    "subscription": _subscription, "invoice": _invoice, "dunning_case": _dunning_case, "dunning_attempt": _dunning_attempt,
    "credit_lot": _credit_lot, "credit_cycle": _credit_cycle, "money_credit": _money_credit, "promo_redemption": _promo,
    "subscription_request": _subscription_request, "organisation": _organisation, "invitation": _invitation, "price": _price,
    "price_assignment": _price_assignment, "price_move": _price_move, "subscriber": _subscriber, "product": _product,
    "document_wait": _document_wait, "efactura": _efactura,
}  # fmt: skip
