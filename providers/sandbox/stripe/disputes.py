"""Disputes: opened from outside (control API, or a test card), answered or accepted by the API, decided from outside."""

from __future__ import annotations

from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.customers import merged
from providers.sandbox.stripe.events import change, emit
from providers.sandbox.stripe.ledger import book, fee_part
from providers.sandbox.stripe.lists import equal, page
from providers.sandbox.stripe.problems import Json, refused, wrong
from providers.sandbox.stripe.world import World

_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure", "cancellation_rebuttal",
    "customer_communication", "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
    "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt",
    "refund_policy", "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
    "uncategorized_file", "uncategorized_text",
)  # fmt: skip
_OPEN = ("needs_response", "warning_needs_response", "under_review", "warning_under_review")
ENDINGS = ("won", "lost", "warning_closed", "prevented")
_DECIDED = {"winning_evidence": "won", "losing_evidence": "lost"}
"""Stripe's test evidence (`uncategorized_text`) -> how its dispute ends, at once."""


def begin(
    world: World, charge: Json, owner: str | None, *, amount: int | None = None, reason: str = "fraudulent",
    status: str = "needs_response", withdraw: bool = True,
) -> Json:  # fmt: skip
    """The payer's bank disputes a charge, or what a refund has left of it, or `amount`.

    A warning (inquiry) takes no money; else it is withdrawn at once, with a fee, unless `withdraw` is false.
    """
    if status not in _OPEN and status != "prevented":
        raise wrong(f"A dispute begins as one of {', '.join(_OPEN)}", "status")
    warning = status not in ("needs_response", "under_review")
    dispute = world.base("dispute", "dp")
    details = {"brand": "visa", "case_type": "inquiry" if warning else "chargeback", "network_reason_code": "10.4"}
    due = world.now() + world.config.evidence_within_s
    left = charge["amount_captured"] - charge["amount_refunded"]
    dispute |= {
        "amount": amount or left or charge["amount_captured"],
        "balance_transactions": [], "charge": charge["id"], "currency": charge["currency"],
        "enhanced_eligibility_types": [], "evidence": dict.fromkeys(_EVIDENCE), "is_charge_refundable": warning,
        "evidence_details": {"due_by": due, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False, "submission_count": 0},
        "payment_intent": charge["payment_intent"], "payment_method_details": {"card": details, "type": "card"}, "reason": reason,
        "status": status,
    }  # fmt: skip
    world.add(dispute, owner)
    if status.endswith("needs_response"):
        world.timers[dispute["id"]] = {"due": due}
    before = change(charge, disputed=True)
    emit(world, "charge.dispute.created", dispute, owner=owner)
    if before:
        emit(world, "charge.updated", charge, owner=owner, previous=before)
    if status == "prevented":
        emit(world, "charge.dispute.closed", dispute, owner=owner)
    elif withdraw and not warning:
        take(world, dispute, owner)
    return dispute


def warn(world: World, charge: Json, owner: str | None, *, kind: str = "made_with_stolen_card") -> Json:
    """The card's network suspects a fraud, before anybody disputes anything."""
    warning = world.base("radar.early_fraud_warning", "issfr") | {
        "actionable": not charge["refunded"], "charge": charge["id"], "fraud_type": kind, "payment_intent": charge["payment_intent"],
    }  # fmt: skip
    del warning["metadata"]
    world.add(warning, owner)
    emit(world, "radar.early_fraud_warning.created", warning, owner=owner)
    return warning


def take(world: World, dispute: Json, owner: str | None) -> None:
    """The disputed money and the dispute's fee leave the balance."""
    fee, currency = world.config.dispute_fee, dispute["currency"]
    row = book(
        world, owner, "adjustment", -dispute["amount"], currency, source=dispute["id"], category="dispute",
        fees=[fee_part("stripe_fee", fee, currency) | {"description": "Dispute fee"}] if fee else [],
        description=f"Chargeback withdrawal for {dispute['charge']}",
    )  # fmt: skip
    world.hidden.setdefault(dispute["charge"], {}).setdefault("charged_back", {})[dispute["id"]] = True
    moves = [*dispute["balance_transactions"], row]
    before = change(dispute, balance_transactions=moves, is_charge_refundable=False)
    world.note("dispute_withdrawn", dispute, dispute["amount"], owner)
    emit(world, "charge.dispute.funds_withdrawn", dispute, owner=owner, previous=before)


