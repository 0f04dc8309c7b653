"""Every shared sample of Stripe's money-out objects becomes facts: events recorded since 2012, today's examples."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from billing.rules.facts.base import Fact
from tests.factories.stripe_money_out import sample_event, stripe_event
from workers.routing import fold

EVENTS = (
    "account.application.deauthorized",
    "account.external_account.created",
    "account.external_account.deleted",
    "account.external_account.updated",
    "account.updated",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.refund.updated",
    "payout.created",
    "payout.paid",
    "payout.updated",
    "transfer.created",
    "transfer.failed",
    "transfer.paid",
    "transfer.updated",
)
OBJECTS = {
    "refund": "refund.updated",
    "dispute": "charge.dispute.updated",
    "payout": "payout.updated",
    "transfer": "transfer.updated",
    "account": "account.updated",
    "bank_account": "account.external_account.updated",
    "card": "account.external_account.updated",
    "external_account": "account.external_account.updated",
    "deleted_bank_account": "account.external_account.deleted",
    "deleted_card": "account.external_account.deleted",
    "credit_note": "credit_note.updated",
    "application_fee": "application_fee.created",
    "radar.early_fraud_warning": "radar.early_fraud_warning.updated",
}


def handler(event_type: str) -> Any:
    module, function = fold(event_type)
    queue = "payouts" if event_type.startswith(("account.", "payout.", "transfer.")) else "payments"
    found = importlib.import_module(f"tasks.{queue}.stripe.{module}")
    assert callable(getattr(found, function))
    return found


def facts_of(event: Any) -> Sequence[Fact]:
    said: Fact | Sequence[Fact] = handler(event.type).facts(event)
    return [said] if isinstance(said, Fact) else said


@pytest.mark.requirement("INBOX-8")
@pytest.mark.parametrize("event_type", EVENTS)
def test_a_recorded_event_becomes_facts(stripe_samples: Path, event_type: str) -> None:
    raw: Mapping[str, Any] = json.loads((stripe_samples / "events" / f"{event_type}.json").read_text())
    said = facts_of(sample_event(raw))
    # The recorded deauthorisation names no account: there is nothing that it could concern.
    assert len(said) == (0 if event_type == "account.application.deauthorized" else 1)
    assert all(fact.external_id for fact in said)


@pytest.mark.parametrize("name", OBJECTS)
def test_an_example_of_today_becomes_facts(stripe_samples: Path, name: str) -> None:
    obj = json.loads((stripe_samples / "fixtures3.json").read_text())["resources"][name]
    [fact] = facts_of(stripe_event(OBJECTS[name], obj, account="acct_1"))
    assert fact.external_id == obj["id"]
    assert dict(fact.said())
