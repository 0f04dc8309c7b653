"""The books: what facts book, in any order, with duplicates; never twice, never otherwise, and never changed (promise 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.rules.facts.event import Event
from billing.rules.journal import Leg, Posting
from core.crypto import KeyRing
from models.database import make_engine
from tests.factories.books import books
from tests.factories.stripe_money_out import stripe_event
from tests.factories.telling import Teller
from tests.harness.cluster import Database
from workers.journal import BookedOtherwiseError
from workers.unit import Unit

PAYEE = "acct_1"
AT = datetime(2027, 1, 7, tzinfo=UTC)


class Told:
    """Events of one story, a second apart each."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(self, event_type: str, obj: Mapping[str, Any], account: str | None = None) -> None:
        number = len(self.events)
        self.events.append(
            stripe_event(
                event_type, {"currency": "eur", **obj}, event_id=f"evt_{number}", after_s=number, account=account
            )
        )

    def moves(self, *moves: Mapping[str, Any], account: str | None = None) -> None:
        """A page of balance transactions."""
        items = [{"currency": "eur", "fee": 0, "exchange_rate": None, **move} for move in moves]
        page = [item | {"net": item["amount"] - item["fee"], "created": 1_770_000_000} for item in items]
        self.tell("balance_transaction.listed", {"object": "list", "data": page, "has_more": False}, account)


def charge(number: int, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"ch_{number}", "object": "charge", "amount": amount, "amount_captured": amount, "status": "succeeded",
        "captured": True, "paid": True, "payment_intent": f"pi_{number}", "created": 1_770_000_000, **more,
    }  # fmt: skip


def fee(amount: int, kind: str = "stripe_fee") -> dict[str, Any]:
    return {"type": kind, "amount": amount, "currency": "eur"}


def own_money() -> Told:
    """A charge with its fee, refunds of which one fails, a payout that is paid and comes back, another that stays."""
    told = Told()
    told.tell("charge.succeeded", charge(1, 10_000))
    told.moves(
        {"id": "txn_1", "type": "charge", "amount": 10_000, "fee": 325, "fee_details": [fee(325)], "source": "ch_1"}
    )
    for number, status in ((1, "succeeded"), (2, "succeeded"), (2, "failed")):
        told.tell(
            "refund.updated",
            {
                "id": f"re_{number}",
                "object": "refund",
                "amount": 333,
                "charge": "ch_1",
                "payment_intent": "pi_1",
                "status": status,
            },
        )
    for number, word, status in (
        (1, "created", "pending"),
        (1, "paid", "paid"),
        (1, "failed", "failed"),
        (2, "paid", "paid"),
    ):
        told.tell(f"payout.{word}", {"id": f"po_{number}", "object": "payout", "amount": 5_000, "status": status})
    told.moves(
        {"id": "txn_2", "type": "stripe_fee", "amount": -200, "source": None},
        {"id": "txn_3", "type": "reserve_transaction", "amount": -700, "source": None},
        {"id": "txn_4", "type": "something_new", "amount": -11, "source": None},
        {"id": "txn_5", "type": "topup", "amount": 1_000, "source": "tu_1"},
    )
    return told


OWN_MONEY = {
    ("stripe:balance", "EUR"): 10_000 - 325 - 333 - 5_000 - 200 - 700 - 11 + 1_000,
    ("stripe:bank", "EUR"): 5_000 - 1_000,
    ("stripe:processor_fees", "EUR"): 325 + 200,
    ("stripe:refunds", "EUR"): 333,
    ("stripe:reserve", "EUR"): 700,
    ("stripe:sales", "EUR"): -10_000,
    ("stripe:suspense", "EUR"): 11,
}