def give_back(world: World, dispute: Json, owner: str | None, amount: int | None = None) -> None:
    """The disputed money, or a part of it, returns."""
    fee, currency = world.config.dispute_fee, dispute["currency"]
    returned = bool(fee) and world.config.dispute_fee_returned
    row = book(
        world, owner, "adjustment", amount or dispute["amount"], currency, source=dispute["id"], category="dispute_reversal",
        fees=[fee_part("stripe_fee", -fee, currency) | {"description": "Dispute fee"}] if returned else [],
        description=f"Chargeback reversal for {dispute['charge']}",
    )  # fmt: skip
    before = change(dispute, balance_transactions=[*dispute["balance_transactions"], row])
    world.note("dispute_reinstated", dispute, amount or dispute["amount"], owner)
    emit(world, "charge.dispute.funds_reinstated", dispute, owner=owner, previous=before)


def end(world: World, dispute: Json, owner: str | None, status: str, *, amount: int | None = None) -> None:
    """The bank has decided. Won gives back what was withdrawn (or `amount` of it)."""
    if status not in ENDINGS:
        raise wrong(f"A dispute ends as one of {', '.join(ENDINGS)}", "status")
    if dispute["status"] not in _OPEN:
        raise refused(f"Dispute {dispute['id']} is already closed.", "dispute_already_closed")
    world.timers.pop(dispute["id"], None)
    before = change(dispute, status=status)
    taken = -sum(row["amount"] for row in dispute["balance_transactions"])
    if status in ("won", "prevented") and taken > 0:
        give_back(world, dispute, owner, min(taken, amount or taken))
        # What is won back whole may be refunded again: Stripe refuses it while the money is contested, and once it is lost.
        if (amount or taken) >= taken:
            world.hidden[dispute["charge"]]["charged_back"].pop(dispute["id"], None)
    emit(world, "charge.dispute.updated", dispute, owner=owner, previous=before)
    emit(world, "charge.dispute.closed", dispute, owner=owner)


def past_due(world: World, dispute: Json, owner: str | None) -> None:
    """Nobody answered in time: lost, or the warning ends by itself."""
    dispute["evidence_details"] = {**dispute["evidence_details"], "past_due": True}
    end(world, dispute, owner, "warning_closed" if dispute["status"].startswith("warning") else "lost")


def update(world: World, call: Call) -> Json:
    """`POST /v1/disputes/{id}`: evidence, sent to the bank unless `submit` is false."""
    call.only("evidence", "submit")
    dispute = world.get("dispute", call.at["id"], call.account)
    evidence = call.inner("evidence")
    unknown = sorted(set(evidence) - {*_EVIDENCE, "enhanced_evidence"})
    if unknown:
        raise wrong(f"Received unknown parameter: evidence[{unknown[0]}]", f"evidence[{unknown[0]}]", "parameter_unknown")
    if (evidence or "submit" in call.params) and dispute["status"] not in ("needs_response", "warning_needs_response"):
        raise refused(f"Evidence cannot be given: the dispute is {dispute['status']}.", "dispute_evidence_not_accepted", "evidence")
    submit = bool(evidence) and call.flag("submit", default=True)
    count = dispute["evidence_details"]["submission_count"] + submit
    details = {**dispute["evidence_details"], "submission_count": count}
    details["has_evidence"] = details["has_evidence"] or bool(evidence)
    status = dispute["status"].replace("needs_response", "under_review") if submit else dispute["status"]
    both = {**dispute["evidence"], **evidence}
    before = change(dispute, evidence=both, evidence_details=details, status=status, metadata=merged(dispute, call))
    if submit:
        world.timers.pop(dispute["id"], None)
        world.note("dispute_evidence", dispute, dispute["amount"], call.account)
    if before:
        emit(world, "charge.dispute.updated", dispute, owner=call.account, previous=before)
    decided = _DECIDED.get(str(evidence.get("uncategorized_text"))) if submit else None
    if decided:
        end(world, dispute, call.account, decided)
    return dispute


def close(world: World, call: Call) -> Json:
    """`POST /v1/disputes/{id}/close`: accepted, hence lost."""
    call.only()
    dispute = world.get("dispute", call.at["id"], call.account)
    if dispute["status"] not in ("needs_response", "warning_needs_response"):
        raise refused("This dispute is already closed.", "dispute_already_closed")
    world.note("dispute_accepted", dispute, dispute["amount"], call.account)
    end(world, dispute, call.account, "lost")
    return dispute


def get(world: World, call: Call) -> Json:
    """`GET /v1/disputes/{id}`."""
    return world.get("dispute", call.at["id"], call.account)


def listed(world: World, call: Call) -> Json:
    """`GET /v1/disputes`."""
    return page(world, call, "dispute", equal(call, "charge", "payment_intent"))


ROUTES = {
    "GET /v1/disputes": listed,
    "GET /v1/disputes/{id}": get,
    "POST /v1/disputes/{id}": update,
    "POST /v1/disputes/{id}/close": close,
}
