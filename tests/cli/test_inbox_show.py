"""`inbox show`: everything about one event, the payload by allow-list, and a look behind it that leaves a trace."""

from __future__ import annotations

import pytest

from tests.cli.operator_command import Bursar
from tests.factories.inbox import inbox_row, store_event
from tests.harness.cluster import Database
from tests.harness.probe import probe
from workers import inbox
from workers.context import make_context


@pytest.fixture
def event(database: Database) -> int:
    """An event that holds a name and an address."""
    with database.connect() as connection:
        return store_event(
            connection,
            probe("cus_1", detail="ada@example.com, Ada Lovelace"),
            event_id="evt_shown",
            object_id="cus_1",
        )


@pytest.mark.requirement("INBOX-5", "SEC-6")
def test_an_event_is_found_by_any_of_its_ids_and_its_payload_redacted(bursar: Bursar, event: int) -> None:
    for identity in (str(event), "evt_shown", "probe:evt_shown"):
        said = bursar("inbox", "show", identity)
        assert said.code == 0, said.err
        assert f"{event} (probe evt_shown)" in said.out
        assert "payments.probe.thing.happened" in said.out
        assert '"id": "cus_1"' in said.out
        assert "Ada" not in said.out
        assert "ada@" not in said.out


def test_what_it_caused_is_listed(bursar: Bursar, event: int, database: Database, plugged_in: None) -> None:
    context = make_context(database.settings())
    inbox.drain(context, "payments")
    context.engine.dispose()
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO bursar.outbox (kind, key, queue, lane, payload, inbox_id, created_at, fair_at, next_at) "
            "VALUES ('mail.send', 'welcome:1', 'notifications', 'l', '{}', %s, clock_timestamp(), clock_timestamp(), clock_timestamp())",
            [event],
        )
        connection.execute(
            "INSERT INTO bursar.inbox_conflict (source, event_id, sha256, received_at, headers, body) "
            "VALUES ('probe', 'evt_shown', '\\x01', clock_timestamp(), '{}', 'other')"
        )
    said = bursar("inbox", "show", "evt_shown")
    for text in ("done", "probe.ran", "provider:probe", "mail.send", "welcome:1", "conflicts"):
        assert text in said.out
    (whole,) = bursar("inbox", "show", "evt_shown", "--json").objects
    assert [entry["action"] for entry in whole["audit"]] == ["probe.ran"]
    assert whole["body"]["object"]["id"] == "cus_1"
    assert "Ada" not in str(whole)


def test_bytes_that_are_not_json_are_shown_as_hex(bursar: Bursar, database: Database) -> None:
    with database.connect() as connection:
        row_id = store_event(connection, b"\x00\xff secret text", event_type="unparsable")
    said = bursar("inbox", "show", str(row_id))
    assert "not JSON" in said.out
    assert "00 ff 20 73" in said.out
    assert "secret" not in said.out


@pytest.mark.requirement("SEC-6", "SEC-13")
def test_revealing_needs_the_setting_the_role_and_a_reason_and_is_audited(
    bursar: Bursar, event: int, database: Database
) -> None:
    allowed = {"BURSAR_REVEAL_PAYLOADS": "true"}
    refused = bursar("inbox", "show", "evt_shown", "--reveal", "--reason", "asked by Ada")
    assert (refused.code, refused.out) == (77, "")
    refused = bursar(
        "inbox", "show", "evt_shown", "--reveal", "--reason", "asked by Ada", **allowed, BURSAR_ROLE="viewer"
    )
    assert (refused.code, refused.out) == (77, "")
    assert bursar("inbox", "show", "evt_shown", "--reveal", **allowed).code == 2
    said = bursar("inbox", "show", "evt_shown", "--reveal", "--reason", "asked by Ada", **allowed)
    assert "Ada Lovelace" in said.out
    with database.connect() as connection:
        looks = connection.execute(
            "SELECT actor, reason, object_id FROM bursar.audit WHERE action = 'inbox.reveal'"
        ).fetchall()
        assert inbox_row(connection, event)["state"] == "received"
    assert looks == [("person:anna (operator)", "asked by Ada", str(event))]


def test_an_unknown_id_is_said_so(bursar: Bursar, event: int) -> None:
    said = bursar("inbox", "show", "evt_nowhere")
    assert said.code == 3
    assert "next:" in said.err