def payees_money() -> Told:
    """A transfer taken back in two steps, a direct charge with our fee, half of it given back, and the payee's payout."""
    told = Told()
    told.tell("charge.succeeded", charge(1, 20_000))
    transfer = {"id": "tr_1", "object": "transfer", "amount": 9_000, "destination": PAYEE, "source_transaction": "ch_1"}
    for back in (0, 1_001, 2_500):
        told.tell("transfer.created" if not back else "transfer.reversed", transfer | {"amount_reversed": back})
    # The same money, as it shows in the payee's own account.
    told.tell("charge.succeeded", charge(2, 9_000, id="py_1", payment_intent=None, source_transfer="tr_1"), PAYEE)
    told.tell(
        "refund.created",
        {
            "id": "pyr_1", "object": "refund", "amount": 2_500, "charge": "py_1", "status": "succeeded",
            "source_transfer_reversal": "trr_1",
        },
        PAYEE,
    )  # fmt: skip
    told.tell("charge.succeeded", charge(3, 4_000), PAYEE)
    for back in (0, 100):
        word = "refunded" if back else "created"
        told.tell(
            f"application_fee.{word}",
            {
                "id": "fee_1",
                "object": "application_fee",
                "amount": 200,
                "amount_refunded": back,
                "account": PAYEE,
                "charge": "ch_3",
            },
        )
    both = [fee(146), fee(200, "application_fee")]
    told.moves(
        {"id": "txn_1", "type": "charge", "amount": 4_000, "fee": 346, "fee_details": both, "source": "ch_3"},
        account=PAYEE,
    )
    for word, status in (("created", "in_transit"), ("paid", "paid")):
        told.tell(f"payout.{word}", {"id": "po_1", "object": "payout", "amount": 6_000, "status": status}, PAYEE)
    return told


PAYEES_MONEY = {
    ("stripe:balance", "EUR"): 20_000 - 6_500 + 100,
    ("stripe:sales", "EUR"): -20_000,
    ("stripe:payee_share", "EUR"): 6_500,
    ("stripe:application_fees", "EUR"): -200,
    ("stripe:application_fee_refunds", "EUR"): 100,
    (f"stripe:{PAYEE}:balance", "EUR"): 6_500 + 4_000 - 146 - 100 - 6_000,
    (f"stripe:{PAYEE}:payable", "EUR"): -(6_500 + 4_000 - 146 - 100 - 6_000),
}


def other_currency() -> Told:
    """A charge and a refund in euros that the balance got in dollars, and a dispute, fee included, of a dollar charge."""
    told = Told()
    told.tell("charge.succeeded", charge(1, 10_000))
    told.tell(
        "refund.created", {"id": "re_1", "object": "refund", "amount": 999, "charge": "ch_1", "status": "succeeded"}
    )
    usd = {"currency": "usd", "exchange_rate": 1.1023}
    told.moves(
        {
            "id": "txn_1",
            "type": "charge",
            "amount": 11_023,
            "fee": 350,
            "fee_details": [fee(350)],
            "source": "ch_1",
            **usd,
        },
        {"id": "txn_2", "type": "refund", "amount": -1_101, "source": "re_1", **usd},
    )
    out = {"id": "txn_3", "amount": -8_830, "fee": 1_500, "net": -10_330, "currency": "usd", "created": 1_770_000_000}
    back = {"id": "txn_4", "amount": 8_790, "fee": -1_500, "net": 10_290, "currency": "usd", "created": 1_770_100_000}
    dispute = {"id": "dp_1", "object": "dispute", "amount": 8_000, "charge": "ch_1", "status": "needs_response"}
    told.tell("charge.dispute.created", dispute | {"balance_transactions": []})
    told.tell("charge.dispute.funds_withdrawn", dispute | {"balance_transactions": [out]})
    told.tell("charge.dispute.closed", dispute | {"status": "lost", "balance_transactions": [out]})
    told.tell("charge.dispute.funds_reinstated", dispute | {"status": "won", "balance_transactions": [out, back]})
    return told


OTHER_CURRENCY = {
    ("stripe:balance", "USD"): 11_023 - 350 - 1_101 - 8_830 + 8_790,
    ("stripe:fx", "EUR"): 10_000 - 999,
    ("stripe:fx", "USD"): -(11_023 - 1_101 - 8_830 + 8_790),
    ("stripe:processor_fees", "USD"): 350,
    ("stripe:refunds", "EUR"): 999,
    ("stripe:sales", "EUR"): -10_000,
}


@pytest.mark.requirement("PAYOUT-6", "DISPUTE-4", "REFUND-6", "INBOX-17")
@pytest.mark.parametrize(
    ("told", "expected"),
    [(own_money(), OWN_MONEY), (payees_money(), PAYEES_MONEY), (other_currency(), OTHER_CURRENCY)],
    ids=["own money", "payees' money", "another currency"],
)
def test_any_order_with_duplicates_ends_in_the_same_books(
    teller: Teller, told: Told, expected: Mapping[Any, int]
) -> None:
    events = told.events
    assert teller.supposing([[event] for event in events], books) == expected

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.permutations(range(len(events))), st.lists(st.integers(0, len(events) - 1), max_size=4), st.integers(1, 5)
    )
    def shuffled(order: list[int], again: list[int], batch: int) -> None:
        named = [events[number] for number in (*order, *again)]
        batches = [named[start : start + batch] for start in range(0, len(named), batch)]
        assert teller.supposing(batches, books) == expected

    shuffled()


