"""A dispute's events, with a refund between them, end in the same rows and the same books in whatever order they come (promise 3)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from models.charge import Charge
from models.dispute import Dispute
from models.dispute_case import DisputeCase
from models.payment import Payment
from models.payout_hold import PayoutHold
from tests.harness.cluster import Database
from tests.tasks.mirror import Mirror, make_mirror, snapshot

T0 = 1_800_000_000
QUEUES = dict.fromkeys(("charge", "charge_dispute", "payment_intent", "refund"), "payments") | {"transfer": "payouts"}
_BOOKS = """SELECT account, currency, sum(minor)::bigint FROM (
                SELECT debit AS account, currency, amount_minor AS minor FROM bursar.journal
                UNION ALL SELECT credit, currency, -amount_minor FROM bursar.journal) legs
            GROUP BY 1, 2 HAVING sum(minor) <> 0 ORDER BY 1, 2"""
_TAKEN = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM bursar.transfer_reversal_request"
_GIVEN = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM bursar.transfer_request WHERE external_id LIKE 'dispute:%'"


@pytest.fixture
def mirror(database: Database) -> Iterator[Mirror]:
    made = make_mirror(database, "stripe", QUEUES)
    yield made
    made.engine.dispose()


def event(kind: str, obj: dict[str, Any], after_s: int) -> bytes:
    return json.dumps({
        "id": f"evt_{kind}_{after_s}", "object": "event", "type": kind, "created": T0 + after_s, "api_version": "2026-10-28.endive",
        "data": {"object": obj},
    }).encode()  # fmt: skip


def paid(*, destination: bool) -> list[bytes]:
    """A payment of 10.01 that is known already, its money passed on as a destination charge's if `destination`."""
    charge = {
        "id": "ch_1", "object": "charge", "amount": 1001, "amount_captured": 1001, "amount_refunded": 0, "captured": True, "paid": True,
        "status": "succeeded", "currency": "eur", "payment_intent": "pi_1", "created": T0, "metadata": {},
        "transfer": "tr_1" if destination else None,
    }  # fmt: skip
    intent = {
        "id": "pi_1", "object": "payment_intent", "amount": 1001, "amount_received": 1001, "currency": "eur", "status": "succeeded",
        "latest_charge": "ch_1", "created": T0, "metadata": {"bursar_purpose": "course_enrolment", "enrolment": "enr-3"},
        "transfer_data": {"destination": "acct_1"} if destination else None,
    }  # fmt: skip
    told = [event("charge.succeeded", charge, 0), event("payment_intent.succeeded", intent, 0)]
    if not destination:
        return told
    moved = {
        "id": "tr_1", "object": "transfer", "amount": 1001, "amount_reversed": 0, "currency": "eur", "destination": "acct_1",
        "source_transaction": "ch_1", "created": T0, "metadata": {}, "reversals": {"object": "list", "data": []},
    }  # fmt: skip
    return [*told, event("transfer.created", moved, 0)]


def move(name: str, amount: int, fee: int, after_s: int) -> dict[str, Any]:
    return {"id": name, "amount": amount, "fee": fee, "net": amount - fee, "currency": "eur", "created": T0 + after_s}


OUT, BACK = move("txn_1", -600, 1500, 20), move("txn_2", 600, -1500, 50)


def dispute(kind: str, status: str, after_s: int, *moves: dict[str, Any]) -> bytes:
    """A dispute of 6.00 of it."""
    return event(f"charge.dispute.{kind}", {
        "id": "dp_1", "object": "dispute", "amount": 600, "currency": "eur", "status": status, "reason": "fraudulent", "charge": "ch_1",
        "payment_intent": "pi_1", "evidence_details": {"due_by": T0 + 900_000}, "balance_transactions": list(moves), "created": T0 + 10,
        "metadata": {},
    }, after_s)  # fmt: skip


REFUND = event("refund.created", {
    "id": "re_1", "object": "refund", "amount": 401, "currency": "eur", "charge": "ch_1", "payment_intent": "pi_1", "status": "succeeded",
    "created": T0 + 5, "metadata": {},
}, 5)  # fmt: skip
OPENED = [dispute("created", "needs_response", 10), dispute("funds_withdrawn", "needs_response", 20, OUT)]
LOST = [*OPENED, dispute("closed", "lost", 40, OUT), REFUND]
WON = [*OPENED, dispute("closed", "won", 40, OUT), dispute("funds_reinstated", "won", 50, OUT, BACK)]
APPEALED = [*LOST[:3], dispute("updated", "won", 60, OUT, BACK)]


