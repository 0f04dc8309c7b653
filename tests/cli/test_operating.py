"""An operator's round on real processes: a sample goes in at the door, is worked on, and is replayed through a worker."""

from __future__ import annotations

import pytest

from tests.cli.operator_command import Bursar
from tests.harness.cluster import Database
from tests.harness.processes import Processes
from tests.harness.waiting import wait_until


@pytest.mark.requirement("INBOX-5")
def test_a_triggered_sample_is_processed_and_its_replay_is_hinted(database: Database, processes: Processes) -> None:
    settings = database.settings()
    bursar = Bursar(settings)
    # No standby runs: what is done here was done because of hints.
    processes.bursar("receiver", settings=settings)
    processes.bursar("worker", "payments", settings=settings)
    wait_until(
        lambda: bursar("trigger", "stripe", "customer.created").code == 0,
        what="the receiver answers",
        interval_s=0.2,
    )
    with database.connect() as connection:

        def done() -> list[tuple[int]]:
            return connection.execute("SELECT id FROM bursar.inbox WHERE state = 'done'").fetchall()

        ((row_id,),) = wait_until(done, what="the sample is done")
        said = bursar("inbox", "replay", str(row_id), "--state", "done", "--reason", "a trial")
        assert said.code == 0, said.err
        replayed = "SELECT 1 FROM bursar.inbox WHERE state = 'done' AND fair_at > received_at"
        wait_until(lambda: connection.execute(replayed).fetchone(), what="the replayed event is done again")
        assert connection.execute("SELECT count(*) FROM bursar.customer").fetchone() == (1,)
