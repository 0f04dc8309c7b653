"""All event types of Stripe's API version 2026-10-28 (SDK 16.1), some older ones, and why some of them are not processed."""

from __future__ import annotations

from providers.stripe.ignored_money_out import IGNORED as MONEY_OUT
from providers.stripe.operations import OPERATIONS

_BY_OBJECT: dict[str, str] = {
    "account": "updated",
    "account.application": "authorized deauthorized",
    "account.external_account": "created deleted updated",
    "application_fee": "created refunded",
    "application_fee.refund": "updated",
    "apps.install": "created deleted updated",
    "balance": "available",
    "balance_settings": "updated",
    "billing.alert": "triggered",
    "billing.credit_balance_transaction": "created",
    "billing.credit_grant": "created updated",
    "billing.meter": "created deactivated reactivated updated",
    "billing_portal.configuration": "created updated",
    "billing_portal.session": "created",
    "capability": "updated",
    "cash_balance": "funds_available",
    "charge": "captured expired failed pending refunded succeeded updated",
    "charge.dispute": "closed created funds_reinstated funds_withdrawn updated",
    "charge.refund": "updated",
    "checkout.session": "async_payment_failed async_payment_succeeded completed expired",
    "climate.order": "canceled created delayed delivered product_substituted",
    "climate.product": "created pricing_updated",
    "coupon": "created deleted updated",
    "credit_note": "created updated voided",
    "customer": "created deleted updated",
    "customer.discount": "created deleted updated",
    "customer.source": "created deleted expiring updated",
    "customer.subscription": (
        "created deleted paused pending_update_applied pending_update_expired resumed trial_will_end updated"
    ),
    "customer.tax_id": "created deleted updated",
    "customer_cash_balance_transaction": "created",
    "entitlements.active_entitlement_summary": "updated",
    "file": "created",
    "financial_connections.account": (
        "account_numbers_updated created deactivated disconnected "
        "expected_deactivation_date_updated reactivated refreshed_balance refreshed_ownership "
        "refreshed_transactions supported_payment_method_types_updated "
        "upcoming_account_number_expiry upcoming_deactivation"
    ),
    "financial_connections.authorization": "expected_deactivation_date_updated upcoming_deactivation",
    "identity.verification_session": "canceled created processing redacted requires_input verified",
    "invoice": (
        "created deleted finalization_failed finalized marked_uncollectible overdue overpaid paid "
        "payment_action_required payment_attempt_required payment_failed payment_succeeded sent "
        "upcoming updated voided will_be_due"
    ),
    "invoice_payment": "paid",
    "invoiceitem": "created deleted",
    "issuing_authorization": "created request updated",
    "issuing_card": "created updated",
    "issuing_cardholder": "created updated",
    "issuing_dispute": "closed created funds_reinstated funds_rescinded submitted updated",
    "issuing_personalization_design": "activated deactivated rejected updated",
    "issuing_token": "created updated",
    "issuing_transaction": "created purchase_details_receipt_updated updated",
    "mandate": "updated",
    "payment_intent": (
        "amount_capturable_updated canceled created partially_funded payment_failed processing "
        "requires_action succeeded"
    ),
    "payment_link": "created updated",
    "payment_method": "attached automatically_updated detached updated",
    "payout": "canceled created failed paid reconciliation_completed updated",
    "person": "created deleted updated",
    "plan": "created deleted updated",
    "price": "created deleted updated",
    "product": "created deleted updated",
    "promotion_code": "created updated",
    "quote": "accepted canceled created finalized",
    "radar.early_fraud_warning": "created updated",
    "refund": "created failed updated",
    "reporting.report_run": "failed succeeded",
    "reporting.report_type": "updated",
    "reserve.hold": "created updated",
    "reserve.plan": "created disabled expired updated",
    "reserve.release": "created",
    "review": "closed opened",
    "setup_intent": "canceled created requires_action setup_failed succeeded",
    "sigma.scheduled_query_run": "created",
    "source": "canceled chargeable failed mandate_notification refund_attributes_required",
    "source.transaction": "created updated",
    "subscription_schedule": "aborted canceled completed created expiring released updated",
    "tax.settings": "updated",
    "tax_rate": "created updated",
    "terminal.reader": "action_failed action_succeeded action_updated",
    "test_helpers.test_clock": "advancing created deleted internal_failure ready",
    "three_d_secure.authentication": (
        "canceled challenge_started errored failed requires_challenge requires_submission succeeded"
    ),
    "topup": "canceled created failed reversed succeeded",
    "transfer": "created reversed updated",
    "treasury.credit_reversal": "created posted",
    "treasury.debit_reversal": "completed created initial_credit_granted",
    "treasury.financial_account": "closed created features_status_updated",
    "treasury.inbound_transfer": "canceled created failed succeeded",
    "treasury.outbound_payment": (
        "canceled created expected_arrival_date_updated failed posted returned tracking_details_updated"
    ),
    "treasury.outbound_transfer": (
        "canceled created expected_arrival_date_updated failed posted returned tracking_details_updated"
    ),
    "treasury.received_credit": "created failed succeeded",
    "treasury.received_debit": "created",
}

