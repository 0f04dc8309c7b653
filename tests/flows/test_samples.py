"""Every shared sample, signed and posted to the real receiver and worked by real workers: 2xx, stored once, byte-exact, none dead."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.clock import SystemClock
from models.base import AGGREGATES
from providers.sandbox.sign import stripe_headers
from tests.factories.inbox import states
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET
from tests.harness.processes import Processes
from tests.harness.rabbit import Rabbit
from tests.harness.waiting import wait_until
from tests.tasks.payments.stripe.test_samples import recorded, wrapped


def post(port: int, bodies: Sequence[bytes]) -> set[int]:
    """Post the bodies as Stripe would, over one connection; the statuses that came back."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    statuses = set()
    for body in bodies:
        connection.request("POST", "/webhooks/stripe", body, stripe_headers(STRIPE_SECRET, body, SystemClock().now()))
        answer = connection.getresponse()
        answer.read()
        statuses.add(answer.status)
    connection.close()
    return statuses


def listening(port: int) -> bool:
    """Whether the receiver answers and has its database."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
        connection.close()
    except OSError:
        return False
    return status == 200


def business_state(database: Database) -> dict[str, list[str]]:
    """All mirrored rows, without ids and times of our own."""
    with database.connect() as connection:
        return {
            model.__tablename__: [
                row[0]
                for row in connection.execute(
                    f"""SELECT (to_jsonb(t) - ARRAY(SELECT k FROM jsonb_object_keys(to_jsonb(t)) k WHERE k = 'id' OR k LIKE '%_id')
                                - 'created_at' - 'updated_at' || jsonb_build_object('key', external_id))::text
                        FROM bursar.{model.__tablename__} t ORDER BY source, external_id"""
                ).fetchall()
            ]
            for model in AGGREGATES.values()
        }


def play(database: Database, processes: Processes, orders: Sequence[Sequence[bytes]]) -> dict[str, list[str]]:
    """Post one order after the other through real processes; the business rows at the end."""
    settings = database.settings(sources=["stripe"], store_timeout_s=30.0)
    for role in (["receiver"], ["worker", "payments"], ["worker", "payouts"], ["worker", "maintenance"], ["standby"]):
        processes.bursar(*role, settings=settings)
    wait_until(lambda: listening(settings.receiver_port), what="the receiver is ready")
    for bodies in orders:
        assert post(settings.receiver_port, bodies) == {200}
    with database.connect() as connection:
        wait_until(lambda: states(connection).keys() <= {"done", "ignored"}, 200, what="all settled")
        stored = [row[0] for row in connection.execute("SELECT body FROM bursar.inbox_payload").fetchall()]
        assert sorted(map(bytes, stored)) == sorted(orders[0])
        assert states(connection)["done"] >= 60
    return business_state(database)


@pytest.mark.requirement("INBOX-1", "INBOX-2", "INBOX-7", "INBOX-8", "INBOX-9", "INBOX-10", "INBOX-17", "INBOX-18")
def test_all_samples_go_through_and_repetition_or_order_change_nothing(
    database: Database, processes: Processes, stripe_samples: Path
) -> None:
    bodies = [*recorded(stripe_samples), *wrapped(stripe_samples)]
    once = play(database, processes, [bodies, bodies[::-1], bodies])
    assert len(once["charge"]) > 1


@pytest.mark.rabbitmq
@pytest.mark.requirement("INBOX-17")
def test_all_samples_go_through_rabbitmq(
    database: Database, processes: Processes, stripe_samples: Path, rabbit: Rabbit
) -> None:
    behind_rabbit = Database(database.url, rabbit.url, database.home)
    assert play(behind_rabbit, processes, [[*recorded(stripe_samples), *wrapped(stripe_samples)]])["customer"]
