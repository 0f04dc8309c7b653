"""Metrics: what processes count, what the tables and the broker say, also when both are away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from core.clock import FixedClock
from tests.factories.inbox import NOW, store_event
from tests.harness.cluster import Database
from tests.harness.environment import make_settings
from tests.harness.probe import probe
from tests.harness.processes import ROOT, Processes
from tests.harness.waiting import wait_until
from tests.operations.scrape import Samples, samples, scrape
from workers.context import Context, make_context
from workers.observe.catalogue import GAUGES, render
from workers.observe.collector import Depth, registry

COUNT = """
import sys
from core.settings import load
from workers.observe import metrics
from workers.observe.shared_values import share
share(load())
metrics.received("probe", "stored", int(sys.argv[1]))
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def context(database: Database) -> Iterator[Context]:
    """A process's surroundings, at the factories' time."""
    made = make_context(database.settings(), clock=FixedClock(NOW + timedelta(seconds=60)))
    yield made
    made.engine.dispose()


def three(_queue: str) -> int | None:
    """A broker with messages."""
    return 3


def nobody(_queue: str) -> int | None:
    """A broker that does not answer."""
    return None


def look(context: Context, depth: Depth = three) -> Samples:
    """One scrape without HTTP."""
    return samples(generate_latest(registry(context, depth)).decode())


def test_the_tables_speak(context: Context, database: Database) -> None:
    with database.connect() as connection:
        for number in range(5):
            store_event(connection, probe(f"cus_{number}"))
        for state in ("waiting", "dead"):
            row = store_event(connection, probe("cus_x"), queue="payouts")
            connection.execute(
                "UPDATE bursar.inbox SET state = %s, error = 'x', fingerprint = 'f' WHERE id = %s", [state, row]
            )
        for lag_s in (2, 4):
            row = store_event(connection, probe("cus_y"), queue="maintenance")
            connection.execute(
                "UPDATE bursar.inbox SET state = 'done', done_at = %s WHERE id = %s",
                [NOW + timedelta(seconds=lag_s), row],
            )
        connection.execute("UPDATE bursar.inbox SET ready_at = ready_at - interval '90 seconds' WHERE id = 3")
        connection.execute(
            "INSERT INTO bursar.inbox_conflict (source, event_id, sha256, received_at, headers, body) "
            "VALUES ('paypal', 'WH-1', decode(repeat('00', 32), 'hex'), %s, '{}', 'x')",
            [NOW],
        )
    seen = look(context)
    assert seen["bursar_rows{queue=payments,state=received,table=inbox}"] == 5
    assert seen["bursar_rows{queue=payouts,state=waiting,table=inbox}"] == 1
    assert seen["bursar_rows{queue=payouts,state=dead,table=inbox}"] == 1
    assert seen["bursar_rows{queue=payouts,state=dead,table=outbox}"] == 0
    assert 90 <= seen["bursar_oldest_ready_seconds{queue=payments,table=inbox}"] < 90 + 120
    assert seen["bursar_oldest_ready_seconds{queue=payouts,table=inbox}"] == 0
    assert seen["bursar_lag_seconds{quantile=0.5,queue=maintenance}"] == 3
    assert "bursar_lag_seconds{quantile=0.5,queue=payments}" not in seen
    assert seen["bursar_conflicts{source=paypal}"] == 1
    assert seen["bursar_audit_unsealed"] == 0
    assert seen["bursar_broker_messages{queue=payments.calls}"] == 3
    assert (seen["bursar_database_up"], seen["bursar_broker_up"]) == (1, 1)


