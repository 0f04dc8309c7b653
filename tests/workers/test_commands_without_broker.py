"""With the broker down, exactly the committed commands run, and soon: NOTIFY wakes the standby, which works itself."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator

import pytest

from tests.factories.commands import client, notes, plug_in_commands, state, status, submit, unplug_commands
from tests.harness.cluster import Database
from tests.harness.ports import free_range
from tests.harness.waiting import wait_until
from workers.context import make_context
from workers.standby import Standby


@pytest.fixture
def standby(database: Database) -> Iterator[Standby]:
    """A standby at work, whose broker nobody can reach."""
    plug_in_commands(database)
    context = make_context(database.settings(broker_url=f"redis://127.0.0.1:{free_range()}/0"))
    made = Standby(context, lambda *_: None)
    running = threading.Thread(target=made.run)
    running.start()
    yield made
    made.stop()
    running.join()
    context.engine.dispose()
    unplug_commands()


@pytest.mark.requirement("INBOX-15")
def test_the_committed_ones_run(standby: Standby, database: Database) -> None:
    rolls, kept = random.Random(5), []
    with client(database, autocommit=False) as app:
        for number in range(60):
            submit(app, f"k{number}", {"note": f"k{number}", "do": "reject" if number % 10 == 3 else "ok"}, lane=f"l{number % 4}")
            if rolls.random() < 0.5:
                app.commit()
                kept.append(number)
            else:
                app.rollback()
    wanted = {f"k{number}": "rejected" if number % 10 == 3 else "succeeded" for number in kept}
    with client(database) as app:
        wait_until(lambda: {state(app, key) for key in wanted} <= {"succeeded", "rejected"}, what="the commands to run")
        assert {key: state(app, key) for key in wanted} == wanted
        assert [key for number in range(60) if (key := f"k{number}") not in wanted and status(app, key)] == []
    ran = notes(database)
    assert sorted(ran) == sorted(key for key, became in wanted.items() if became == "succeeded")
    for lane in range(4):
        numbers = [int(note[1:]) for note in ran if int(note[1:]) % 4 == lane]
        assert numbers == sorted(numbers)
