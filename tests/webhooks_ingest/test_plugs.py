"""What the plugs read out of a proven body, and that a source without its secret does not open."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import Settings
from providers.sandbox.sign import stripe_headers, zoom_headers
from tests.harness.environment import STRIPE_SECRET, ZOOM_SECRET, make_settings
from tests.webhooks_ingest.door import encoded, stripe_event
from webhooks_ingest.envelope import Challenge, Envelope
from webhooks_ingest.plugs import destination, open_plugs
from webhooks_ingest.stripe import StripePlug
from webhooks_ingest.zoom import ZoomPlug

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def settings(**overrides: Any) -> Settings:
    return make_settings("postgresql://nowhere/x", "redis://nowhere/0", Path("nowhere"), **overrides)


STRIPE, ZOOM = StripePlug(settings()), ZoomPlug(settings())


def by_stripe(body: bytes, secret: str = STRIPE_SECRET, plug: StripePlug = STRIPE) -> Envelope:
    headers = {name.lower(): value for name, value in stripe_headers(secret, body, NOW).items()}
    return plug.verify(headers, body, NOW)


def by_zoom(body: bytes) -> Envelope | Challenge:
    headers = {name.lower(): value for name, value in zoom_headers(ZOOM_SECRET, body, NOW).items()}
    return ZOOM.verify(headers, body, NOW)


@pytest.mark.requirement("INBOX-17")
@pytest.mark.parametrize(
    ("inner", "account", "lane"),
    [
        ({"id": "cus_1", "object": "customer"}, None, "stripe:cus_1"),
        ({"id": "cus_1", "object": "customer", "customer": "cus_2"}, None, "stripe:cus_1"),
        ({"id": "in_1", "object": "invoice", "customer": "cus_1"}, None, "stripe:cus_1"),
        ({"id": "in_1", "object": "invoice", "customer": "cus_1"}, "acct_1", "stripe:cus_1"),
        ({"id": "in_1", "object": "invoice", "customer": {"id": "cus_1", "object": "customer"}}, None, "stripe:cus_1"),
        ({"id": "po_1", "object": "payout"}, "acct_1", "stripe:acct_1"),
        ({"id": "ch_1", "object": "charge", "customer": None}, None, "stripe:ch_1"),
        ({"id": "ch_1", "object": "charge", "customer": 5}, None, "stripe:ch_1"),
        ({"id": "ch_1", "object": "charge", "customer": {"id": 5}}, "acct_1", "stripe:acct_1"),
        ({"object": "balance"}, None, "stripe:evt_1"),
        ({"id": "with a blank"}, None, "stripe:evt_1"),
    ],
)
def test_stripes_lane_is_the_customer_else_the_account_else_the_object(
    inner: dict[str, Any], account: str | None, lane: str
) -> None:
    told = by_stripe(encoded(stripe_event(data={"object": inner}, account=account)))
    assert told.lane == lane
    assert (told.event_id, told.event_type) == ("evt_1", "customer.updated")


@pytest.mark.requirement("INBOX-1")
def test_a_thin_event_keeps_its_own_id_and_type() -> None:
    thin = {
        "id": "evt_test_65thin", "object": "v2.core.event", "type": "v1.customer.subscription.updated", "livemode": False,
        "created": "2026-02-28T10:00:00.000Z", "context": "acct_1", "snapshot_event": "evt_twin",
        "related_object": {"id": "sub_1", "type": "subscription", "url": "/v1/subscriptions/sub_1"},
    }  # fmt: skip
    told = by_stripe(encoded(thin))
    assert (told.event_id, told.event_type, told.object_id) == ("evt_test_65thin", "v1.customer.subscription.updated", "sub_1")
    assert told.occurred_at == datetime(2026, 2, 28, 10, 0, tzinfo=UTC)
    assert told.account == "acct_1"


@pytest.mark.requirement("SEC-3")
def test_during_a_rotation_both_secrets_hold_and_the_row_says_which() -> None:
    old, new = "whsec_old_0123456789", "whsec_new_0123456789"
    plug = StripePlug(settings(stripe_webhook_secrets=f"{new},{old}"))
    marks = [by_stripe(b"{}", secret, plug).headers[-12:] for secret in (old, new, old)]
    assert marks[0] == marks[2] != marks[1]


@pytest.mark.requirement("INBOX-1", "SEC-1")
@given(body=st.binary(max_size=200))
def test_any_signed_bytes_make_an_envelope_that_the_inbox_can_hold(body: bytes) -> None:
    for told in (by_stripe(body), by_zoom(body)):
        assert isinstance(told, Envelope)
        assert told.body == body
        assert told.event_id.isascii()
        assert 0 < len(told.event_id) <= 255
        assert 0 < len(told.event_type) <= 255
        assert "\0" not in told.lane + told.headers


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_KEYS = ("id", "object", "type", "account", "created", "livemode", "data", "related_object", "event", "payload", "event_ts")


@pytest.mark.requirement("INBOX-1")
@given(value=st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=8), data=_JSON)
def test_json_of_any_shape_makes_an_envelope(value: dict[str, Any], data: Any) -> None:
    for shape in (value, value | {"data": {"object": data}, "payload": {"object": data}}):
        body = encoded(shape)
        told = by_stripe(body)
        assert told.livemode in (True, False, None)
        assert isinstance(by_zoom(body), Envelope)


@pytest.mark.requirement("SEC-1")
@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"stripe_webhook_secrets": ""}, "BURSAR_STRIPE_WEBHOOK_SECRETS"),
        ({"stripe_webhook_secrets": "short"}, "BURSAR_STRIPE_WEBHOOK_SECRETS"),
        ({"zoom_webhook_secrets": ""}, "BURSAR_ZOOM_WEBHOOK_SECRETS"),
        ({"paypal_webhook_id": " , "}, "BURSAR_PAYPAL_WEBHOOK_ID"),
        ({"paypal_trust_anchors": Path("missing.pem")}, "BURSAR_PAYPAL_TRUST_ANCHORS"),
        ({"sources": "stripe,virtualmin"}, "virtualmin"),
        ({"sources": ""}, "BURSAR_SOURCES"),
    ],
)
def test_what_is_missing_is_named(overrides: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        open_plugs(settings(**overrides))


@pytest.mark.requirement("INBOX-12")
def test_only_the_named_sources_are_open() -> None:
    assert list(open_plugs(settings(sources="zoom", stripe_webhook_secrets=""))) == ["zoom"]


@pytest.mark.requirement("INBOX-12", "INBOX-7")
def test_events_go_where_the_generated_routes_say() -> None:
    assert destination("stripe", "invoice.payment_failed").queue == "payments"
    assert destination("stripe", "invoice.payment_failed").label == "payments.stripe.invoice.payment_failed"
    assert destination("stripe", "payout.paid").queue == "payouts"
    assert destination("stripe", "never.heard").ignored_reason == "no_handler"
    assert destination("zoom", "unparsable").ignored_reason is None
