"""The main app's HTTP door: what is proven is stored once, and each request learns its own outcome."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.clock import SystemClock
from tests.harness.broker import Broker
from tests.harness.cluster import Database, copy_template, drop
from tests.harness.environment import APP, APP_SECRET
from tests.harness.processes import Processes
from tests.webhooks_ingest.commanding import KNOW, NAME, ask, command, headers, post, told
from tests.webhooks_ingest.door import Door, encoded, open_door, rows

SECOND_SECRET = "second-" + "s" * 40
KEYS = f"{APP}:{APP_SECRET},{APP}:{SECOND_SECRET},blog:{'b' * 40}"


@pytest.fixture(scope="module")
def _commands_door(cluster_url: str, broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("commands")
    name = f"commands_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    database = Database(copy_template(cluster_url, name), broker.url, home)
    with database.connect() as connection:
        connection.execute(KNOW, [NAME])
    processes = Processes(home)
    yield open_door(processes, database, sources="zoom", app_keys=KEYS)
    processes.close()
    drop(cluster_url, name)


@pytest.fixture
def door(_commands_door: Door) -> Door:
    """A receiver with three keys over an empty inbox."""
    with _commands_door.database.connect() as connection:
        connection.execute("TRUNCATE bursar.inbox, bursar.inbox_payload, bursar.inbox_conflict")
    return _commands_door


def _stored(door: Door) -> list[dict[str, Any]]:
    with door.database.connect() as connection:
        return rows(connection)


@pytest.mark.requirement("INBOX-1", "INBOX-2", "SEC-9")
def test_new_known_and_asked_for(door: Door) -> None:
    before = SystemClock().now()
    first = post(door, command())
    assert first.status == 202
    assert (told(first)["state"], told(first)["new"], told(first)["name"]) == ("accepted", True, NAME)
    again = post(door, command(), secret=SECOND_SECRET)
    assert (again.status, told(again)["new"]) == (200, False)
    asked = ask(door, "/commands/k1")
    assert (asked.status, told(asked)["state"], told(asked)["key"]) == (200, "accepted", "k1")
    unknown = ask(door, "/commands/k2")
    assert (unknown.status, told(unknown)["code"]) == (404, "unknown_key")
    (row,) = _stored(door)
    assert (row["source"], row["event_id"], row["event_type"], row["lane"]) == ("app", "k1", NAME, "app:k1")
    assert (row["queue"], row["state"]) == ("maintenance", "received")
    assert before <= row["received_at"] <= SystemClock().now()
    assert row["sha256"] == hashlib.sha256(row["body"]).digest()
    assert APP_SECRET not in row["headers"]
    assert f"http:{APP}" in row["headers"]


@pytest.mark.requirement("SEC-1")
def test_what_is_not_proven_is_401_and_leaves_no_row(door: Door) -> None:
    body = command()
    good = headers(body)
    wrong: dict[str, dict[str, str]] = {
        "no signature": {"Bursar-Signature": ""},
        "another secret": headers(body, secret="x" * 40),
        "another app's secret": headers(body, secret="b" * 40),
        "another app": {"Bursar-App": "blog"},
        "an unknown app": headers(body, app="nobody"),
        "another body": headers(body + b" "),
        "another path": headers(body, path="/commands/k1"),
        "another method": headers(body, method="GET"),
        "another time": {"Bursar-Timestamp": str(int(good["Bursar-Timestamp"]) + 1)},
        "no time": {"Bursar-Timestamp": ""},
        "too old": headers(body, late_s=310),
        "from the future": headers(body, late_s=-310),
        "not of the form": {"Bursar-Signature": "v0=" + "0" * 64},
    }
    for name, changes in wrong.items():
        reply = door.post("/commands", body, good | changes)
        assert reply.status == 401, name
        assert told(reply) == {"code": "unauthorized", "message": "not signed by a known app", "details": {}}, name
    # A signature for one question is none for another.
    assert door.post("/commands/k2", b"", headers(b"", method="GET", path="/commands/k1"), "GET").status == 401
    assert door.post("/commands/k1?x=1", b"", headers(b"", method="GET", path="/commands/k1"), "GET").status == 400
    assert _stored(door) == []
    assert '"reason": "timestamp_out_of_bounds"' in door.running.output()
    assert post(door, body, late_s=290).status == 202


@pytest.mark.requirement("SEC-1")
def test_who_guesses_is_told_to_stop_and_who_is_proven_is_not(database: Database, processes: Processes) -> None:
    door = open_door(processes, database, sources="zoom")
    statuses = [post(door, command(), secret="x" * 40).status for _ in range(25)]
    assert statuses == [401] * 20 + [429] * 5
    assert ask(door, "/commands/k1").status == 404


def test_what_is_no_command(door: Door) -> None:
    bodies = {
        "no JSON": b"x", "a list": b"[]", "no key": encoded({"name": NAME, "payload": {}}), "empty": b"",
        "a list as payload": command(payload=[]), "a field too many": command(lnae="x"),
        "a number as key": command().replace(b'"k1"', b"5"),
        "a NUL in the lane": command(lane="a\0b"), "a NUL in the payload": command(payload={"a": "\0"}),
        "invalid UTF-8": command().replace(b"hello", b"\xff\xfe"), "a blank in the key": command(key="k 1"),
        "too deep": command().replace(b'"hello"', b"[" * 100_000 + b"]" * 100_000),
        "deep for PostgreSQL": command().replace(b'"hello"', b"[" * 900 + b"]" * 900 + b"}" * 2),
        "a number beyond PostgreSQL": command().replace(b'"hello"', b"1e999999"),
        "payload too large": command(text="x" * 66_000), "a wrong name": command(name="billing.note.v1"),
    }  # fmt: skip
    for name, body in bodies.items():
        reply = post(door, body)
        assert (reply.status, told(reply)["code"]) == (400, "invalid_command"), name
        assert told(reply)["message"], name
    unknown = post(door, command(name="billing.test.nobody_knows.v1"))
    assert (unknown.status, told(unknown)["code"]) == (404, "unknown_command")
    assert post(door, b" " * 262_145).status == 413
    assert _stored(door) == []


def test_what_is_no_such_request(door: Door) -> None:
    body = command()
    plain = headers(body) | {"Content-Type": "text/plain"}
    assert door.post("/commands", body, plain).status == 415
    for path, method in (("/commands", "GET"), ("/commands", "PUT"), ("/commands/k1", "POST"), ("/commands/k1", "DELETE")):
        reply = door.post(path, b"", headers(b"", method=method, path=path), method)
        assert (reply.status, told(reply)["code"]) == (405, "method_not_allowed")
    for path in ("/commandsx", "/command", "/commands/k%201", "/commands/"):
        assert ask(door, path).status == 404
    assert _stored(door) == []


@pytest.mark.requirement("INBOX-2", "SEC-9")
def test_another_body_under_a_known_key_is_refused_kept_and_told(door: Door) -> None:
    assert post(door, command(text="first")).status == 202
    for number in range(12):
        reply = post(door, command(text=f"other {number}"))
        assert (reply.status, told(reply)["code"]) == (409, "idempotency_conflict")
    (row,) = _stored(door)
    assert json.loads(row["body"])["payload"] == {"text": "first"}
    with door.database.connect() as connection:
        kept = connection.execute("SELECT source, event_id, body, headers FROM bursar.inbox_conflict ORDER BY id").fetchall()
    assert len(kept) == 10, "who signs can fill no disk with them"
    assert kept[0] == ("app", "k1", command(text="other 0"), f'{{"verified-by":"app:{APP}"}}')
    assert "command_conflict" in door.running.output()


@pytest.mark.requirement("INBOX-2")
def test_in_a_batch_each_learns_its_own_outcome(door: Door) -> None:
    """Good, known, conflicting, unknown and invalid ones at once: no one's fate is another's."""
    assert post(door, command("known")).status == 202
    wanted: dict[bytes, int] = {command(f"k{number}"): 202 for number in range(30)}
    wanted |= {
        command("known"): 200, command("known", "other"): 409, command("k31", name="billing.test.nobody_knows.v1"): 404,
        command("k32", payload={"a": "\0"}): 400, command("k33", name="x"): 400,
    }  # fmt: skip
    with ThreadPoolExecutor(len(wanted)) as pool:
        got = dict(zip(wanted, pool.map(lambda body: post(door, body).status, wanted), strict=True))
    assert got == wanted
    assert {row["event_id"] for row in _stored(door)} == {"known", *(f"k{number}" for number in range(30))}


@pytest.mark.requirement("SEC-1")
def test_without_keys_there_is_no_door(database: Database, processes: Processes) -> None:
    door = open_door(processes, database, sources="zoom", app_keys="")
    assert [post(door, command()).status, ask(door, "/commands/k1").status] == [404, 404]
    assert "BURSAR_APP_KEYS is not set" in door.running.output()
    short = processes.bursar("receiver", settings=database.settings(app_keys="shop:short"))
    assert short.wait() == 1
    assert "could be guessed" in short.output()
    assert "Traceback" not in short.output()
