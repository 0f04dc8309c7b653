"""A renewal run draws the numbers of a page at once, just before the page's commit, and reads what papers need page by page (INV-8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from billing.operations.start_subscription import start_subscription
from billing.rules.commands.subscriptions import StartSubscription
from core.clock import FixedClock
from tasks.payments.subscriptions import RENEW
from tests.factories.documents import seller
from tests.factories.subscribers import price, product, subscriber, unit_of
from tests.harness.cluster import Database
from workers.context import make_context
from workers.paging import work_pages

_NUMBERS = "SELECT no FROM bursar.document WHERE issued_at > %s ORDER BY issued_at, id"


@pytest.mark.requirement("INV-8")
def test_a_page_draws_once_and_reads_no_more_for_twice_as_many(database: Database) -> None:
    begun = datetime(2027, 1, 1, 9, tzinfo=UTC)
    clock = FixedClock(begun)
    context = make_context(database.settings(), clock=clock)
    with unit_of(context) as unit:
        seller(unit)
        product(unit)
        price(unit)
        for number in range(30):
            subscriber(unit, f"s{number:02}", country="RO", pay_source="manual", pay_customer_ref=None)
            start_subscription(unit, StartSubscription(
                reference=f"sub-{number:02}", subscriber_ref=f"s{number:02}", product="pro", currency="EUR"
            ))  # fmt: skip
    with database.connect() as connection:
        connection.execute("UPDATE bursar.subscription SET status = 'active', grace_until = NULL")
    clock.move_to(begun + timedelta(days=40))
    statements: list[str] = []
    event.listen(context.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))

    def drawn(items: int) -> tuple[int, int]:
        statements.clear()
        assert work_pages(context, RENEW, clock.now(), page=10)["items"] == items
        return sum("INTO bursar.series" in one for one in statements), len(statements)

    with database.connect() as connection:
        connection.execute("UPDATE bursar.subscription SET next_billing_at = '2028-01-01' WHERE external_id >= 'sub-10'")
    draws, ten = drawn(10)
    assert draws == 1
    with database.connect() as connection:
        connection.execute("UPDATE bursar.subscription SET next_billing_at = '2027-02-01' WHERE external_id >= 'sub-10'")
    draws, twenty = drawn(20)
    assert draws == 2
    assert twenty <= 2 * ten, "each page reads and writes by the same statements, however many it has"
    at = statements.index(next(one for one in statements if "INTO bursar.series" in one))
    after = [one.split()[0:3] for one in statements[at + 1 : at + 6]]
    assert [words[2].strip('"').split('"')[-1] for words in after[:3]] == ["document", "document_buyer", "audit"]
    with database.connect() as connection:
        assert [row[0] for row in connection.execute(_NUMBERS, [begun + timedelta(days=1)])] == list(range(31, 61))
    context.engine.dispose()
