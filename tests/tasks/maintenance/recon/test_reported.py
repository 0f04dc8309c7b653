"""PayPal's movements beside the journal and the fees that we hold: what is one, what is left out, and whose time decides."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.operations.check_reported import CHECKS, check_reported
from billing.operations.compare_objects import compare_objects
from billing.operations.keep_findings import Scope
from billing.rules import bookings
from billing.rules.chart import read
from billing.rules.journal import Leg
from billing.rules.recon_row import ReconRow
from models.database import connect
from tasks.maintenance.recon.stage import clear, stage
from tests.harness.cluster import Database

AT = datetime(2027, 1, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SCOPE = Scope(source="paypal", run="RUN-1", since=AT - DAY, until=AT + DAY, accounts=[], basis_points=500, now=AT + 2 * DAY)
CAME = ReconRow("movement", "C", None, 1000, 40, None, "EUR", "succeeded", "T0006", "payment", created_at=AT)
BACK = CAME._replace(external_id="R", amount_minor=-300, fee_minor=0, said="T1107", kind="refund", parent_ref="C")
HELD = CAME._replace(external_id="H", amount_minor=-1000, fee_minor=0, said="T1110", kind="dispute_hold", parent_ref="C")
SENT = CAME._replace(external_id="T", amount_minor=-500, fee_minor=25, said="T0001", kind="payout")
RETURNED = SENT._replace(external_id="B", amount_minor=500, fee_minor=-25, said="T1114", kind="payout_return", parent_ref="T")
_RUNS = itertools.count()
_ACCOUNT = """INSERT INTO bursar.journal_account (code, currency, name, class, normal, strict, provider, owner)
              VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_LEG = """INSERT INTO bursar.journal (fact, kind, leg, debit, credit, amount_minor, currency, posted_at)
          VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"""
_ROWS = {
    "payment": """INSERT INTO bursar.payment (id, source, external_id, versions, created_at, updated_at, currency, processor_fee_minor)
                  VALUES (gen_random_uuid(), 'paypal', %s, '{"a": 1}', %s, %s, 'EUR', %s)""",
    "payout": """INSERT INTO bursar.payout (id, source, external_id, versions, created_at, updated_at, balance_transaction_ref, status)
                 VALUES (gen_random_uuid(), 'paypal', %s, '{"a": 1}', %s, %s, %s, %s)""",
    "dispute": """INSERT INTO bursar.dispute (id, source, external_id, versions, created_at, updated_at, charge_ref)
                  VALUES (gen_random_uuid(), 'paypal', %s, '{"a": 1}', %s, %s, %s)""",
}


class Books:
    """A journal and rows, as they would have come to be."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def post(self, fact: str, kind: str, legs: tuple[Leg, ...], at: datetime = AT) -> None:
        """Legs, as they are booked."""
        with self.database.connect() as connection:
            for number, leg in enumerate(legs):
                for code in (leg.debit, leg.credit):
                    named = read(code)
                    line = named.account
                    values = [code, leg.currency, line.name, line.kind, line.normal, line.strict, named.provider, named.owner]
                    connection.execute(_ACCOUNT, values)
                connection.execute(_LEG, [fact, kind, number, leg.debit, leg.credit, leg.amount_minor, leg.currency, at])

    def row(self, table: str, name: str, *more: Any) -> None:
        """A mirrored row."""
        with self.database.connect() as connection:
            connection.execute(_ROWS[table], [name, AT, AT, *more])

    def charge(self, fee: int | None = 40) -> None:
        """A payment of 1000 and, if it is known, PayPal's fee."""
        self.row("payment", "C", fee)
        self.post("charge:paypal:C", "charge", bookings.charge("paypal", None, 1000, "EUR"))
        if fee:
            self.post("payment:paypal:C", "processor_fee", bookings.processor_fee("paypal", None, fee, "EUR"))

    def payout(self, txn: str | None = "T", status: str = "paid", fee: int = 25) -> None:
        """A payout of 500."""
        self.row("payout", "I", txn, status)
        self.post("payout:paypal:I", "payout", bookings.payout("paypal", None, 500, "EUR"))
        self.post("payout:paypal:I", "payout_fee", bookings.processor_fee("paypal", None, fee, "EUR"))

    def payout_undone(self, at: datetime = AT) -> None:
        """... that came back, with its fee."""
        undone = (*bookings.payout("paypal", None, -500, "EUR"), *bookings.processor_fee("paypal", None, -25, "EUR"))
        self.post("payout:paypal:I", "payout_failure", undone, at)

    def found(self, *listed: ReconRow, scope: Scope = SCOPE) -> dict[str, tuple[int, int]]:
        """Reference -> (ours, theirs) of what is open after a run."""
        run = replace(scope, run=f"RUN-{next(_RUNS)}")
        with connect(self.database.url, "bursar_app", autocommit=True) as connection:
            with connection.transaction():
                clear(connection)
                stage(connection, listed)
                for name in CHECKS:
                    check_reported(connection, name, run)
            rows = connection.execute("SELECT external_id, ours_minor, theirs_minor FROM bursar.finding WHERE status = 'open'")
            return {row[0]: (row[1], row[2]) for row in rows}


