"""Every event type of Stripe's is known, and handled or ignored for a stated reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import stripe

from providers.stripe.event_types import EVENT_TYPES, FETCHED, IGNORED
from workers.routing import ignored_reason, route

LISTED = """
checkout.session.completed checkout.session.async_payment_succeeded checkout.session.async_payment_failed
checkout.session.expired payment_intent.succeeded payment_intent.payment_failed payment_intent.processing
payment_intent.canceled payment_intent.requires_action payment_intent.partially_funded
payment_intent.amount_capturable_updated charge.succeeded charge.failed charge.updated setup_intent.succeeded
setup_intent.setup_failed charge.refunded charge.refund.updated refund.created refund.updated refund.failed
credit_note.created credit_note.updated credit_note.voided charge.dispute.created charge.dispute.updated
charge.dispute.closed charge.dispute.funds_withdrawn charge.dispute.funds_reinstated radar.early_fraud_warning.created
invoice.created invoice.finalized invoice.finalization_failed invoice.paid invoice.payment_succeeded
invoice.payment_failed invoice.payment_action_required invoice.payment_attempt_required invoice.updated invoice.upcoming
invoice.will_be_due invoice.overdue invoice.overpaid invoice.voided invoice.marked_uncollectible invoice.deleted
invoice.sent invoice_payment.paid invoiceitem.created invoiceitem.deleted customer.subscription.created
customer.subscription.updated customer.subscription.deleted customer.subscription.paused customer.subscription.resumed
customer.subscription.trial_will_end customer.subscription.pending_update_applied
customer.subscription.pending_update_expired subscription_schedule.updated test_helpers.test_clock.ready
customer.created customer.updated customer.deleted customer.tax_id.created customer.tax_id.updated
customer.tax_id.deleted customer.discount.created customer.source.expiring payment_method.attached
payment_method.detached payment_method.updated payment_method.automatically_updated
entitlements.active_entitlement_summary.updated product.created price.updated coupon.deleted promotion_code.created
tax_rate.updated account.updated account.application.authorized account.application.deauthorized
account.external_account.created account.external_account.updated account.external_account.deleted capability.updated
person.updated transfer.created transfer.updated transfer.reversed application_fee.created application_fee.refunded
application_fee.refund.updated payout.created payout.updated payout.paid payout.failed payout.canceled
payout.reconciliation_completed balance.available topup.created billing.meter.created billing.alert.triggered
billing.credit_grant.created v1.billing.meter.error_report_triggered v1.billing.meter.no_meter_found
billing_portal.session.created billing_portal.configuration.updated
"""
"""What a billing system should register, by the protocol notes."""

WANTED = """
charge.refunded charge.dispute.created charge.dispute.closed customer.updated account.external_account.created
account.external_account.deleted payout.paid payout.failed customer.subscription.created customer.subscription.updated
customer.subscription.deleted invoice.paid invoice.payment_failed payment_intent.succeeded checkout.session.completed
customer.tax_id.created customer.tax_id.updated billing_portal.session.created payment_method.attached
payment_method.detached payment_method.updated
"""


@pytest.mark.requirement("INBOX-7")
def test_all_types_of_the_installed_library_are_known() -> None:
    source = Path(stripe.__file__).with_name("_event.py").read_text()
    theirs = {name for name in re.findall(r'"([a-z_]\w*(?:\.\w+)+)"', source) if not name[0].isdigit()}
    assert len(theirs) >= 275
    assert theirs - set(EVENT_TYPES) == set()


def test_no_type_is_named_twice() -> None:
    assert len(set(EVENT_TYPES)) == len(EVENT_TYPES)


def test_every_type_has_a_handler_or_a_reason() -> None:
    for event_type in (*LISTED.split(), *EVENT_TYPES):
        handled, reason = route("stripe", event_type), ignored_reason("stripe", event_type)
        assert (handled is None) == (reason is not None), event_type
        assert reason != "no_handler", event_type


@pytest.mark.requirement("INBOX-8", "INBOX-9", "INBOX-10", "PAY-7")
@pytest.mark.parametrize("event_type", WANTED.split())
def test_what_the_catalogue_asks_for_has_a_handler(event_type: str) -> None:
    assert route("stripe", event_type) is not None


def test_no_reason_stands_for_nothing() -> None:
    prefixes = {key[:-1] for key in IGNORED if key.endswith("*")}
    assert [one for one in prefixes if not any(name.startswith(one) for name in EVENT_TYPES)] == []
    assert [one for one in IGNORED if not one.endswith("*") and one not in EVENT_TYPES] == []


def test_what_is_looked_up_has_a_handler() -> None:
    assert [name for name in FETCHED.values() if route("stripe", name) is None] == []
