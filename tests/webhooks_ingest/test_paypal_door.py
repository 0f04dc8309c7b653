"""PayPal's deliveries at the door: one transmission, one body; nothing that is forged is stored."""

from __future__ import annotations

import json
import zlib
from datetime import timedelta

import pytest

from core.clock import SystemClock
from tests.factories.pki import CERT_URL, same_crc, transmission
from tests.harness.environment import PAYPAL_WEBHOOK_ID
from tests.payloads import sample
from tests.webhooks_ingest.door import Door, Reply, encoded, rows

BODY = sample("paypal", "PAYMENT.CAPTURE.COMPLETED")
NOW = SystemClock().now()


def deliver(door: Door, body: bytes, transmission_id: str = "tr-1", **changes: str) -> Reply:
    """A delivery signed as PayPal's."""
    headers = transmission(body, NOW, webhook_id=PAYPAL_WEBHOOK_ID, transmission_id=transmission_id)
    return door.post("/webhooks/paypal", body, headers | {name.replace("_", "-"): text for name, text in changes.items()})


def conflicts(door: Door) -> list[tuple[str, bytes]]:
    with door.database.connect() as connection:
        return connection.execute("SELECT event_id, body FROM bursar.inbox_conflict ORDER BY id").fetchall()


@pytest.mark.requirement("INBOX-11", "INBOX-12", "INBOX-1")
def test_a_delivery_is_stored_and_its_repeat_is_a_duplicate(door: Door) -> None:
    assert [deliver(door, BODY).status, deliver(door, BODY).status, deliver(door, BODY, "tr-2").status] == [200] * 3
    with door.database.connect() as connection:
        (row,) = rows(connection)
    told = json.loads(BODY)
    assert (row["event_id"], row["event_type"], row["object_id"]) == (told["id"], told["event_type"], told["resource"]["id"])
    assert (row["body"], row["queue"], row["state"], row["livemode"]) == (BODY, "payments", "received", False)
    headers = json.loads(row["headers"])
    assert headers["paypal-transmission-id"] == "tr-1"
    assert headers["verified-by"] == PAYPAL_WEBHOOK_ID


@pytest.mark.requirement("INBOX-11")
def test_a_genuine_signature_on_a_made_up_body_is_refused_and_kept_as_evidence(door: Door) -> None:
    genuine = transmission(BODY, NOW, webhook_id=PAYPAL_WEBHOOK_ID)
    assert door.post("/webhooks/paypal", BODY, genuine).status == 200
    made_up = encoded(json.loads(BODY) | {"id": "WH-FORGED", "summary": "a million"})
    forged = same_crc(made_up, zlib.crc32(BODY))
    for _ in range(2):
        assert door.post("/webhooks/paypal", forged, genuine).status == 409
    for number in range(30):
        other = same_crc(encoded({"id": f"WH-{number}"}), zlib.crc32(BODY))
        assert door.post("/webhooks/paypal", other, genuine).status == 409
    with door.database.connect() as connection:
        assert [row["body"] for row in rows(connection)] == [BODY]
    kept = conflicts(door)
    assert kept[0] == (json.loads(BODY)["id"], forged)
    assert len(kept) == 10, "evidence, but not a way to fill the disk"
    assert "delivery_conflict" in door.running.output()


@pytest.mark.requirement("INBOX-2", "INBOX-11")
def test_another_body_under_a_known_event_id_is_refused(door: Door) -> None:
    changed = encoded(json.loads(BODY) | {"summary": "changed"})
    assert deliver(door, BODY).status == 200
    assert deliver(door, changed, "tr-2").status == 409
    assert [body for _, body in conflicts(door)] == [changed]


@pytest.mark.requirement("INBOX-11")
def test_answers_to_our_own_look_ups_cannot_come_through_the_door(door: Door) -> None:
    """Else a forged body could take the id of an answer that is still on its way."""
    body = encoded({"id": "fetch-0123456789abcdef", "event_type": "CAPTURE.FETCHED", "resource": {"id": "C1"}})
    assert deliver(door, body).status == 200
    with door.database.connect() as connection:
        (row,) = rows(connection)
    assert row["event_id"].startswith("sha256:")
    assert row["event_type"] == "unparsable"


@pytest.mark.requirement("INBOX-11")
def test_signed_bytes_that_are_no_json_are_kept(door: Door) -> None:
    bodies = [b"\xff\x00", b"[]", b"{}", b'{"id": 5, "resource": 7}']
    for number, body in enumerate(bodies):
        assert deliver(door, body, f"tr-{number}").status == 200
    with door.database.connect() as connection:
        stored = rows(connection)
    assert [row["body"] for row in stored] == bodies
    assert {row["event_type"] for row in stored} == {"unparsable"}


@pytest.mark.requirement("INBOX-11")
def test_what_is_not_proven_is_not_stored(door: Door) -> None:
    old = transmission(BODY, NOW - timedelta(days=5), webhook_id=PAYPAL_WEBHOOK_ID)
    simulator = transmission(BODY, NOW, webhook_id="WEBHOOK_ID")
    assert door.post("/webhooks/paypal", BODY, old).status == 401
    assert door.post("/webhooks/paypal", BODY, simulator).status == 401
    assert deliver(door, BODY, Paypal_Cert_Url=CERT_URL.replace("paypal.com", "paypal.com.evil.example")).status == 401
    assert deliver(door, BODY, Paypal_Auth_Algo="SHA1withRSA").status == 401
    assert deliver(door, BODY, Paypal_Transmission_Sig="?").status == 400
    with door.database.connect() as connection:
        assert rows(connection) == []
        assert connection.execute("SELECT count(*) FROM bursar.transmission").fetchone() == (0,)