def ended(session: Session) -> dict[str, Any]:
    """What must be the same: rows, books, and what the payee has less."""
    rows: dict[str, Any] = {model.NAME: snapshot(session, model) for model in (Charge, Payment, Dispute)}
    rows["granted"] = [tuple(row) for row in session.execute(text("SELECT status, revocations IS NULL FROM bursar.fulfilment"))]
    rows["books"] = [tuple(row) for row in session.execute(text(_BOOKS))]
    rows["case"] = {
        key: {name: row[name] for name in ("status", "taken_minor", "short_minor", "evidence_due_at")}
        for key, row in snapshot(session, DisputeCase).items()
    }
    rows["holds"] = [row["amount_minor"] for row in snapshot(session, PayoutHold).values() if row["status"] == "open"]
    rows["net"] = session.execute(text(_TAKEN)).scalar_one() - session.execute(text(_GIVEN)).scalar_one()
    for case in rows["case"].values():
        case["taken_minor"] = case["taken_minor"] or 0
    return rows


def every_order(mirror: Mirror, known: Sequence[bytes], events: Sequence[bytes]) -> dict[str, Any]:
    """The one end of all orders, each event in a batch of its own."""
    ends = []
    for order in itertools.permutations(events):
        with mirror.played([*known, *order], batch=1) as session:
            ends.append(ended(session))
    first = ends[0]
    for end in ends[1:]:
        assert end == first
    return first


@pytest.mark.requirement("DISPUTE-2", "DISPUTE-4", "DISPUTE-5")
@pytest.mark.parametrize(
    ("events", "standing", "granted"), [(LOST, "charged_back", "revoked"), (WON, "won", "granted"), (APPEALED, "won", "granted")]
)
def test_any_order_ends_the_same(mirror: Mirror, events: list[bytes], standing: str, granted: str) -> None:
    end = every_order(mirror, paid(destination=False), events)
    assert end["payment"]["pi_1"]["dispute_standing"] == end["charge"]["ch_1"]["dispute_standing"] == standing
    assert [status for status, _ in end["granted"]] == [granted]
    assert end["case"]["dp_1"]["status"] == "closed"
    books = {account: minor for account, _, minor in end["books"]}
    assert sum(books.values()) == 0
    assert "stripe:disputes_held" not in books
    lost = 600 if standing == "charged_back" else 0
    assert books.get("stripe:disputes_lost", 0) == lost


@pytest.mark.requirement("DISPUTE-1", "DISPUTE-4", "PAYOUT-4")
@pytest.mark.parametrize(("events", "net"), [(OPENED, 600), (LOST[:3], 600), (WON, 0)])
def test_the_payees_share_follows_what_is_withdrawn(mirror: Mirror, events: list[bytes], net: int) -> None:
    """A dispute of 6.00 of 10.01: 6.00 of the transfer's 10.01 is taken back, whatever came first, and given back once."""
    end = every_order(mirror, paid(destination=True), events)
    assert end["net"] == end["case"]["dp_1"]["taken_minor"] == net
    assert end["holds"] == []


@pytest.mark.requirement("DISPUTE-1")
def test_what_is_contested_and_not_withdrawn_is_held(mirror: Mirror) -> None:
    with mirror.played([*paid(destination=True), OPENED[0]], batch=1) as session:
        assert ended(session)["holds"] == [600]
    with mirror.played([*paid(destination=True), OPENED[0], dispute("closed", "won", 40)], batch=1) as session:
        assert ended(session)["holds"] == []


@pytest.mark.requirement("DISPUTE-2")
@pytest.mark.parametrize("status", ["warning_closed", "prevented"])
def test_what_is_no_loss_takes_nothing(mirror: Mirror, status: str) -> None:
    told = [*paid(destination=True), dispute("created", "warning_needs_response", 10), dispute("closed", status, 40)]
    with mirror.played(told, batch=1) as session:
        end = ended(session)
    assert (end["payment"]["pi_1"]["dispute_standing"], end["net"], end["holds"]) == ("no_loss", 0, [])
    assert [granted for granted, _ in end["granted"]] == ["granted"]
