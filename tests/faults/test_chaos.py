"""Everything is killed at random while events pour in: none lost, none doubled, none out of order (promises 1, 2, 3).

The seed is printed; `CHAOS_SEED=n CHAOS_EVENTS=100000 python3 dev.py test tests/faults/test_chaos.py` plays it again, longer.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.factories.inbox import states
from tests.faults.client import Provider, stripe_event
from tests.faults.nemesis import Nemesis
from tests.harness.broker import AnyBroker, Broker
from tests.harness.cluster import Cluster, Database
from tests.harness.environment import STRIPE_SECRET
from tests.harness.processes import Processes
from tests.harness.waiting import wait_until

EVENTS = int(os.environ.get("CHAOS_EVENTS", "10000"))
CUSTOMERS = 300
BASE = 1_772_366_400


def events(chance: random.Random, count: int) -> list[tuple[str, bytes]]:
    """Half of them count (each must count once), half of them are snapshots (the newest must win); shuffled, some doubled."""
    made = []
    for n in range(count):
        event_id, customer = f"evt_{n}", f"cus_{chance.randrange(CUSTOMERS)}"
        if n % 2:
            made.append((event_id, stripe_event(event_id, "thing.happened", BASE, {"id": f"thing_{customer}", "customer": customer})))
        else:
            thing = {"id": customer, "object": "customer", "name": f"{n}"}
            made.append((event_id, stripe_event(event_id, "customer.updated", BASE + chance.randrange(count), thing)))
    made += chance.sample(made, count // 20)
    chance.shuffle(made)
    return made


@pytest.mark.timeout(600 if EVENTS <= 10_000 else 0)
@pytest.mark.requirement("INBOX-1", "INBOX-2", "INBOX-15", "INBOX-16", "INBOX-17")
def test_nothing_is_lost_doubled_or_out_of_order(
    own_cluster: Callable[..., Cluster], each_broker: AnyBroker, processes: Processes, tmp_path: Path
) -> None:
    seed = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
    print(f"CHAOS_SEED={seed}")  # noqa: T201
    database = own_cluster().database(each_broker.url, tmp_path)
    # An innocent row may be in hand at three random kills; here only the ladder of real poison is cut off, not that.
    settings = database.settings(
        sources=["stripe"], lease_s=2.0, sweep_interval_s=0.2, hint_grace_s=0.5, workers_per_queue=2, max_crashes=20,
        retry_ladder_s=[0.5] * 20, beat_silence_s=5.0, operator_emails=[],
    )  # fmt: skip
    nemesis = Nemesis(seed, processes, settings, each_broker, database.url)
    nemesis.start("receiver", "worker payments", "standby", "beat")
    provider = Provider(settings.receiver_port, STRIPE_SECRET)
    # What the broker does to events cannot depend on which one it is: with RabbitMQ, a fortieth of them.
    count = EVENTS if isinstance(each_broker, Broker) else EVENTS // 40
    provider.start(events(random.Random(seed), count))
    while len(provider.acknowledged) < count:
        nemesis.pause()
        nemesis.strike()
    provider.stop()
    print(f"{provider.tries} posts, blows: {nemesis.blows}")  # noqa: T201
    assert provider.refused == []
    nemesis.heal()
    wait_until(lambda: _all_done(database), 200, what="all done", interval_s=0.1)
    with database.connect() as connection:
        _check(connection, set(provider.acknowledged))


def _all_done(database: Database) -> bool:
    """Asked on a new connection each time: the database may still have to recover from the last blow."""
    try:
        with database.connect() as connection:
            return states(connection).keys() == {"done"}
    except psycopg.OperationalError:
        return False


def _check(connection: psycopg.Connection[Any], acknowledged: set[str]) -> None:
    """By the tables alone."""
    rows = connection.execute("SELECT event_id, id, event_type FROM bursar.inbox").fetchall()
    assert acknowledged <= {row[0] for row in rows}, "an acknowledged event is lost"
    ran = dict(connection.execute("SELECT inbox_id, count(*) FROM bursar.audit WHERE action = 'probe.ran' GROUP BY 1").fetchall())
    assert ran == {row[1]: 1 for row in rows if row[2] == "thing.happened"}, "an effect is missing or doubled"
    counted = connection.execute("SELECT sum(balance_minor) FROM bursar.customer WHERE external_id LIKE 'thing_%'").fetchone()
    assert counted == (len(ran),)
    stale = connection.execute(
        """SELECT c.external_id FROM bursar.customer c JOIN LATERAL (
               SELECT convert_from(p.body, 'UTF8')::jsonb AS event FROM bursar.inbox i JOIN bursar.inbox_payload p ON p.inbox_id = i.id
               WHERE i.object_id = c.external_id AND i.event_type = 'customer.updated'
               ORDER BY i.occurred_at DESC, i.event_id COLLATE "C" DESC LIMIT 1) newest ON true
           WHERE c.name IS DISTINCT FROM newest.event->'data'->'object'->>'name'"""
    ).fetchall()
    assert stale == [], "an older snapshot overwrote a newer one"
