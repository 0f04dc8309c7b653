"""A short story of sandbox events, so that the first look at a new copy shows events being processed.

They are signed as the provider signs and posted to the receiver: nothing takes a short cut. Each telling is about a new
customer, so that the data of former ones stays as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
import psycopg

from core.clock import SystemClock, monotonic_s
from core.settings import Settings

_RECEIVER_TIMEOUT_S = 20.0
_DONE_TIMEOUT_S = 30.0
_FINAL = {"done", "ignored", "dead", "waiting"}
_API_VERSION = "2025-03-31.basil"


@dataclass
class _Posted:
    event_id: str
    type: str
    status: int
    at_s: float


def tell(settings: Settings, began_at_s: float) -> None:
    """Post the events and print how each went. Ends quietly when the receiver's Stripe door is closed."""
    if "stripe" not in settings.sources or not settings.stripe_webhook_secrets:
        click.echo("no story: the Stripe door is not open (BURSAR_SOURCES, BURSAR_STRIPE_WEBHOOK_SECRETS)")
        return
    if settings.mode == "live":
        click.echo("no story: this database is for live events (BURSAR_MODE)")
        return
    if not _receiver_is_up(settings):
        click.secho("no story: the receiver does not answer; see its log", fg="red")
        return
    secret = settings.stripe_webhook_secrets[0].get_secret_value()
    posted = [_post(settings, secret, event) for event in events(SystemClock().now())]
    with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as connection:
        _watch(connection, posted, began_at_s)


def events(now: datetime) -> list[dict[str, Any]]:
    """The story: a customer subscribes, pays the first month, and gets part of it back."""
    at = int(now.timestamp())
    mark = f"{at:x}"
    customer, subscription, charge, invoice = f"cus_{mark}", f"sub_{mark}", f"ch_{mark}", f"in_{mark}"
    month = {"start": at, "end": at + 30 * 86400}
    price = {"id": "price_pro_monthly", "object": "price", "currency": "eur", "unit_amount": 4900,
             "recurring": {"interval": "month", "interval_count": 1}, "product": "prod_pro"}
    paid = {"id": charge, "object": "charge", "customer": customer, "amount": 4900, "amount_captured": 4900,
            "currency": "eur", "status": "succeeded", "paid": True, "captured": True, "created": at,
            "payment_intent": f"pi_{mark}", "invoice": invoice, "livemode": False, "metadata": {}}
    told: list[tuple[str, dict[str, Any]]] = [
        ("customer.created", {
            "id": customer, "object": "customer", "email": f"ada.{mark}@example.com", "name": "Ada Example",
            "currency": "eur", "balance": 0, "delinquent": False, "created": at, "livemode": False, "metadata": {}}),
        ("customer.subscription.created", {
            "id": subscription, "object": "subscription", "customer": customer, "status": "active", "currency": "eur",
            "created": at, "start_date": at, "cancel_at_period_end": False, "collection_method": "charge_automatically",
            "latest_invoice": invoice, "livemode": False, "metadata": {},
            "items": {"object": "list", "data": [{
                "id": f"si_{mark}", "object": "subscription_item", "subscription": subscription, "quantity": 1,
                "price": price, "current_period_start": month["start"], "current_period_end": month["end"]}]}}),
        ("charge.succeeded", {**paid, "refunded": False, "amount_refunded": 0}),
        ("invoice.paid", {
            "id": invoice, "object": "invoice", "customer": customer, "status": "paid", "currency": "eur",
            "number": f"TEST-{mark}", "subtotal": 4900, "total": 4900, "amount_due": 4900, "amount_paid": 4900,
            "amount_remaining": 0, "attempt_count": 1, "created": at, "livemode": False, "metadata": {},
            "billing_reason": "subscription_create", "collection_method": "charge_automatically",
            "parent": {"type": "subscription_details", "subscription_details": {"subscription": subscription}},
            "lines": {"object": "list", "has_more": False, "data": [{
                "id": f"il_{mark}", "object": "line_item", "amount": 4900, "currency": "eur", "quantity": 1,
                "description": "Pro, one month", "period": month}]}}),
        ("charge.refunded", {**paid, "refunded": False, "amount_refunded": 900}),
    ]
    return [
        {"id": f"evt_{mark}_{number}", "object": "event", "type": kind, "api_version": _API_VERSION,
         "created": at + number, "livemode": False, "pending_webhooks": 1,
         "request": {"id": None, "idempotency_key": None}, "data": {"object": body}}
        for number, (kind, body) in enumerate(told)
    ]


def signature(secret: str, at: datetime, body: bytes) -> str:
    """The `Stripe-Signature` header (Stripe's documentation, "Verify webhook signatures manually")."""
    stamp = int(at.timestamp())
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={mac}"


def _receiver_is_up(settings: Settings) -> bool:
    deadline = monotonic_s() + _RECEIVER_TIMEOUT_S
    while monotonic_s() < deadline:
        wire = http.client.HTTPConnection(settings.receiver_host, settings.receiver_port, timeout=5)
        try:
            wire.request("GET", "/readyz")
            if wire.getresponse().status == 200:
                return True
        except OSError:
            pass  # not listening yet
        finally:
            wire.close()
        time.sleep(0.02)
    return False


def _post(settings: Settings, secret: str, event: dict[str, Any]) -> _Posted:
    body = json.dumps(event).encode()
    began = monotonic_s()
    wire = http.client.HTTPConnection(settings.receiver_host, settings.receiver_port, timeout=10)
    wire.request("POST", "/webhooks/stripe", body, {
        "Content-Type": "application/json", "Stripe-Signature": signature(secret, SystemClock().now(), body),
    })
    status = wire.getresponse().status
    wire.close()
    return _Posted(event["id"], event["type"], status, began)


def _watch(connection: psycopg.Connection[Any], posted: list[_Posted], began_at_s: float) -> None:
    """Print each event as it is settled."""
    waiting = {one.event_id: one for one in posted}
    first_done_s: float | None = None
    deadline = monotonic_s() + _DONE_TIMEOUT_S
    while waiting and monotonic_s() < deadline:
        rows = connection.execute(
            "SELECT event_id, queue, state, coalesce(error, ignored_reason, '') FROM bursar.inbox "
            "WHERE source = 'stripe' AND event_id = ANY(%s) ORDER BY done_at, id", (list(waiting),),
        ).fetchall()
        for event_id, queue, state, why in rows:
            if state in _FINAL:
                one = waiting.pop(event_id)
                _print(one, queue, state, why, monotonic_s() - one.at_s)
                if state == "done" and first_done_s is None:
                    first_done_s = monotonic_s() - began_at_s
        time.sleep(0.02)
    for one in waiting.values():
        click.secho(f"{one.type:<31} answered {one.status}, not processed within {_DONE_TIMEOUT_S:g} s", fg="red")
    if first_done_s is not None:
        click.echo(f"the first event was processed {first_done_s:.1f} s after the start")


def _print(one: _Posted, queue: str, state: str, why: str, after_s: float) -> None:
    colour = "green" if state == "done" else "yellow" if state == "ignored" else "red"
    text = f"{one.type:<31} answered {one.status}, {state} on {queue} after {after_s * 1000:.0f} ms"
    click.secho(f"{text} {why}".rstrip(), fg=colour)
