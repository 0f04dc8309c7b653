"""Stripe events of our own making (providers/sandbox/samples) in any number, with ids of their own and of a real size.

One sample is made for each type, and only the ids in its text are exchanged, so that a million of them cost little.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from providers.sandbox.samples import body_of, event

TYPES = ("payment_intent.succeeded", "customer.updated", "invoice.paid", "charge.succeeded")
"""The last one books in the journal."""
SAME_JOB = "thing.happened"
"""An event of the source `probe` (tests/harness/probe.py), whose handler does what the floor does: one UPDATE, one INSERT."""
BYTES = 2_600
"""Size of a real `payment_intent.succeeded` of API version 2025-03-31; samples are smaller, so their metadata fills up."""
_PLACES = {
    "payment_intent.succeeded": {"id": "pi", "customer": "cus", "payment_method": "pm"},
    "customer.updated": {"id": "cus"},
    SAME_JOB: {"id": "item"},
    "charge.succeeded": {"id": "ch", "customer": "cus", "payment_intent": "pi", "balance_transaction": "txn"},
    "invoice.paid": {"id": "in", "customer": "cus", "parent.subscription_details.subscription": "sub"},
}
_MARK = "0000000000000000000n"


@dataclass(frozen=True, slots=True)
class Made:
    """One event: its ids and the bytes that Stripe would post."""

    event_id: str
    event_type: str
    object_id: str
    customer: str
    body: bytes


def events(
    event_type: str, count: int, at: datetime, *, first: int = 0, per_customer: int = 4, bad_every: int = 0
) -> Iterator[Made]:
    """That many distinct events, numbered from `first`; customers repeat, `per_customer` events each, far from one another.

    `bad_every`: each such event is one that its handler cannot read (its amount, or balance, is a text).
    """
    template = _template(event_type, at)
    spoilt = template.replace(b'"amount":4900', b'"amount":"x"').replace(b'"balance":-500', b'"balance":"x"')
    spoilt = spoilt.replace(b'"total":4900', b'"total":"x"').replace(b'"do":"ok"', b'"do":"raise"')
    customers = max(1, count // per_customer)
    for number in range(count):
        own, shared = f"{first + number:020d}", f"{first + number % customers:020d}"
        source = spoilt if bad_every and number % bad_every == bad_every // 2 else template
        body = source.replace(b"@own@" + _MARK.encode(), own.encode()).replace(b"@cus@" + _MARK.encode(), shared.encode())
        prefix = _PLACES[event_type]["id"]
        about_customer = event_type.startswith("customer.")
        yield Made(
            f"evt_{own}", event_type, f"{prefix}_{shared if about_customer else own}", f"cus_{shared}", body
        )


def _template(event_type: str, at: datetime) -> bytes:
    if event_type == SAME_JOB:
        thing = {"id": f"item_@own@{_MARK}", "do": "ok", "detail": "", "fill": "x" * (BYTES - 130)}
        return body_of({"id": f"evt_@own@{_MARK}", "type": event_type, "object": thing})
    changes = {"event.id": f"evt_@own@{_MARK}"}
    for path, prefix in _PLACES[event_type].items():
        kind = "@cus@" if prefix in ("cus", "sub") else "@own@"
        changes[path] = f"{prefix}_{kind}{_MARK}"
    short = body_of(event("stripe", event_type, at, changes))
    # What the marks are longer than the ids makes no difference worth counting.
    fill = {f"note_{number}": "x" * 60 for number in range(max(0, BYTES - len(short)) // 72)}
    return body_of(event("stripe", event_type, at, changes | {"metadata": fill}))
