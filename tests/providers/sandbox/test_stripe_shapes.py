"""What the stand-in shows has Stripe's shape: against Stripe's published examples, and through our own readers."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billing.rules.facts.base import Fact
from providers.stripe.envelope import parse
from tests.harness.sandbox import Sandbox
from tests.providers.sandbox.stripe_api import Json, Sdk
from tests.providers.sandbox.trade import trade
from workers.routing import fold, ignored_reason, queue_of

READ: dict[str, str] = {
    "account": "id type email country default_currency charges_enabled payouts_enabled details_submitted requirements capabilities "
    "metadata created",
    "application_fee": "id amount amount_refunded currency account charge originating_transaction balance_transaction created",
    "balance_transaction": "id amount fee net fee_details type reporting_category source status available_on created currency "
    "exchange_rate",
    "bank_account": "id account bank_name country currency last4 account_holder_type fingerprint default_for_currency status",
    "charge": "id status amount amount_captured amount_refunded currency captured disputed payment_intent customer payment_method "
    "balance_transaction transfer application_fee application_fee_amount failure_code failure_message outcome metadata created "
    "payment_method_details",
    "checkout.session": "id status payment_status mode customer payment_intent subscription invoice client_reference_id currency "
    "amount_total expires_at metadata created url",
    "customer": "id email name tax_exempt metadata created currency invoice_settings",
    "dispute": "id amount currency status reason evidence_details is_charge_refundable balance_transactions charge payment_intent "
    "metadata created payment_method_details evidence",
    "fee_refund": "id amount balance_transaction created currency fee metadata",
    "payment_intent": "id status amount amount_received currency application_fee_amount customer payment_method latest_charge "
    "transfer_data last_payment_error cancellation_reason canceled_at metadata created",
    "payment_method": "id type card customer billing_details metadata created",
    "payout": "id amount currency status failure_code failure_message arrival_date automatic method destination balance_transaction "
    "failure_balance_transaction original_payout reversed_by reconciliation_status metadata created",
    "refund": "id status amount currency reason charge payment_intent balance_transaction transfer_reversal metadata created",
    "transfer": "id amount amount_reversed currency destination destination_payment source_transaction balance_transaction transfer_group "
    "metadata created reversals reversed",
    "transfer_reversal": "id amount balance_transaction created currency metadata transfer source_refund destination_payment_refund",
}
"""Resource -> the fields that Bursar reads."""

OURS = {"bank_account": {"account", "default_for_currency"}, "charge": {"transfer"}}
_ELSEWHERE = {"charge": {"transfer"}, "payment_method": {"card"}}
"""Fields that Stripe shows in some cases only: its example may lack the first, some objects the second."""


@pytest.fixture
def told(sdk: Sdk, stripe_sandbox: Sandbox) -> list[Json]:
    """The events of a trade in which everything happens."""
    return trade(sdk, stripe_sandbox.control)


def test_objects_have_the_fields_of_stripes_examples_with_their_types(
    told: list[Json], stripe_sandbox: Sandbox, stripe_samples: Path
) -> None:
    examples = json.loads((stripe_samples / "fixtures3.json").read_text())["resources"]
    found = []
    for kind, names in READ.items():
        made = stripe_sandbox.control.objects(kind)
        assert made, kind
        for name in names.split():
            if name not in examples[kind] and name not in OURS.get(kind, ()):
                found.append(f"{kind}.{name}: Stripe's example has no such field")
            for obj in made:
                if name not in obj and name in _ELSEWHERE.get(kind, ()):
                    continue
                if name not in obj:
                    found.append(f"{kind}.{name}: missing")
                elif _kind(obj[name]) not in (None, _kind(examples[kind].get(name)), *_also(examples[kind].get(name))):
                    found.append(f"{kind}.{name}: {obj[name]!r}, where Stripe has {examples[kind].get(name)!r}")
    assert sorted(set(found)) == []


def _kind(value: Any) -> str | None:
    return None if value is None else type(value).__name__


def _also(example: Any) -> tuple[str, ...]:
    """The example shows null, which says nothing."""
    return ("str", "int", "dict", "list", "bool") if example is None else ()


def test_no_kind_of_object_has_fields_that_stripe_does_not_know(told: list[Json], stripe_sandbox: Sandbox, stripe_samples: Path) -> None:
    examples = json.loads((stripe_samples / "fixtures3.json").read_text())["resources"]
    # Shown in certain cases only, says Stripe's reference.
    known = {"deleted", "failure_reason", "failure_balance_transaction", "transfer", "source_transfer", "sepa_debit", "account",
             "default_for_currency", "available_payout_methods", "enhanced_eligibility_types", "application_fee"}  # fmt: skip
    found = {
        f"{kind}.{name}"
        for kind in READ for obj in stripe_sandbox.control.objects(kind) for name in obj
        if name not in examples[kind] and name not in known
    }  # fmt: skip
    assert found == set()


def test_our_readers_understand_every_event(told: list[Json]) -> None:
    read: dict[str, int] = {}
    for event in told:
        if ignored_reason("stripe", event["type"]):
            continue
        said = parse(json.dumps(event).encode(), inbox_id=1, received_at=datetime(2027, 1, 15, tzinfo=UTC), headers={})
        name, _ = fold(event["type"])
        module = importlib.import_module(f"tasks.{queue_of('stripe', event['type'])}.stripe.{name}")
        facts = module.facts(said)
        facts = [facts] if isinstance(facts, Fact) else list(facts)
        read[event["type"]] = read.get(event["type"], 0) + len(facts)
        assert said.account == event.get("account")
    wanted = {
        "account.external_account.created", "account.external_account.deleted", "account.updated", "application_fee.created",
        "application_fee.refunded", "charge.dispute.closed", "charge.dispute.created", "charge.dispute.funds_reinstated",
        "charge.dispute.funds_withdrawn", "charge.dispute.updated", "charge.failed", "charge.refund.updated", "charge.refunded",
        "charge.succeeded", "charge.captured", "charge.updated", "charge.pending", "checkout.session.async_payment_succeeded",
        "checkout.session.completed", "checkout.session.expired", "customer.created", "customer.updated",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled", "payment_intent.created", "payment_intent.payment_failed", "payment_intent.processing",
        "payment_intent.requires_action", "payment_intent.succeeded", "payment_method.attached", "payment_method.detached",
        "payout.canceled", "payout.created", "payout.failed", "payout.paid", "payout.reconciliation_completed", "payout.updated",
        "refund.created", "refund.failed", "refund.updated", "transfer.created", "transfer.reversed",
    }  # fmt: skip
    assert wanted <= set(read), wanted - set(read)
    assert [kind for kind, count in read.items() if not count] == []


def test_updates_say_what_was_before(told: list[Json]) -> None:
    updates = [event for event in told if event["type"].endswith((".updated", ".refunded", ".reversed"))]
    assert updates
    for event in updates:
        before = event["data"]["previous_attributes"]
        assert before
        assert all(event["data"]["object"].get(name) != value for name, value in before.items())
