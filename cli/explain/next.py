"""What happens next and when, in sentences: what waits, what nobody knows the outcome of, and what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from billing.operations.follow_dispute import WAITS_FOR_US
from billing.rules.states_money_out import dispute_outcome
from cli.explain.next_own import own_next
from cli.printing import instant

Rows = Sequence[dict[str, Any]]

_REFUND_WAITS = {
    "pending": "waits for a second person, who agrees to it or declines it",
    "processing": "is on its way to the provider, which tells when it has taken it",
    "approved": "is on its way to the payer: the provider tells when he has it",
}

_NOT_GOT = ("bounced", "refused", "suppressed")


def what_next(rows: Rows, events: Rows, calls: Rows, outbox: Rows, holds: Rows, *, bank_transfer_days: float) -> list[str]:
    """Each open thing, in the order in which a person would look at them; one sentence where nothing is open."""
    told = [*_events(events), *_calls(calls), *_outbox(outbox)]
    for row in rows:
        told += [*_row(row, bank_transfer_days), *own_next(row)]
    for hold in holds:
        told.append(
            f"{hold['amount_minor']} {hold['currency']} minor units of {hold['account_ref']} are held since {instant(hold['opened_at'])}"
        )
    return told or ["nothing is open: no row waits, no call is on its way, nobody is asked for anything"]


def _events(events: Rows) -> Iterator[str]:
    for event in events:
        name = f"event {event['id']} ({event['event_type']})"
        if event["state"] == "waiting":
            yield f"{name} failed {event['attempts']} times and is tried again {instant(event['next_at'])}: {event['error_class']}"
        elif event["state"] in ("received", "processing"):
            yield f"{name} is {event['state']}: it is processed now"
        elif event["state"] == "dead":
            yield f"{name} is dead and waits for a person: bursar inbox replay {event['id']} --dry-run"


def _calls(calls: Rows) -> Iterator[str]:
    for call in calls:
        due = f", next try {instant(call['next_at'])}" if call["next_at"] and call["call_state"] in ("waiting", "received") else ""
        if call["state"] == "unknown":
            yield f"nobody knows what came of {call['key']}: the same key is sent again or {call['source']} is asked{due}"
        elif call["state"] in ("reserved", "in_flight"):
            yield f"{call['key']} is {call['state'].replace('_', ' ')}: {call['source']} is called{due}"
        elif call["state"] == "submitted":
            yield f"{call['source']} has answered {call['key']}; the answer waits in the inbox"
        if call["call_state"] == "dead" and call["state"] not in ("settled", "abandoned"):
            yield f"the machine has given {call['key']} up and waits for a person: bursar submission show {call['key']}"


def _outbox(outbox: Rows) -> Iterator[str]:
    for call in outbox:
        name = f"{call['mail'] or call['kind']} ({call['kind']} {call['id']})"
        if call["state"] == "waiting":
            yield f"{name} is tried again {instant(call['next_at'])}"
        elif call["state"] in ("received", "processing"):
            yield f"{name} goes out now"
        elif call["state"] == "dead":
            yield f"{name} is dead and waits for a person: bursar outbox show {call['id']}"
        elif call["fate"] in _NOT_GOT:
            yield f"mail {call['mail']} was {call['fate']}, its addressee has not got it: bursar mail show {call['id']}"


def _row(row: dict[str, Any], bank_transfer_days: float) -> Iterator[str]:
    kind, status, name = row["kind"], row.get("status"), f"{row['kind']} {row['external_id']}"
    if kind == "dispute" and dispute_outcome(status) == "open":
        due: datetime | None = row["evidence_due_at"]
        if status in WAITS_FOR_US:
            yield f"{name} waits for our answer" + (f", due {instant(due)}; without one it is lost" if due else "")
        else:
            yield f"{name} is {status}: the payer's bank decides"
    elif kind == "bank_transfer" and status in ("submitted", "pending_approval"):
        until = row["submitted_at"] + timedelta(days=bank_transfer_days)
        yield f"{name} waits for a person (bursar bank-transfer approve, or reject) and expires by itself {instant(until)}"
    elif kind in ("payout_request", "transfer_request") and status in ("waiting", "checking"):
        yield f"{name} is {status}: it goes on when the account's balance or rights are told"
    elif kind == "refund_request" and status in _REFUND_WAITS:
        yield f"{name} {_REFUND_WAITS[status]}"
    elif kind == "payment" and status == "requires_action":
        yield f"{name} waits for the payer"
    elif kind == "payout" and status in ("pending", "in_transit"):
        yield f"{name} is on its way to the bank" + (f", expected {row['arrival_on']}" if row.get("arrival_on") else "")
