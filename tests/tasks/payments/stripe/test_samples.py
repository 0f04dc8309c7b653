"""Every shared sample of Stripe's, of 2012 to today: none fails, and the final rows do not depend on the order."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from providers.stripe.event_types import EVENT_TYPES
from tests.tasks.mirror import Mirror
from tests.tasks.payments.stripe.ground import all_models, body
from workers.routing import ignored_reason, route

pytestmark = pytest.mark.requirement("INBOX-17", "INBOX-18", "INBOX-19")

_TYPE_OF = {
    "bank_account": "account.external_account",
    "billing_portal.session": "billing_portal.session",
    "card": "account.external_account",
    "checkout.session": "checkout.session",
    "deleted_customer": "customer",
    "deleted_invoice": "invoice",
    "deleted_tax_id": "customer.tax_id",
    "dispute": "charge.dispute",
    "subscription": "customer.subscription",
    "tax_id": "customer.tax_id",
}
"""Resource -> the object that its event types are named after, where the two differ."""


def recorded(folder: Path, *, second: int | None = None) -> list[bytes]:
    """The recorded events, each under an id of its own; `second`: all told in this one."""
    found = []
    for number, path in enumerate(sorted((folder / "events").glob("*.json"))):
        event = json.loads(path.read_bytes())
        event |= {"id": f"evt_{number:03}"} | ({} if second is None else {"created": second})
        found.append(json.dumps(event).encode())
    return found


def wrapped(folder: Path) -> list[bytes]:
    """Today's example of each resource, as the event that would carry it."""
    resources = json.loads((folder / "fixtures3.json").read_bytes())["resources"]
    found = []
    for name, obj in sorted(resources.items()):
        base = _TYPE_OF.get(name, name)
        what = "deleted" if name.startswith("deleted_") else None
        types = [event_type for event_type in EVENT_TYPES if event_type.rsplit(".", 1)[0] == base]
        wanted = [f"{base}.{verb}" for verb in ([what] if what else ["updated", "created", "completed", "paid"])]
        found += [body(one, obj, event_id=f"evt_fix_{name}") for one in wanted if one in types][:1]
    return found


def handled(bodies: Sequence[bytes]) -> list[bytes]:
    """Those that a handler gets; the others must have a stated reason."""
    types = [(json.loads(one)["type"], one) for one in bodies]
    unknown = [name for name, _ in types if ignored_reason("stripe", name) == "no_handler"]
    assert unknown == []
    return [one for name, one in types if route("stripe", name)]


def test_recorded_events_in_any_order_end_in_the_same_rows(mirror: Mirror, stripe_samples: Path) -> None:
    for second in (None, 1_600_000_000):
        told = handled(recorded(stripe_samples, second=second))
        assert len(told) > 45
        expected = mirror.rows(told, *all_models(), batch=1)
        assert len(expected["charge"]) > 1
        shuffled = random.Random(7).sample(told, len(told))
        for order in (told + told, told[::-1], shuffled, shuffled + told[::-1]):
            assert mirror.rows(order, *all_models(), batch=20) == expected


def test_todays_examples_in_any_order_end_in_the_same_rows(mirror: Mirror, stripe_samples: Path) -> None:
    told = handled(wrapped(stripe_samples))
    names = {json.loads(one)["type"].rsplit(".", 1)[0] for one in told}
    assert {"customer", "customer.subscription", "invoice", "charge", "payment_method", "invoice_payment"} <= names
    expected = mirror.rows(told, *all_models(), batch=1)
    for order in (told[::-1], random.Random(7).sample(told * 2, len(told) * 2)):
        assert mirror.rows(order, *all_models(), batch=20) == expected
