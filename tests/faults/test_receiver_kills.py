"""kill -9 of the receiver under full load, again and again: every event that got a 200 has its row (promise 1).

`python3 dev.py soak receiver` does it 20 times; RECEIVER_KILLS says how often.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from core.settings import Settings
from tests.faults.hammer import Hammer
from tests.harness.broker import Broker
from tests.harness.cluster import Cluster, Database
from tests.harness.environment import STRIPE_SECRET
from tests.harness.processes import Processes

KILLS = int(os.environ.get("RECEIVER_KILLS", "4"))
CONNECTIONS = 64
_FLOWS = 300
"""Events acknowledged since a start: the receiver is under load again."""
_PATIENCE_S = 60


@pytest.mark.timeout(120 + 30 * KILLS)
@pytest.mark.requirement("INBOX-1", "INBOX-2")
def test_every_200_has_its_row_however_often_the_receiver_dies(
    own_cluster: Callable[..., Cluster], own_broker: Broker, processes: Processes, tmp_path: Path
) -> None:
    database = own_cluster().database(own_broker.url, tmp_path)
    settings = database.settings(sources=["stripe"])
    hammer = uvloop.run(_under_fire(processes, settings))
    print(f"{KILLS} kills, {len(hammer.acknowledged)} events acknowledged, {hammer.broken} requests broken off")  # noqa: T201
    # 503 while the receiver connects to its database is an answer as it should be.
    assert set(hammer.refused) <= {503}
    assert hammer.broken >= KILLS, "it was not under load when it was killed"
    assert _rows(database) == hammer.acknowledged


async def _under_fire(processes: Processes, settings: Settings) -> Hammer:
    chance, hammer = random.Random(20), Hammer(settings.receiver_port, STRIPE_SECRET, CONNECTIONS)
    receiver = processes.bursar("receiver", settings=settings)
    firing = asyncio.create_task(hammer.run())
    try:
        for _ in range(KILLS):
            await asyncio.wait_for(hammer.more(_FLOWS), _PATIENCE_S)
            await asyncio.sleep(chance.uniform(0, 0.3))
            receiver.kill()
            receiver = processes.bursar("receiver", settings=settings)
        await asyncio.wait_for(hammer.more(_FLOWS), _PATIENCE_S)
    finally:
        # Each connection ends with the event in hand acknowledged, so in the end all that was posted has its row.
        hammer.stop()
        await firing
    return hammer


def _rows(database: Database) -> set[str]:
    """Ids of the events that are stored whole, each once."""
    with database.connect() as connection:
        found = [
            row[0]
            for row in connection.execute(
                """SELECT i.event_id FROM bursar.inbox i JOIN bursar.inbox_payload p ON p.inbox_id = i.id
                   WHERE i.sha256 = sha256(p.body)"""
            ).fetchall()
        ]
    assert len(found) == len(set(found)), "an event is stored twice"
    return set(found)
