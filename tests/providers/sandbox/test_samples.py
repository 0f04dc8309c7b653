"""Samples are real enough: signed as the provider signs, and processed to the end by the real handlers."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
import stripe

from core.clock import FixedClock, SystemClock
from core.settings import QUEUES
from providers.sandbox.samples import NoSampleError, body_of, event, types
from providers.sandbox.sign import stripe_headers, zoom_headers
from tests.factories.inbox import NOW, store_event
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET, ZOOM_SECRET
from workers import inbox
from workers.context import make_context
from workers.routing import ignored_reason, queue_of


def test_every_sample_is_processed_by_the_real_handlers(database: Database) -> None:
    context = make_context(database.settings(), clock=FixedClock(NOW))
    with database.connect() as connection:
        for source in ("stripe", "zoom"):
            for event_type in types(source):
                body = body_of(event(source, event_type, NOW))
                reason = ignored_reason(source, event_type)
                store_event(
                    connection,
                    body,
                    source=source,
                    event_type=event_type,
                    queue=queue_of(source, event_type),
                    reason=reason,
                    state="ignored" if reason else "received",
                    event_id=hashlib.sha256(body).hexdigest(),
                )
        for queue in QUEUES:
            inbox.drain(context, queue)
        left = connection.execute(
            "SELECT event_type, state, error FROM bursar.inbox WHERE state NOT IN ('done', 'ignored') ORDER BY id"
        ).fetchall()
    context.engine.dispose()
    assert left == []


def test_ids_are_fresh_each_time() -> None:
    one, other = event("stripe", "invoice.paid", NOW), event("stripe", "invoice.paid", NOW)
    assert one["id"] != other["id"]
    assert one["data"]["object"]["id"] != other["data"]["object"]["id"]
    assert body_of(event("zoom", "meeting.started", NOW)) != body_of(event("zoom", "meeting.started", NOW))


def test_changes_reach_the_object_or_the_envelope() -> None:
    changes = {
        "amount_paid": 5,
        "lines.data.0.amount": 7,
        "metadata.order": "A1",
        "event.created": 1,
        "event.data.previous_attributes.x": 2,
    }
    made = event("stripe", "invoice.paid", NOW, changes)
    assert made["created"] == 1
    assert made["data"]["previous_attributes"] == {"x": 2}
    body = made["data"]["object"]
    assert (body["amount_paid"], body["lines"]["data"][0]["amount"], body["metadata"]) == (5, 7, {"order": "A1"})


@pytest.mark.parametrize("path", ["status.x", "lines.data.9.amount", "lines.data.first"])
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(KeyError):
        event("stripe", "invoice.paid", NOW, {path: 1})


def test_an_unknown_type_is_refused() -> None:
    for source in ("stripe", "paypal"):
        with pytest.raises(NoSampleError):
            event(source, "no.such.thing", NOW)


def test_stripes_own_library_accepts_the_signature() -> None:
    body = body_of(event("stripe", "charge.succeeded", NOW))
    headers = stripe_headers(STRIPE_SECRET, body, SystemClock().now())
    assert stripe.WebhookSignature.verify_header(body.decode(), headers["Stripe-Signature"], STRIPE_SECRET, 60)


def test_zooms_signature_is_over_version_time_and_body() -> None:
    headers = zoom_headers(ZOOM_SECRET, b'{"a":1}', NOW)
    stamp = str(int(NOW.timestamp()))
    expected = hmac.new(
        ZOOM_SECRET.encode(), f"v0:{stamp}:{json.dumps({'a': 1}, separators=(',', ':'))}".encode(), hashlib.sha256
    )
    assert headers["x-zm-request-timestamp"] == stamp
    assert headers["x-zm-signature"] == f"v0={expected.hexdigest()}"