def test_a_lost_dispute_moves_from_held_to_lost_once(teller: Teller) -> None:
    """As the status says; what moved on the balance stays what moved."""
    out = {"id": "txn_1", "amount": -8_000, "fee": 1_500, "net": -9_500, "currency": "eur", "created": 1_770_000_000}
    told = Told()
    dispute = {"id": "dp_1", "object": "dispute", "amount": 8_000, "charge": "ch_1", "balance_transactions": [out]}
    told.tell("charge.dispute.funds_withdrawn", dispute | {"status": "needs_response"})
    teller.tell(*told.events)
    held = {("stripe:balance", "EUR"): -9_500, ("stripe:dispute_fees", "EUR"): 1_500}
    assert teller.supposing([], books) == {**held, ("stripe:disputes_held", "EUR"): 8_000}
    told.tell("charge.dispute.closed", dispute | {"status": "lost"})
    teller.tell(told.events[-1], told.events[-1])
    assert teller.supposing([], books) == {**held, ("stripe:disputes_lost", "EUR"): 8_000}


def test_a_fact_is_never_booked_twice_with_other_values(database: Database) -> None:
    """The same legs again are the same legs; others are refused, and nothing of the unit is written."""
    engine = make_engine(database.url)
    keys = KeyRing({"test": b"a key of sixteen or more"})

    def post(amount: int, fact: str) -> None:
        with engine.begin() as connection:
            unit = Unit(connection, keys, now=AT)
            unit.post(Posting(fact, "charge", (Leg("stripe:balance", "stripe:sales", amount, "EUR"),)))
            unit.post(Posting(f"{fact}_too", "charge", (Leg("stripe:balance", "stripe:sales", 1, "EUR"),)))
            unit.about(now=AT, actor="bursar", reason="fails", inbox_id=None)
            unit.post(Posting("charge:stripe:ch_undone", "charge", (Leg("stripe:balance", "stripe:sales", 7, "EUR"),)))
            unit.undo()
            unit.flush()

    post(100, "charge:stripe:ch_1")
    post(100, "charge:stripe:ch_1")
    with pytest.raises(BookedOtherwiseError, match=r"is booked as 100 EUR .* and was to be booked as 101 EUR"):
        post(101, "charge:stripe:ch_1")
    with engine.connect() as connection:
        assert books(connection) == {("stripe:balance", "EUR"): 101, ("stripe:sales", "EUR"): -101}
    engine.dispose()


@pytest.mark.parametrize(
    "statement", ["UPDATE bursar.journal SET amount_minor = 1", "DELETE FROM bursar.journal", "TRUNCATE bursar.journal"]
)
def test_what_is_booked_cannot_be_changed_even_by_the_owner(database: Database, statement: str) -> None:
    """Append-only: a correction is another leg."""
    with database.connect() as connection, pytest.raises(psycopg.Error, match="journal is append-only"):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ("'stripe:balance', 'stripe:sales', 0, 'EUR'", "journal_amount_minor_check"),
        ("'stripe:balance', 'stripe:sales', -5, 'EUR'", "journal_amount_minor_check"),
        ("'stripe:balance', 'stripe:balance', 5, 'EUR'", "journal_sides_check"),
        ("'stripe:balance', 'stripe:sales', 5, 'USD'", "journal_debit_fkey"),
        ("'stripe:balance', 'stripe:nobody', 5, 'EUR'", "journal_credit_fkey"),
    ],
)
def test_the_database_refuses_what_would_not_balance(database: Database, values: str, constraint: str) -> None:
    """Nothing, less than nothing, one account, or an account that is not there in that currency."""
    with database.connect() as connection:
        for name, kind, side in (("balance", "asset", "debit"), ("sales", "income", "credit")):
            connection.execute(
                b"INSERT INTO bursar.journal_account (code, currency, name, class, normal, strict, provider) "
                b"VALUES (%s, 'EUR', %s, %s, %s, false, 'stripe')",
                (f"stripe:{name}", name, kind, side),
            )
        with pytest.raises(psycopg.Error, match=constraint):
            connection.execute(
                f"""INSERT INTO bursar.journal (fact, kind, leg, debit, credit, amount_minor, currency, posted_at)
                    VALUES ('f', 'k', 0, {values}, '2027-01-07')""".encode()
            )
