"""Every shared sample about money that goes out reaches the database, and in reverse order ends the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from billing.rules.facts.event import Event
from tests.factories.stripe_money_out import sample_event, stripe_event
from tests.factories.telling import Teller
from tests.providers.stripe.shapes.test_money_out_samples import EVENTS, OBJECTS

TABLES = (
    *("account", "charge", "payment", "refund", "dispute", "transfer", "payout", "external_account"),
    *("credit_note", "application_fee", "fraud_warning", "invoice", "customer"),
)


def samples(folder: Path) -> list[Event]:
    recorded = [
        json.loads((folder / "events" / f"{name}.json").read_text())
        for name in (*EVENTS, "charge.refunded", "charge.captured")
    ]
    resources: dict[str, Any] = json.loads((folder / "fixtures3.json").read_text())["resources"]
    made = [
        stripe_event(event_type, resources[name], event_id=f"evt_{name}", account="acct_1")
        for name, event_type in OBJECTS.items()
    ]
    return [*(sample_event(raw) for raw in recorded), *made]


@pytest.mark.requirement("INBOX-8", "INBOX-17")
def test_every_sample_becomes_rows_the_same_in_reverse_and_twice(teller: Teller, stripe_samples: Path) -> None:
    events = samples(stripe_samples)
    expected = teller.imagine([[event] for event in events], *TABLES)
    assert all(expected[table] for table in TABLES if table not in ("invoice", "customer"))
    assert teller.imagine([[event] for event in reversed(events)], *TABLES) == expected
    assert teller.imagine([[*events, *events]], *TABLES) == expected