@pytest.fixture
def books(database: Database) -> Books:
    """Empty ones."""
    return Books(database)


@pytest.mark.requirement("RECON-2", "RECON-7")
def test_what_is_booked_as_it_moved_is_silent(books: Books) -> None:
    books.charge()
    books.post("refund:paypal:R", "refund", bookings.refund("paypal", None, 300, "EUR"))
    books.row("dispute", "PP-D-1", "C")
    books.post("dispute:paypal:PP-D-1", "dispute_withdrawn", bookings.dispute_withdrawn("paypal", None, 1000, "EUR"))
    books.payout()
    # Money of our own, and holds: no fact of ours says anything of them.
    ours = CAME._replace(external_id="W", amount_minor=-9000, fee_minor=0, said="T0400", kind="withdrawal")
    assert books.found(CAME, BACK, HELD, SENT, ours, ours._replace(external_id="L", said="T1105", kind="hold_release")) == {}


@pytest.mark.requirement("RECON-2", "RECON-7")
def test_what_moved_and_is_not_booked_is_named(books: Books) -> None:
    books.charge(fee=None)
    books.row("dispute", "PP-D-1", "C")
    books.payout()
    assert books.found(CAME, BACK, HELD, SENT, RETURNED) == {
        "processor_fee_missing:charge:C": (0, 40),
        "refund_unbooked:refund:R": (0, -300),
        "dispute_unbooked:dispute:PP-D-1": (0, -1000),
        "journal_differs:payout:I": (-525, 0),
    }


@pytest.mark.requirement("RECON-2")
def test_another_fee_is_named_in_the_row_and_in_the_journal(books: Books) -> None:
    books.charge(fee=41)
    assert books.found(CAME) == {"processor_fee_differs:charge:C": (41, 40), "journal_differs:charge:C": (959, 960)}


@pytest.mark.requirement("RECON-3")
def test_a_payout_is_booked_before_it_is_sent_and_its_fee_may_be_taken_with_its_batch(books: Books) -> None:
    books.payout(txn=None, status="pending")
    assert books.found() == {}
    with books.database.connect() as connection:
        connection.execute("UPDATE bursar.payout SET status = 'paid', balance_transaction_ref = 'T'")
    assert books.found() == {"journal_differs:payout:I": (-525, 0)}
    batch = CAME._replace(external_id="F", amount_minor=-25, fee_minor=0, said="T0104", kind="payout_fee")
    assert books.found(SENT._replace(fee_minor=0), batch) == {}


@pytest.mark.requirement("RECON-3")
def test_a_way_back_is_compared_when_it_came_and_not_before_the_report_shows_it(books: Books) -> None:
    books.payout()
    books.payout_undone(AT + 30 * DAY)
    then = replace(SCOPE, since=AT + 29 * DAY, until=AT + 31 * DAY)
    assert books.found(SENT) == {}, "the journal is ahead of the window"
    assert books.found(SENT, scope=then) == {"journal_differs:payout:I": (0, -525)}
    assert books.found(SENT, RETURNED._replace(created_at=AT + 30 * DAY), scope=then) == {}


_CHARGE = """INSERT INTO bursar.charge (id, source, external_id, versions, created_at, updated_at, status, amount_minor, currency,
                                        provider_created_at)
             VALUES (gen_random_uuid(), 'paypal', %s, '{"a": 1}', %s, %s, %s, 1000, 'EUR', %s)"""


@pytest.mark.requirement("RECON-1")
@pytest.mark.parametrize(
    ("held", "lines", "found"),
    [
        # The report shows only what moved the balance.
        (("pending", AT), [], set()),
        (("failed", AT), [], set()),
        (("succeeded", AT), [], {"missing_there:charge:C"}),
        (("pending", AT), ["failed"], {"status_differs:charge:C"}),
        (("succeeded", AT), ["pending", "succeeded"], set()),
        (("pending", AT), ["pending", "succeeded"], {"status_differs:charge:C"}),
        (None, ["failed"], set()),
        (None, ["pending", "succeeded"], {"missing_here:charge:C"}),
        # The payment's time and that of its movement, on either side of an end of the window.
        (("succeeded", AT - DAY - timedelta(seconds=1)), ["succeeded"], set()),
        (("succeeded", AT + DAY), ["succeeded"], set()),
    ],
)
def test_lines_of_charges(books: Books, held: tuple[str, datetime] | None, lines: list[str], found: set[str]) -> None:
    if held is not None:
        with books.database.connect() as connection:
            connection.execute(_CHARGE, ["C", AT, AT, *held])
    line = ReconRow("charge", "C", None, 1000, None, None, "EUR", created_at=AT)
    with connect(books.database.url, "bursar_app", autocommit=True) as connection:
        with connection.transaction():
            clear(connection)
            stage(connection, [line._replace(status=one, created_at=AT + n * timedelta(minutes=1)) for n, one in enumerate(lines)])
            compare_objects(connection, "charge", SCOPE)
        assert {row[0] for row in connection.execute("SELECT external_id FROM bursar.finding")} == found
