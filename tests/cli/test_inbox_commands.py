"""Operators see and replay the app's commands as they do providers' events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.operator_command import Bursar
from tests.factories.commands import NAME, client, plug_in_commands, state, submit, unplug_commands
from tests.harness.cluster import Database
from workers import inbox
from workers.context import Context, make_context

LINK = "billing.customer.link.v1"


@pytest.fixture
def context(database: Database) -> Iterator[Context]:
    """Workers inside this process; a first failure is the last."""
    plug_in_commands(database)
    made = make_context(database.settings(retry_ladder_s=[]))
    yield made
    made.engine.dispose()
    unplug_commands()


@pytest.mark.requirement("INBOX-5")
def test_a_dead_command_is_listed_shown_and_replayed(
    bursar: Bursar, context: Context, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {"source": "stripe", "customer_ref": "cus_1", "external_ref": "user-1"}

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    with client(database) as app:
        submit(app, "order:17", told, name=LINK, actor="user:3")
        submit(app, "order:18", told, name=LINK)
        with monkeypatch.context() as patched:
            patched.setattr("tasks.payments.app.customer.link", broken)
            assert len(inbox.drain(context, "payments").failed) == 2, "a dead one lets the next one run, within a drain"
        assert [state(app, key) for key in ("order:17", "order:18")] == ["failed", "failed"]

        listed = bursar("inbox", "ls", "--source", "app", "--state", "dead", "--json")
        assert listed.code == 0, listed.err
        assert [(row["event_id"], row["type"]) for row in listed.objects] == [("order:18", LINK), ("order:17", LINK)]
        shown = bursar("inbox", "show", "app:order:17")
        assert shown.code == 0, shown.err
        for word in ("order:17", LINK, "a bug of ours", "payments.app.customer.link"):
            assert word in shown.out
        rehearsed = bursar("inbox", "replay", "app:order:17", "--dry-run", BURSAR_ROLE="admin")
        assert rehearsed.code == 0, rehearsed.err
        assert "user-1" in rehearsed.out

        said = bursar("inbox", "replay", "app:order:17", "order:18", "--reason", "mended", BURSAR_ROLE="admin")
        assert said.code == 0, said.err
        assert state(app, "order:17") == "accepted"
        assert inbox.drain(context, "payments").done == 2
        assert [state(app, key) for key in ("order:17", "order:18")] == ["succeeded", "succeeded"]


def test_one_that_waits_for_its_turn_says_so(bursar: Bursar, context: Context, database: Database) -> None:
    patient = make_context(database.settings())
    with client(database) as app:
        submit(app, "k1", {"note": "k1", "do": "raise"}, name=NAME, lane="one")
        submit(app, "k2", name=NAME, lane="one")
        inbox.drain(patient, "payments")
        listed = bursar("inbox", "ls", "--state", "waiting", "--json")
        assert [row["event_id"] for row in listed.objects] == ["k2", "k1"]
        assert "an earlier command of its lane is not finished" in listed.objects[0]["error"]
        assert [state(app, key) for key in ("k1", "k2")] == ["retrying", "accepted"]
    patient.engine.dispose()