_LEGACY = ("transfer.paid", "transfer.failed", "transfer.canceled", "invoiceitem.updated")
"""Gone from the newest version, still sent by endpoints that were made under an older one."""

FETCHED: dict[str, str] = {
    "account": "account.fetched",
    "application_fee": "application_fee.fetched",
    "balance": "balance.fetched",
    "balance_transaction": "balance_transaction.fetched",
    "balance_transactions.newer": "balance_transaction.listed",
    "balance_transactions.older": "balance_transaction.listed_back",
    "charge": "charge.fetched",
    "checkout.session": "checkout.session.fetched",
    "customer": "customer.fetched",
    "dispute": "charge.dispute.fetched",
    "invoice": "invoice.fetched",
    "invoice_link": "invoice_link.fetched",
    "payment_intent": "payment_intent.fetched",
    "payment_method": "payment_method.fetched",
    "payout": "payout.fetched",
    "refund": "refund.fetched",
    "subscription": "customer.subscription.fetched",
    "tax_id": "customer.tax_id.fetched",
    "transfer": "transfer.fetched",
}
"""Kind of object -> the event type under which the answer to our own look-up enters the inbox."""

NOT_FOUND = "object.not_found"
"""What enters the inbox when a look-up that says so (`absent` in its payload) finds that there is no such object."""

ANSWERED = tuple(sorted({operation.kind for operation in OPERATIONS.values()}))
"""Kinds of objects that our own submissions are answered with, as `answer.<kind>`."""

EVENT_TYPES: tuple[str, ...] = (
    *(f"{of}.{what}" for of, verbs in _BY_OBJECT.items() for what in verbs.split()),
    *_LEGACY,
    *FETCHED.values(),
    NOT_FOUND,
    *(f"answer.{kind}" for kind in ANSWERED),
)
"""`<object>.<what happened>`; a handler's module and function are named after both."""

PREFIXES: dict[str, str] = {"v1.": "maintenance/thin:received", "v2.": "maintenance/thin:received"}
"""Thin events carry no object, only its address: they are all answered by a look-up."""

_CATALOGUE = "the catalogue is published from here, not read from Stripe (PRICE-1)"
_UNUSED = "a Stripe product that Bursar's business does not use"
_OLD_CARDS = "sources of the API before PaymentMethods; the card arrives as a payment method"
_SETUP = "a set-up's result is its payment method, which arrives by payment_method.attached"

IGNORED: dict[str, str] = {
    **MONEY_OUT,
    "apps.install.*": _UNUSED,
    "balance_settings.updated": "settings of our own balance; reconciliation reads what they bring about",
    "billing.*": "usage is counted here and only forwarded to Stripe's meters (USAGE-5); their alerts repeat ours",
    "billing_portal.configuration.*": "settings of the portal's look",
    "cash_balance.*": _UNUSED,
    "climate.*": _UNUSED,
    "coupon.*": _CATALOGUE,
    "customer.discount.*": "the discount's effect is in the invoice's lines; promo codes are ours (PROMO-1)",
    "customer.source.*": _OLD_CARDS,
    "customer_cash_balance_transaction.*": _UNUSED,
    "entitlements.*": "entitlements are published from here (SUB-12)",
    "file.*": _UNUSED,
    "financial_connections.*": _UNUSED,
    "identity.*": _UNUSED,
    "invoice.upcoming": "a preview of an invoice that does not exist yet and has no id",
    "invoiceitem.*": "pending items become lines of the next invoice, whose events carry them",
    "issuing_*": _UNUSED,
    "mandate.updated": "a mandate's state shows in the charge that uses it",
    "payment_link.*": _UNUSED,
    "plan.*": _CATALOGUE,
    "price.*": _CATALOGUE,
    "product.*": _CATALOGUE,
    "promotion_code.*": _CATALOGUE,
    "quote.*": "a quote is an offer; what is accepted arrives as a subscription or an invoice",
    "reporting.*": _UNUSED,
    "reserve.*": "reserves are read as balance transactions by reconciliation",
    "review.*": "a review's result shows in the charge's dispute or refund",
    "setup_intent.*": _SETUP,
    "sigma.*": _UNUSED,
    "source.*": _OLD_CARDS,
    "subscription_schedule.*": "a schedule's phases take effect as customer.subscription events",
    "tax.settings.updated": "tax is decided here (TAX-1)",
    "tax_rate.*": "rates are dated rows here (TAX-1); the tax charged is in the invoice",
    "terminal.*": _UNUSED,
    "test_helpers.*": "the test clock's own life; what it brings about arrives as events",
    "three_d_secure.*": "the authentication's result shows in the payment intent",
    "treasury.*": _UNUSED,
}
"""Event type, or prefix ending in `*` -> why it is stored and not processed. A type that gets a handler is opened again."""
