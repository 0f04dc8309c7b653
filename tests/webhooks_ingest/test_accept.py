"""What is proven is stored, once, byte for byte, before the answer."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.clock import SystemClock
from providers.sandbox.sign import stripe_headers
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET
from tests.harness.processes import Processes
from tests.payloads import sample
from tests.webhooks_ingest.door import Door, encoded, open_door, rows, stripe_event

STRANGE = {
    "nul": b'{"id": "evt_nul", "type": "customer.updated", "x": "\\u0000"}',
    "lone surrogate": b'{"id": "evt_sur", "type": "customer.updated", "x": "\\ud800"}',
    "NaN": b'{"id": "evt_nan", "type": "customer.updated", "x": NaN}',
    "1e999": b'{"id": "evt_inf", "type": "customer.updated", "x": 1e999}',
    "2**66": b'{"id": "evt_big", "type": "customer.updated", "x": 92233720368547758080}',
    "5000 digits": b'{"id": "evt_5000", "type": "customer.updated", "x": ' + b"9" * 5000 + b"}",
    "duplicate keys": b'{"id": "evt_one", "id": "evt_two", "type": "customer.updated"}',
    "invalid UTF-8": b'{"id": "evt_utf8", "type": "customer.updated", "x": "\xff\xfe"}',
    "invalid UTF-8 id": b'{"id": "evt_\xff", "type": "customer.updated"}',
    "BOM": b'\xef\xbb\xbf{"id": "evt_bom", "type": "customer.updated"}',
    "UTF-16": '{"id": "evt_utf16", "type": "customer.updated"}'.encode("utf-16"),
    "depth 2 000": b'{"id": "evt_2k", "x": ' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    "depth 100 000": b'{"id": "evt_100k", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "empty": b"",
    "not JSON": b"\x00\x01\x02",
    "a list": b"[1, 2]",
    "a number": b"17",
    "no id": b'{"type": "customer.updated"}',
    "id of another type": b'{"id": 17, "type": "customer.updated", "data": {"object": {"id": 5}}}',
    "id with a blank": b'{"id": "evt 1", "type": "customer.updated"}',
    "id too long": b'{"id": "' + b"e" * 256 + b'", "type": "customer.updated"}',
    "type with a NUL": b'{"id": "evt_type", "type": "customer\\u0000updated"}',
    "created beyond the calendar": b'{"id": "evt_late", "type": "customer.updated", "created": 99999999999999}',
    "everything of another type": b'{"id": "evt_odd", "type": 1, "livemode": "yes", "created": [], "data": 5, "account": {}}',
}


@pytest.mark.requirement("INBOX-1", "INBOX-7")
def test_bytes_are_stored_as_they_came_whatever_they_are(door: Door) -> None:
    for name, body in STRANGE.items():
        reply = door.stripe(body)
        assert (reply.status, reply.body) == (200, b""), name
    with door.database.connect() as connection:
        stored = {row["body"]: row for row in rows(connection)}
    assert stored.keys() == set(STRANGE.values())
    for body, row in stored.items():
        assert row["sha256"] == hashlib.sha256(body).digest()
    unparsable = {name for name, body in STRANGE.items() if stored[body]["event_type"] == "unparsable"}
    assert unparsable == {
        "lone surrogate", "NaN", "invalid UTF-8 id", "BOM", "UTF-16", "depth 2 000", "depth 100 000", "empty", "not JSON",
        "a list", "a number", "no id", "id of another type", "type with a NUL", "everything of another type",
    }  # fmt: skip
    assert stored[STRANGE["duplicate keys"]]["event_id"] == "evt_two"
    for name in ("id with a blank", "id too long", "not JSON"):
        body = STRANGE[name]
        assert stored[body]["event_id"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert {row["state"] for row in stored.values()} == {"received"}
    assert stored[STRANGE["not JSON"]]["queue"] == "maintenance"


@pytest.mark.requirement("INBOX-1", "SEC-3")
def test_what_a_row_says(door: Door) -> None:
    before = SystemClock().now()
    body = encoded(stripe_event(account="acct_1"))
    assert door.stripe(body, Content_Type="application/json; charset=utf-8", X_Private="canary").status == 200
    with door.database.connect() as connection:
        (row,) = rows(connection)
    expected = {
        "source": "stripe", "event_id": "evt_1", "event_type": "customer.updated", "object_id": "cus_1", "account": "acct_1",
        "lane": "stripe:cus_1", "queue": "payments", "state": "received", "livemode": False,
        "api_version": "2026-10-28.endive", "occurred_at": datetime.fromtimestamp(1_772_000_000, UTC),
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert before <= row["received_at"] <= SystemClock().now()
    assert row["received_at"] == row["next_at"] == row["fair_at"]
    headers = json.loads(row["headers"])
    assert headers.keys() == {"stripe-signature", "content-type", "verified-by"}
    assert STRIPE_SECRET not in row["headers"]


@pytest.mark.requirement("INBOX-7")
def test_unknown_and_unwanted_types_are_stored_as_ignored(door: Door) -> None:
    assert door.stripe(encoded(stripe_event(1, type="nobody.knows.this"))).status == 200
    assert door.stripe(encoded(stripe_event(2, type="price.created"))).status == 200
    with door.database.connect() as connection:
        unknown, unwanted = rows(connection)
    assert (unknown["state"], unknown["ignored_reason"], unknown["queue"]) == ("ignored", "no_handler", "maintenance")
    assert unwanted["state"] == "ignored"
    assert "PRICE-1" in unwanted["ignored_reason"]


@pytest.mark.requirement("INBOX-1")
def test_events_of_the_other_mode_are_kept_and_not_processed(door: Door) -> None:
    assert door.stripe(encoded(stripe_event(livemode=True))).status == 200
    with door.database.connect() as connection:
        (row,) = rows(connection)
    assert (row["state"], row["ignored_reason"]) == ("ignored", "livemode")
    assert "livemode_mismatch" in door.running.output()


@pytest.mark.requirement("INBOX-1", "ZOOM-1")
def test_zoom_events_are_keyed_by_their_bytes(door: Door) -> None:
    body = sample("zoom", "meeting.started")
    assert [door.zoom(body).status, door.zoom(body).status] == [200, 200]
    with door.database.connect() as connection:
        (row,) = rows(connection)
    assert row["event_id"] == hashlib.sha256(body).hexdigest()
    payload = json.loads(body)["payload"]
    assert row["lane"] == f"zoom:{payload['account_id']}:{payload['object']['uuid']}"
    assert (row["body"], row["queue"]) == (body, "maintenance")


@pytest.mark.requirement("ZOOM-7")
def test_the_challenge_is_answered_only_when_signed(door: Door) -> None:
    challenge = sample("zoom", "endpoint.url_validation")
    reply = door.zoom(challenge)
    told = json.loads(reply.body)
    assert reply.status == 200
    assert told["plainToken"] == json.loads(challenge)["payload"]["plainToken"]
    assert len(told["encryptedToken"]) == 64
    assert door.zoom(challenge, x_zm_signature="v0=" + "0" * 64).status == 401
    oracle = encoded({"event": "endpoint.url_validation", "payload": {"plainToken": "v0:1772000000:{}"}})
    assert door.zoom(oracle).status == 400
    assert door.zoom(encoded({"event": "endpoint.url_validation", "payload": {"plainToken": 5}})).status == 400
    with door.database.connect() as connection:
        assert rows(connection) == []


@pytest.mark.requirement("INBOX-2")
def test_a_thousand_copies_at_once_are_one_row(door: Door) -> None:
    body = encoded(stripe_event())
    statuses = asyncio.run(_copies(door, body, connections=50, each=20))
    assert statuses == [200] * 1000
    with door.database.connect() as connection:
        assert [row["event_id"] for row in rows(connection)] == ["evt_1"]


@pytest.mark.requirement("INBOX-2")
def test_stripes_other_bytes_under_one_id_are_a_duplicate(door: Door) -> None:
    """Two endpoints of different API versions tell one event in different words."""
    first = encoded(stripe_event())
    assert door.stripe(first).status == 200
    assert door.stripe(encoded(stripe_event(api_version="2020-08-27"))).status == 200
    with door.database.connect() as connection:
        assert [row["body"] for row in rows(connection)] == [first]


@pytest.mark.requirement("INBOX-17")
def test_a_bursting_lane_stands_behind_the_others(database: Database, processes: Processes) -> None:
    door = open_door(processes, database, fair_rate_per_s=1)
    for number in range(5):
        body = encoded(stripe_event(number, data={"object": {"id": "in_1", "object": "invoice", "customer": "cus_busy"}}))
        assert door.stripe(body).status == 200
    assert door.stripe(encoded(stripe_event(9))).status == 200
    with door.database.connect() as connection:
        *busy, calm = rows(connection)
    assert {row["lane"] for row in busy} == {"stripe:cus_busy"}
    steps = [later["fair_at"] - sooner["fair_at"] for sooner, later in itertools.pairwise(busy)]
    assert steps == [timedelta(seconds=1)] * 4
    assert calm["fair_at"] == calm["received_at"] < busy[1]["fair_at"]


@pytest.mark.requirement("INBOX-1")
def test_every_shared_sample_is_stored_once_and_exact(door: Door, stripe_samples: Path) -> None:
    bodies = {path.read_bytes() for path in stripe_samples.joinpath("events").rglob("*.json")}
    assert bodies
    for body in bodies:
        assert [door.stripe(body).status, door.stripe(body).status] == [200, 200]
    with door.database.connect() as connection:
        stored = rows(connection)
    assert {row["body"] for row in stored} <= bodies
    assert len(stored) == len({_event_id(body) for body in bodies})
    assert {row["event_type"] for row in stored}.isdisjoint({"unparsable"})


def _event_id(body: bytes) -> str:
    return str(json.loads(body)["id"])


async def _copies(door: Door, body: bytes, *, connections: int, each: int) -> list[int]:
    """Post the same bytes on many keep-alive connections at once; all statuses."""
    head = "".join(
        f"{name}: {value}\r\n" for name, value in stripe_headers(STRIPE_SECRET, body, SystemClock().now()).items()
    )
    request = f"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body

    async def post() -> list[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.settings.receiver_port)
        statuses = []
        for _ in range(each):
            writer.write(request)
            statuses.append(int((await reader.readuntil(b"\r\n\r\n")).split()[1]))
        writer.close()
        await writer.wait_closed()
        return statuses

    return [status for many in await asyncio.gather(*(post() for _ in range(connections))) for status in many]
