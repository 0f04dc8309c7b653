"""Which columns hold personal data, and what becomes of each when a customer is forgotten (SEC-6).

Every column of the database that can hold a text is decided here: erased, or kept with the reason. A test compares this with
the database, so a new column is decided by whoever adds it. Names whose form says that no person typed them (`..._ref`, `status`)
are decided once for all tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NULL = "NULL"
OUR_TAGS = "tags"
"""Of a provider's metadata, what Bursar wrote there itself stays: it says what was paid for."""
EMPTY_LIST = "list"

KEPT_TAGS = ("enrolment", "invoice", "package", "pays", "registration")
"""Tags beside those that begin with `bursar_`."""

ERASED: Mapping[str, Mapping[str, str]] = {
    "bill_to": dict.fromkeys(
        ("name", "street", "city", "county", "postal_code", "vat_id", "tax_number", "registration_no", "email", "phone"), NULL
    ),
    "charge": {"metadata": OUR_TAGS},
    "checkout": {"metadata": OUR_TAGS},
    "checkout_request": {"note": NULL, "success_url": NULL, "cancel_url": NULL, "url": NULL},
    "credit_note": {"metadata": OUR_TAGS},
    "customer": {"email": NULL, "name": NULL, "metadata": OUR_TAGS},
    "customer_request": {"email": NULL, "name": NULL},
    "dispute": {"metadata": OUR_TAGS},
    "dispute_case": {"notes": EMPTY_LIST},
    "dispute_response": {"evidence": NULL, "note": NULL},
    "invoice": {"metadata": OUR_TAGS},
    "invoice_link": {"url": NULL, "page_url": NULL},
    "login": {"device": NULL, "address": NULL},
    "mail": {"address": NULL, "answer": NULL},
    "mail_block": {"address": NULL, "said": NULL},
    "mail_report": {"said": NULL, "raw": NULL},
    "meeting_participant": {"name": NULL, "email": NULL},
    "meeting_registrant": {"name": NULL, "email": NULL},
    "payment": {"metadata": OUR_TAGS},
    "payment_method": {"last4": NULL, "metadata": OUR_TAGS},
    "payment_request": {"description": NULL, "note": NULL, "return_url": NULL, "url": NULL},
    "refund": {"metadata": OUR_TAGS},
    "refund_request": {"notes": EMPTY_LIST},
    "subscriber": {"email": NULL, "name": NULL},
    "subscription": {"metadata": OUR_TAGS},
    "tax_id": {"value": NULL},
    "user_session": {"device": NULL, "address": NULL},
    "user_token": {"email": NULL},
}
"""Table -> column -> what stands there afterwards."""

BYTES: Mapping[str, str] = {
    "document_buyer": "content: erased when the law no longer wants the paper (`keep_until`), by the run forget_old_papers",
    "efactura_paper": "content: goes with the buyer of its document, by the same run",
    "erasure": "emails: needed to find what is told by address only; they go with the erasure's end",
    "inbox_conflict": "body: goes with the event whose id it took",
    "inbox_payload": "body, headers: erased by lane and by mention; the row keeps its sha256",
    "outbox": "payload, result: of mails; calls name ids only",
    "submission": "body: of calls that were answered, where it held a name or an address",
}
"""Tables whose bytes have a way of their own."""

KEPT_TABLES: Mapping[str, str] = {
    "account": "a payee's, with whom there is a business of its own: the law wants it",
    "account_request": "a payee's",
    "alembic_version": "of the machine",
    "anaf_token": "ours, sealed",
    "audit": "append-only; who acted and what was done, by ids: names and addresses are not written into it",
    "audit_seal": "digests",
    "campaign": "ours, about nobody",
    "command_kind": "of the machine",
    "command_result": "what the app was told: ids, statuses and refusals",
    "efactura": "a legal paper's way; the buyer is in `efactura_paper`",
    "external_account": "a payee's",
    "finding": "ids and amounts of a comparison",
    "fx_feed": "of the machine",
    "fx_held": "published rates",
    "fx_rate": "published rates",
    "heartbeat": "of the machine",
    "inbox": "ids and states; `error` is scrubbed, and goes with the bytes",
    "inbox_claim": "of the machine",
    "journal": "money facts",
    "journal_account": "money facts",
    "mail_leaving": "digests, and a kind of mail",
    "meeting": "the app's lessons; `topic` is theirs",
    "meeting_host": "who teaches: no customer; forgotten when the meeting provider demands it",
    "meeting_session": "the app's lessons",
    "meter": "ours, about nobody",
    "payee": "a payee's",
    "price": "ours, about nobody",
    "price_link": "ours, about nobody",
    "product": "ours, about nobody",
    "provider_gate": "of the machine",
    "rate_limit": "digests of keys; goes within a day",
    "recon_run": "of the machine",
    "recon_staged": "ids and amounts; goes with its run",
    "run_failure": "scrubbed errors; goes when the item is done",
    "schedule_hand": "of the machine",
    "schedule_pause": "ours, about nobody",
    "schedule_slot": "of the machine",
    "schedule_tick": "of the machine",
    "seller": "ours",
    "series": "ours",
    "tax_rate": "published rates",
    "token_secret": "digests; goes with its token",
    "transmission": "ids and digests",
    "vies_check": "evidence of a VAT number's check, which the law wants beside the invoice",
}
"""Tables of which no column is erased, and why."""

