"""A short story of sandbox events, so that the first look at a new copy shows events being processed.

They are signed as the provider signs and posted to the receiver: nothing takes a short cut. Each telling is about a new
customer, so that the data of former ones stays as it is.
"""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click
import psycopg

from core.clock import SystemClock, monotonic_s
from core.settings import Settings
from providers.sandbox.samples import body_of, event
from providers.sandbox.sign import stripe_headers

_ANSWER_TIMEOUT_S = 120.0
_DONE_TIMEOUT_S = 120.0
_TRIES, _AGAIN_S = 10, 0.5
"""A receiver that is short of processor time may say 503; as a provider would, the story posts that event again."""
_FINAL = {"done", "ignored", "dead", "waiting"}


@dataclass
class _Posted:
    event_id: str
    type: str
    status: int
    at_s: float


def tell(settings: Settings, began_at_s: float) -> None:
    """Post the events and print how each went. Ends quietly when the receiver's Stripe door is closed."""
    if not _may_be_told(settings):
        return
    _play(settings, events(SystemClock().now()), began_at_s)


def tell_more(settings: Settings) -> None:
    """A second chapter once Flower listens, because Flower shows only what it hears. Silent where there was no first one."""
    if "stripe" not in settings.sources or not settings.stripe_webhook_secrets or settings.mode == "live":
        return
    if _answers(settings.flower_host, settings.flower_port, "/healthcheck"):
        _play(settings, later_events(SystemClock().now()), None)


def _may_be_told(settings: Settings) -> bool:
    if "stripe" not in settings.sources or not settings.stripe_webhook_secrets:
        click.echo("no story: the Stripe door is not open (BURSAR_SOURCES, BURSAR_STRIPE_WEBHOOK_SECRETS)")
        return False
    if settings.mode == "live":
        click.echo("no story: this database is for live events (BURSAR_MODE)")
        return False
    if not _answers(settings.receiver_host, settings.receiver_port, "/readyz"):
        click.secho("no story: the receiver does not answer; see its log", fg="red")
        return False
    return True


def _play(settings: Settings, chapter: list[dict[str, Any]], began_at_s: float | None) -> None:
    secret = settings.stripe_webhook_secrets[0].get_secret_value()
    posted = [_post(settings, secret, told) for told in chapter]
    with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as connection:
        _watch(connection, posted, began_at_s)


def events(now: datetime) -> list[dict[str, Any]]:
    """The story: a customer subscribes, pays the first month, and gets part of it back."""
    mark = f"{int(now.timestamp()):x}"
    customer, subscription, charge, invoice = f"cus_{mark}", f"sub_{mark}", f"ch_{mark}", f"in_{mark}"
    who = {"customer": customer}
    paid = {**who, "id": charge, "payment_intent": f"pi_{mark}", "created": int(now.timestamp())}
    told: list[tuple[str, dict[str, Any]]] = [
        ("customer.created", {"id": customer, "email": f"ada.{mark}@example.com", "name": "Ada Example"}),
        ("customer.subscription.created", {**who, "id": subscription, "latest_invoice": invoice}),
        ("charge.succeeded", paid),
        ("invoice.paid", {**who, "id": invoice, "parent.subscription_details.subscription": subscription}),
        ("charge.refunded", paid),
    ]
    return [
        event("stripe", kind, now + timedelta(seconds=number), {**changes, "event.id": f"evt_{mark}_{number}"})
        for number, (kind, changes) in enumerate(told)
    ]


def later_events(now: datetime) -> list[dict[str, Any]]:
    """The next month: the card fails, the subscription falls behind, and a payout reaches the bank."""
    mark = f"{int(now.timestamp()):x}"
    who = {"customer": f"cus_{mark}"}
    told: list[tuple[str, dict[str, Any]]] = [
        ("customer.updated", {"id": f"cus_{mark}", "email": f"ben.{mark}@example.com", "name": "Ben Example"}),
        ("invoice.payment_failed", {**who, "id": f"in_{mark}"}),
        ("customer.subscription.updated", {**who, "id": f"sub_{mark}", "status": "past_due"}),
        ("payout.paid", {"id": f"po_{mark}"}),
    ]
    return [
        event("stripe", kind, now + timedelta(seconds=number), {**changes, "event.id": f"evt_{mark}_more_{number}"})
        for number, (kind, changes) in enumerate(told)
    ]


def _answers(host: str, port: int, path: str) -> bool:
    deadline = monotonic_s() + _ANSWER_TIMEOUT_S
    while monotonic_s() < deadline:
        wire = http.client.HTTPConnection(host, port, timeout=5)
        try:
            wire.request("GET", path)
            if wire.getresponse().status == 200:
                return True
        except OSError:
            pass  # not listening yet
        finally:
            wire.close()
        time.sleep(0.02)
    return False


def _post(settings: Settings, secret: str, told: dict[str, Any]) -> _Posted:
    body = body_of(told)
    began = monotonic_s()
    status = 0
    for _ in range(_TRIES):
        wire = http.client.HTTPConnection(settings.receiver_host, settings.receiver_port, timeout=30)
        wire.request("POST", "/webhooks/stripe", body, stripe_headers(secret, body, SystemClock().now()))
        status = wire.getresponse().status
        wire.close()
        if status != http.HTTPStatus.SERVICE_UNAVAILABLE:
            break
        time.sleep(_AGAIN_S)
    return _Posted(told["id"], told["type"], status, began)


def _watch(connection: psycopg.Connection[Any], posted: list[_Posted], began_at_s: float | None) -> None:
    """Print each event as it is settled."""
    waiting = {one.event_id: one for one in posted}
    first_done_s: float | None = None
    deadline = monotonic_s() + _DONE_TIMEOUT_S
    while waiting and monotonic_s() < deadline:
        rows = connection.execute(
            "SELECT event_id, queue, state, coalesce(error, ignored_reason, '') FROM bursar.inbox "
            "WHERE source = 'stripe' AND event_id = ANY(%s) ORDER BY done_at, id",
            (list(waiting),),
        ).fetchall()
        for event_id, queue, state, why in rows:
            if state in _FINAL:
                one = waiting.pop(event_id)
                _print(one, queue, state, why, monotonic_s() - one.at_s)
                if state == "done" and first_done_s is None and began_at_s is not None:
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
