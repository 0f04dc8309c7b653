"""The group-commit store by itself: outcomes of each row, bad rows, a full line."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from psycopg import sql

from tests.harness.cluster import Database
from tests.harness.waiting import wait_until
from tests.webhooks_ingest.door import rows
from webhooks_ingest.announce import Announcer
from webhooks_ingest.envelope import Envelope
from webhooks_ingest.insert import Outcome, Row, open_connection
from webhooks_ingest.store import Store, UnavailableError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Heard:
    """Collects hints."""

    def __init__(self) -> None:
        self.hints: list[tuple[str, list[int], str | None]] = []

    def hint(self, queue: str, ids: Sequence[int], label: str | None = None) -> None:
        """As `Hints.hint`."""
        self.hints.append((queue, list(ids), label))

    def backlog(self, queue: str) -> None:
        """As `Hints.backlog`."""
        self.hints.append((queue, [], "backlog"))


def row(event_id: str, body: bytes = b"{}", *, queue: str = "payments", state: str = "received") -> Row:
    """A row of a small event."""
    envelope = Envelope(
        source="stripe", event_id=event_id, event_type="customer.updated", object_id=None, account=None, lane="stripe:cus_1",
        livemode=False, api_version=None, occurred_at=None, headers="{}", body=body, sha256=hashlib.sha256(body).digest(),
    )  # fmt: skip
    return Row(envelope, queue, state, None if state == "received" else "no_handler", NOW, NOW, f"{queue}.handler")


def with_store(database: Database, work: Callable[[Store], Awaitable[None]], *, queue_size: int = 100) -> Heard:
    """Run `work` on a started store; the hints that it sent."""
    heard = Heard()

    async def run() -> None:
        store = Store(
            database.url, heard, queue_size=queue_size, batch_size=50, timeout_s=30.0, fair_rate_per_s=1000
        )
        store.start()
        for _ in range(6000):
            if await store.ready():
                break
            await asyncio.sleep(0.01)
        await work(store)
        await store.close()

    asyncio.run(run())
    return heard


async def _outcomes(store: Store, *batch: Row) -> list[Outcome | BaseException]:
    """Rows that are submitted together are written together."""
    return list(await asyncio.gather(*map(store.submit, batch), return_exceptions=True))


@pytest.mark.requirement("INBOX-2")
def test_each_row_of_a_batch_has_its_own_outcome(database: Database) -> None:
    async def work(store: Store) -> None:
        assert await _outcomes(store, row("b"), row("a"), row("b"), row("b", b"[]")) == [
            Outcome.NEW, Outcome.NEW, Outcome.DUPLICATE, Outcome.OTHER_BYTES,
        ]  # fmt: skip
        assert await _outcomes(store, row("a"), row("c")) == [Outcome.DUPLICATE, Outcome.NEW]

    with_store(database, work)
    with database.connect() as connection:
        assert [one["event_id"] for one in rows(connection)] == ["a", "b", "c"]
        assert connection.execute("SELECT count(*) FROM bursar.inbox_payload").fetchone() == (3,)


@pytest.mark.requirement("INBOX-1")
def test_a_bad_row_fails_alone(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("ALTER TABLE bursar.inbox ADD CONSTRAINT no_bad_check CHECK (event_id <> 'bad')")

    async def work(store: Store) -> None:
        good, bad, fine = await _outcomes(store, row("good"), row("bad"), row("fine"))
        assert (good, fine) == (Outcome.NEW, Outcome.NEW)
        assert isinstance(bad, UnavailableError)

    with_store(database, work)
    with database.connect() as connection:
        assert {one["event_id"] for one in rows(connection)} == {"good", "fine"}


@pytest.mark.requirement("INBOX-1")
def test_a_full_line_refuses_at_once(database: Database) -> None:
    async def work(store: Store) -> None:
        taken = [store.submit(row("one")), store.submit(row("two"))]
        with pytest.raises(UnavailableError):
            store.submit(row("three"))
        assert [await future for future in taken] == [Outcome.NEW, Outcome.NEW]

    with_store(database, work, queue_size=2)


@pytest.mark.requirement("INBOX-15")
def test_what_was_stored_together_is_hinted_together(database: Database) -> None:
    async def work(store: Store) -> None:
        await _outcomes(store, row("a"), row("b"), row("c", queue="payouts"), row("d", state="ignored"))
        await _outcomes(store, row("a"))

    heard = with_store(database, work)
    with database.connect() as connection:
        ids = {one["event_id"]: one["id"] for one in rows(connection)}
    assert sorted(heard.hints) == [
        ("payments", [ids["a"], ids["b"]], None),
        ("payouts", [ids["c"]], "payouts.handler"),
    ]


@pytest.mark.requirement("INBOX-15")
def test_more_rows_than_a_batch_are_announced_as_a_backlog() -> None:
    heard = Heard()
    announcer = Announcer(heard)
    for number in range(101):
        burst = row(f"evt_{number}", queue="payments" if number < 51 else "payouts")
        burst.id = number
        announcer.add(burst)
    announcer.send()
    assert heard.hints == [("payments", [], "backlog"), ("payouts", list(range(51, 101)), None)]


@pytest.mark.requirement("INBOX-1")
def test_a_cut_connection_is_replaced_without_a_word(database: Database) -> None:
    async def work(store: Store) -> None:
        assert await _outcomes(store, row("a")) == [Outcome.NEW]
        with database.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bursar-receiver' "
                "AND datname = current_database()"
            )
            wait_until(lambda: _sessions(connection) == 0, what="the session to end")
        assert await _outcomes(store, row("b")) == [Outcome.NEW]

    with_store(database, work)


@pytest.mark.requirement("INBOX-1")
def test_its_commits_are_durable_whatever_the_defaults_are(database: Database) -> None:
    with database.connect() as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))

    async def ask() -> object:
        async with await open_connection(database.url, connect_timeout_s=30) as session:
            found = await session.execute("SELECT current_setting('synchronous_commit'), current_user")
            return await found.fetchone()

    assert asyncio.run(ask()) == ("on", "bursar_recv")


@pytest.mark.requirement("INBOX-1", "SEC-12")
def test_the_receiver_may_only_add(database: Database) -> None:
    """Role `bursar_recv`: whoever takes the receiver over can neither change nor delete what was stored."""
    with database.connect() as connection:
        rights = connection.execute(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = 'bursar_recv'"
        ).fetchall()
    assert {privilege for _, privilege in rights} == {"INSERT", "SELECT"}
    assert {table for table, privilege in rights if privilege == "SELECT"} <= {"inbox", "inbox_conflict", "transmission"}


def _sessions(connection: object) -> int:
    found = connection.execute(  # type: ignore[attr-defined]  # a psycopg connection
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bursar-receiver' AND datname = current_database()"
    ).fetchone()
    return int(found[0])