def test_efacturas_and_mails_are_counted_with_what_is_late_and_what_came_back(context: Context, database: Database) -> None:
    assert not [name for name in look(context) if name.startswith(("bursar_efactura_deadline", "bursar_mails"))]
    with database.connect() as connection:
        for number, status in enumerate(("queued", "refused_locally", "rejected", "rejected", "queued")):
            deadline = NOW + timedelta(hours=number) if status == "rejected" else None
            connection.execute(
                """INSERT INTO bursar.efactura (id, source, external_id, versions, created_at, updated_at, status, kind, attempt, queued_at,
                                                polls, polled_that_day, deadline_at)
                   VALUES (gen_random_uuid(), 'anaf', %s, '{"own": {}}', %s, %s, %s, 'invoice', 1, %s, 0, 0, %s)""",
                [f"invoice:{number}", NOW, NOW, status, NOW, deadline],
            )
        for number, (fate, age_h) in enumerate((("sent", 1), ("bounced", 2), ("bounced", 3), ("bounced", 30))):
            at = NOW - timedelta(hours=age_h)
            connection.execute(
                """INSERT INTO bursar.mail (key, reference, name, language, address_sha256, fate, tries, created_at, fate_at)
                   VALUES (%s, md5(%s), 'receipt', 'en', decode(repeat('00', 32), 'hex'), %s, 1, %s, %s)""",
                [f"receipt/{number}", str(number), fate, at, at],
            )
    made = make_context(database.settings(), clock=FixedClock(NOW + timedelta(hours=5)))
    seen = look(made)
    made.engine.dispose()
    counts = {status: seen[f"bursar_efacturas{{status={status}}}"] for status in ("queued", "refused_locally", "rejected", "unknown")}
    assert counts == {"queued": 2, "refused_locally": 1, "rejected": 2, "unknown": 0}
    assert seen["bursar_efactura_deadline_seconds"] == -3 * 3600
    assert (seen["bursar_mails{fate=sent}"], seen["bursar_mails{fate=bounced}"]) == (1, 2)


def test_it_answers_when_all_else_is_away(database: Database) -> None:
    context = make_context(make_settings("postgresql://x:y@127.0.0.1:1/none", database.broker_url, database.home))
    seen = look(context, nobody)
    assert (seen["bursar_database_up"], seen["bursar_broker_up"]) == (0, 0)
    assert not [name for name in seen if name.startswith(("bursar_rows", "bursar_broker_messages"))]


def test_a_real_worker_and_standby_are_seen_and_counters_outlive_processes(
    database: Database, processes: Processes
) -> None:
    settings = database.settings(sweep_interval_s=0.1, hint_grace_s=0.1)
    with database.connect() as connection:
        for number in range(20):
            store_event(connection, probe(f"cus_{number}"))
        store_event(connection, probe("cus_bad", "raise"))
    worker = processes.python("-m", "tests.harness.probe_process", "worker", "payments", settings=settings)
    processes.python("-m", "tests.harness.probe_process", "standby", settings=settings)
    done, failed = (f"bursar_events_processed_total{{queue=payments,result={result}}}" for result in ("done", "failed"))
    waiting = "bursar_rows{queue=payments,state=waiting,table=inbox}"

    def counted() -> Samples:
        seen = scrape(settings.metrics_port)
        # The counters are of this moment, the tables up to 2 s older.
        return seen if (seen.get(done), seen.get(failed), seen.get(waiting)) == (20, 1, 1) else {}

    seen = wait_until(counted, what="20 done and 1 failed", interval_s=0.1)
    assert seen["bursar_heartbeat_age_seconds{name=payments}"] < 90
    assert seen["bursar_heartbeat_age_seconds{name=standby}"] < 90
    assert seen["bursar_message_seconds_count{kind=run,queue=payments}"] >= 1
    assert seen["bursar_hints_total{outcome=sent}"] >= 1
    assert seen["bursar_lag_seconds{quantile=0.99,queue=payments}"] >= 0
    assert {name.partition("{")[0] for name in seen} >= set(GAUGES) - {
        "bursar_conflicts", "bursar_run_failures", "bursar_efactura_deadline_seconds", "bursar_mails",
    }
    worker.kill()
    assert counted()


def test_files_are_as_many_as_processes_at_one_time(context: Context, database: Database, processes: Processes) -> None:
    settings = database.settings()
    folder = settings.home / "metrics"
    for events in (1, 10):
        pair = [processes.python("-c", COUNT, str(events * times), settings=settings) for times in (1, 2)]
        for process in pair:
            # Its input is closed, so it ends by itself.
            process.wait_output("counted")
            process.wait()
    assert len(list(folder.glob("counter_*.db"))) <= 2
    assert look(context)["bursar_events_received_total{outcome=stored,source=probe}"] == 33


def test_a_folder_that_cannot_be_written_costs_counters_only(
    database: Database, processes: Processes, tmp_path: Path
) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("not a folder")
    process = processes.python("-c", COUNT, "1", settings=make_settings(database.url, database.broker_url, nowhere))
    assert process.wait() == 0, process.output()
    assert "metrics_not_shared" in process.output()


def test_the_document_is_what_the_catalogue_says() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == render()
