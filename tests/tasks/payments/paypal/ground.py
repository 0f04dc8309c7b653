"""What the tests of PayPal's handlers share: where each handler lives, and samples at other times with other fields."""

from __future__ import annotations

import json
from typing import Any

from providers.paypal.event_types import EVENT_TYPES, IGNORED, NOT_FOUND
from tests.payloads import sample
from workers.routing import fold

CAPTURE = "3C679366HH908993F"
ORDER = "5O190127TN364715T"
SALE = "80021663DE681814L"
SUBSCRIPTION = "I-BW452GLLEP1G"
DISPUTE = "PP-D-27803"
ITEM = "8AELMXH8UB2P8"


def handled() -> list[str]:
    """The event types of objects that have a handler: no answers to our own submissions, which tell of requests, nor "there is none"."""
    prefixes = tuple(name[:-1] for name in IGNORED if name.endswith("*"))
    return [name for name in EVENT_TYPES if name not in IGNORED and name != NOT_FOUND and not name.startswith((*prefixes, "answer."))]


QUEUES = {
    fold(name)[0]: "payouts" if fold(name)[0] in ("payment_payouts_item", "payouts_item", "payouts_batch") else "payments"
    for name in handled()
}


def changed(event_type: str, event_id: str, at: str, **resource: Any) -> bytes:
    """A sample as another event: id, time (its resource's as well) and fields of the resource."""
    body = json.loads(sample("paypal", event_type))
    body |= {"id": event_id, "create_time": at}
    body["resource"] |= {"update_time": at} | resource
    return json.dumps(body).encode()


def looked_up(*names: str) -> list[bytes]:
    """What look-ups say of the refunds that these events tell of."""
    bodies = [json.loads(sample("paypal", name)) for name in names]
    for body in bodies:
        body["resource"].pop("note_to_payer", None)
    return [json.dumps(body | {"id": f"fetch-{body['id']}", "event_type": "REFUND.FETCHED"}).encode() for body in bodies]