KEPT_NAMES = re.compile(
    r".*_refs?|source|.*_source|external_id|versions|.*status|currency|.*_currency|kind|.*_kind|type|mode|.*_mode|method|action|direction"
    r"|purpose|step|outcome|booked|settled_as|country|language|zone|time_zone|decline_code|failure_code|gateway_code|code|cycle_unit|flow"
    r"|actor|.*_by|.*because|reason|.*_reason|key|.*_key|fact|number|series|lot|lots|pool|origin|sha256|.*_sha256|reference"
    r"|.*_type|collection|.*_method"
)
"""Columns whose names say in every table what they hold: ids, words of ours or of a provider, amounts by currency, who acted and why.
Reasons are an operator's or the app's, who are told not to write about persons there."""

KEPT: Mapping[str, frozenset[str]] = {
    "what a provider or bank answered, in its own words, about a card or an account": frozenset({
        "charge.failure_message", "charge.risk_level", "default_method_request.failure_message", "dunning_attempt.gateway_message",
        "checkout_request.failure_message", "customer_request.failure_message", "dispute_response.failure_message",
        "invoice.finalization_error", "meter_report.failure_message", "payment.failure_message", "payment.intent_failure_message",
        "payment.intent_failure_code", "payment.intent_decline_code", "payment_request.failure_message", "payout.failure_message",
        "payout_request.failure_message", "refund_request.failure_message", "subscription_request.failure_message",
        "transfer.failure_message", "transfer_request.failure_message", "transfer_reversal_request.failure_message",
        "account_request.failure_message", "refund_item.message",
    }),
    "parts of money facts: ids and amounts": frozenset({
        "balance_transaction.fees", "balance_transaction.reporting_category", "balance_transaction.exchange_rate",
        "charge.refund_shares", "charge.disputes", "charge.dispute_standing", "checkout_request.lines", "credit_account.open_lots",
        "credit_account.warned", "dispute.balance_transactions", "dispute.stage", "fulfilment.revocations", "invoice.lines",
        "invoice.refund_shares", "invoice.taxes", "invoice.invoice_type", "payment.charge_outcomes", "payment.refund_shares",
        "payment.refund_requests", "payment.disputes", "payment.dispute_standing", "payment.adopted", "payout_turn.outcomes",
        "promo_redemption.lines", "refund_request.history", "refund_request.fee_policy", "subscription.items",
        "subscription.pending_change", "transfer.reversals", "transfer.adopted", "transfer_request.taken_back", "usage_counter.alerted",
        "transfer.transfer_group", "invoice.billing_reason",
    }),
    "about plans, seats, lessons and rights, by ids": frozenset({
        "app_user.sessions_spared", "fulfilment.request", "invitation.courses", "invitation.role", "membership.courses",
        "membership.own_plans", "membership.role", "meeting_participant.entries", "meeting_participant.intervals",
        "meeting_participant.leaves", "meeting_participant.participant_uuid", "organisation.assets", "organisation.assets_to",
        "organisation.held_accounts", "organisation.proration", "payout_hold.note", "subscriber.segment", "credit_spend.model",
        "credit_spend.operation", "credit_spend.site", "usage_event.item", "meter_report.event_name", "dispute_case.assigned_to",
        "checkout.client_reference", "dunning_attempt.mail",
    }),
    "evidence that the law wants beside the invoice, without a name": frozenset({
        "bill_to.vies_consultation", "customer.tax_exempt", "document.content", "document_wait.cause", "document_wait.said",
    }),
    "of a plan of tries, or of the app's own words for it": frozenset({
        "dunning_case.retry_intervals_days", "dunning_case.template_prefix", "dunning_policy.retry_intervals_days",
        "dunning_policy.template_prefix", "refund_batch.acting", "refund_batch.note", "promo_redemption.request",
    }),
    "what a card or a transfer is, not whose": frozenset({"bank_transfer.pays", "payment_method.brand", "payment_method.funding"}),
    "whose mail it was, not to whom": frozenset({"mail.fate", "mail.name", "mail.reference", "mail_block.scope"}),
    "metadata that Bursar itself or a payee's account wrote": frozenset({
        "checkout_request.metadata", "fulfilment.metadata", "payout.metadata", "transfer.metadata",
    }),
    "counts and steps of the erasure itself": frozenset({"erasure.counts", "erasure.customers", "erasure.waits_for"}),
}  # fmt: skip
"""Why -> `table.column`."""


def undecided(columns: Mapping[str, frozenset[str]]) -> list[str]:
    """Of a database's columns that can hold texts, by table: those that nobody has decided, and decisions about none."""
    kept = frozenset().union(*KEPT.values())
    found = []
    for table, names in columns.items():
        if table in KEPT_TABLES or table in BYTES:
            continue
        erased = ERASED.get(table, {})
        found += [
            f"{table}.{name} is not decided"
            for name in sorted(names)
            if name not in erased and f"{table}.{name}" not in kept and not KEPT_NAMES.fullmatch(name)
        ]
    told = {f"{table}.{name}" for table, names in columns.items() for name in names}
    said = kept | {f"{table}.{name}" for table, names in ERASED.items() for name in names}
    found += [f"{name} is decided and does not exist" for name in sorted(said - told)]
    return found + [f"{table} is decided and does not exist" for table in sorted((set(KEPT_TABLES) | set(BYTES)) - set(columns))]
