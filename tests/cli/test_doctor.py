"""`doctor`: each check fails when its part is broken, and an installation at work is well."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from cli.doctor import findings
from core.settings import QUEUES
from tests.cli.operator_command import Bursar
from tests.factories.inbox import store_event
from tests.harness.cluster import Cluster, Database
from tests.harness.probe import probe
from tests.harness.proxy import Proxy
from tests.harness.smtp import SmtpServer

_BEAT = "INSERT INTO bursar.heartbeat (name, beat_at) VALUES (%s, clock_timestamp() - %s * interval '1 second')"


def alive(connection: psycopg.Connection[Any], age_s: int = 1) -> None:
    """Everybody was heard of just now."""
    for name in ("standby", "beat", *QUEUES, *(f"{queue}.calls" for queue in QUEUES)):
        connection.execute(_BEAT, [name, age_s])


def levels(database: Database, **overrides: Any) -> dict[str, str]:
    """Check -> level."""
    return {finding.check: finding.level for finding in findings(database.settings(**overrides))}


def test_an_installation_at_work_is_well(bursar: Bursar, database: Database) -> None:
    with database.connect() as connection:
        alive(connection)
    with SmtpServer() as server:
        said = bursar("doctor", "--json", BURSAR_OPERATOR_EMAILS="ops@example.com", BURSAR_SMTP_URL=server.url)
    wrong = [line for line in said.objects if line["level"] != "ok"]
    # The tests' own cluster gives up durability and autovacuum for speed, and the doctor says so.
    assert [line["check"] for line in wrong] == ["autovacuum", "durability"]
    assert all(line["next"] for line in wrong)
    assert said.code == 1


def test_faults_of_the_settings(database: Database) -> None:
    found = levels(database, stripe_webhook_secrets="", audit_keys="short:1", broker_url="redis://127.0.0.1:1/0")
    for check in ("source stripe", "audit keys", "broker"):
        assert found[check] == "fail", check
    assert found["source zoom"] == "ok"
    assert (found["operators"], found["smtp"]) == ("warn", "warn")


def test_silent_processes_and_dead_rows(database: Database) -> None:
    with database.connect() as connection:
        alive(connection, age_s=600)
        row_id = store_event(connection, probe("cus_1"))
        connection.execute(
            "UPDATE bursar.inbox SET state = 'dead', error = 'e', fingerprint = 'f' WHERE id = %s", [row_id]
        )
        late = store_event(connection, probe("cus_2"), queue="payouts")
        connection.execute(
            "UPDATE bursar.inbox SET ready_at = clock_timestamp() - interval '1 hour' WHERE id = %s", [late]
        )
    found = levels(database)
    assert (found["alive standby"], found["alive beat"], found["alive payments"]) == ("fail", "warn", "fail")
    assert (found["dead in inbox"], found["waiting in inbox"], found["dead in outbox"]) == ("warn", "fail", "ok")


def test_an_old_transaction_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.checks.database._OLD_WARN_S", 0.0)
    with database.connect(autocommit=False) as holder:
        holder.execute("SELECT pg_current_xact_id()")
        assert levels(database)["transactions"] == "warn"


def test_transaction_ids_that_no_vacuum_freezes_are_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(database)["wraparound"] == "ok"
    monkeypatch.setattr("cli.checks.database._AGE_WARN", 0)
    assert levels(database)["wraparound"] == "warn"
    monkeypatch.setattr("cli.checks.database._AGE_FAIL", 0)
    assert levels(database)["wraparound"] == "fail"


def test_missing_months_and_an_older_schema(database: Database) -> None:
    with database.connect() as connection:
        for (name,) in connection.execute(
            "SELECT relname FROM pg_class WHERE relname ~ '^inbox_payload_[0-9]{4}_[0-9]{2}$'"
        ).fetchall():
            connection.execute(f"DROP TABLE bursar.{name}")
        connection.execute("UPDATE bursar.alembic_version SET version_num = '0001'")
    found = levels(database)
    assert (found["partitions"], found["schema"]) == ("warn", "fail")


def test_a_database_that_is_down_is_one_finding_and_no_traceback(bursar: Bursar) -> None:
    said = bursar("doctor", BURSAR_DATABASE_URL="postgresql://nobody:hidden-password@127.0.0.1:1/none")
    assert said.code == 1
    assert "fail  database" in said.out
    assert "next:" in said.out
    assert "hidden-password" not in said.out + said.err


def test_a_narrow_login_is_checked_for_what_it_must_do(
    own_cluster: Callable[..., Cluster], redis_url: str, tmp_path: Path
) -> None:
    database = own_cluster(fsync=False).database(redis_url, tmp_path)
    with database.connect() as connection:
        connection.execute("CREATE ROLE worker LOGIN PASSWORD 'w' IN ROLE bursar_app, bursar_maintenance")
        connection.execute("CREATE ROLE receiver LOGIN PASSWORD 'r' IN ROLE bursar_recv")
        worker, receiver = (
            urlsplit(database.url)._replace(netloc=f"{login}@127.0.0.1:{urlsplit(database.url).port}").geturl()
            for login in ("worker:w", "receiver:r")
        )
        found = levels(database, database_url=worker)
        assert (found["schema"], found["role bursar_app"], found["role bursar_recv"]) == ("ok", "ok", "fail")
        assert found["transactions"] == "warn"
        connection.execute("GRANT pg_read_all_stats TO worker")
    found = levels(database, database_url=worker, recv_database_url=receiver)
    assert (found["role bursar_recv"], found["transactions"]) == ("ok", "ok")


def test_a_frozen_database_ends_neither_the_doctor_nor_its_other_lines(
    own_cluster: Callable[..., Cluster], redis_url: str, tmp_path: Path
) -> None:
    cluster = own_cluster(fsync=False)
    chosen = cluster.database(redis_url, tmp_path).settings()
    cluster.server.process.send_signal(signal.SIGSTOP)
    try:
        said = Bursar(chosen)("doctor")
    finally:
        cluster.server.process.send_signal(signal.SIGCONT)
    assert said.code == 1
    assert "ok    broker" in said.out
    assert "fail  database" in said.out


def test_a_database_that_freezes_in_the_middle_is_given_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.doctor.PATIENCE_S", 0.5)
    proxy = Proxy(urlsplit(database.url).port or 0)
    url = database.url.replace(f":{urlsplit(database.url).port}/", f":{proxy.port}/")
    found = []
    for finding in findings(database.settings(database_url=url)):
        found.append(finding)
        if finding.check == "clock":
            proxy.stall()
    proxy.close()
    assert [finding.check for finding in found if finding.said.startswith("no answer within 0.5 s")] == ["database"]
    assert found[-1].level == "fail"
    assert "postgres-down" in found[-1].then


def test_a_lock_that_stops_a_check_is_a_finding(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.versions._OPTIONS", "-c statement_timeout=50")
    with database.connect(autocommit=False) as holder:
        holder.execute("LOCK TABLE bursar.alembic_version")
        found = list(findings(database.settings()))
    assert (found[-1].check, found[-1].level) == ("database", "fail")
    assert "a query was stopped" in found[-1].said
