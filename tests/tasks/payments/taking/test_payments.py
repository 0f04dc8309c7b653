"""Taking money from a stored method: one intention, its attempts, and one outcome, whoever tells it first."""

from __future__ import annotations

import pytest

from tests.tasks.payments.taking.till import ONE, ORDER, Till, granted


def _settled(desk: Till) -> None:
    """The end that every order comes to."""
    request = desk.row("payment_request", "order:17")
    assert (request["status"], request["payment_ref"], request["attempt"]) == ("succeeded", "pi_order:17_1", 1)
    assert granted(desk) == [("pi_order:17_1", "credit_package", "cp-500", "granted", "payment_request:order:17")]
    assert desk.count("audit", "action = 'fulfilment.status'") == 1
    assert desk.count("audit", "action = 'payment.status' AND after ->> 'status' = 'succeeded'") == 1
    assert desk.all("SELECT state, outcome FROM bursar.submission") == [("settled", "accepted")]
    assert desk.count("outbox", "kind = 'mail.send'") == 0


@pytest.mark.requirement("PAY-1", "PAY-2", "PAY-9")
@pytest.mark.parametrize("order", ["answer first", "webhook first", "webhook before the call returns", "both at once"])
def test_a_payment_is_asked_for_once_and_succeeds_once(desk: Till, order: str) -> None:
    asked = desk.do("payments.request", **ORDER)
    assert (asked["state"], asked["result"]["status"], asked["result"]["charge_minor"]) == ("succeeded", "pending", 1010)
    paid = desk.intent("succeeded")
    if order == "answer first":
        [sent] = desk.answered((200, paid))
        assert (sent.path, sent.body["amount"], sent.body["off_session"]) == ("/v1/payment_intents", "1010", "true")
        assert len(sent.key or "") <= 64
        desk.told("payment_intent.succeeded", paid)
    elif order == "webhook first":
        desk.call((200, paid))
        desk.told("payment_intent.succeeded", paid, after_s=-1)
    elif order == "webhook before the call returns":
        desk.told("payment_intent.succeeded", paid)
        desk.answered((200, paid))
    else:
        desk.call((200, paid))
        desk.told("payment_intent.succeeded", paid, work=False)
        desk.told("payment_intent.created", paid | {"status": "processing"}, after_s=-2, work=False)
    desk.work()
    desk.told("payment_intent.succeeded", paid)

    _settled(desk)
    outcome = desk.outcome(_key(desk))
    assert (outcome["status"], outcome["object_ref"], outcome["settled"]) == ("succeeded", "pi_order:17_1", True)


def _key(desk: Till) -> str:
    return str(desk.one("SELECT event_id FROM bursar.inbox WHERE source = 'app' ORDER BY id LIMIT 1"))


@pytest.mark.requirement("PAY-2", "INBOX-2")
def test_the_same_reference_is_the_same_payment(desk: Till) -> None:
    first = desk.do("payments.request", **ORDER)
    again = desk.do("payments.request", **ORDER)
    assert again["result"] == first["result"]
    other = desk.do("payments.request", **ORDER | {"amount_minor": 999})
    assert (other["code"], other["details"]["current"]["amount_minor"]) == ("reference_used", 1010)
    assert desk.count("submission") == 1


@pytest.mark.requirement("PAY-3", "INBOX-13")
@pytest.mark.parametrize("webhook_first", [False, True])
def test_a_decline_is_final_and_the_payer_is_told_once(desk: Till, webhook_first: bool) -> None:
    desk.do("payments.request", **ORDER)
    declined = desk.declined()
    if webhook_first:
        desk.told("payment_intent.payment_failed", declined)
    sent = desk.answered((402, desk.refusal(declined)))
    desk.told("payment_intent.payment_failed", declined)

    assert len(sent) == 1
    assert desk.call() == []
    request = desk.row("payment_request", "order:17")
    assert (request["status"], request["failure_code"], request["decline_code"]) == ("failed", "card_declined", "insufficient_funds")
    assert request["failure_message"] == "Your card has insufficient funds."
    payment = desk.row("payment", "pi_order:17_1")
    assert (payment["status"], payment["failure_code"], payment["decline_code"]) == ("failed", "card_declined", "insufficient_funds")
    [(to, context)] = desk.all("SELECT payload ->> 'to', payload -> 'context' FROM bursar.outbox WHERE kind = 'mail.send'")
    assert (to, context["amount"]["minor"], context["reason"]) == ("ann@example.com", 1010, "Your card has insufficient funds.")
    assert granted(desk) == []


@pytest.mark.requirement("PAY-3")
def test_a_bad_request_is_told_and_not_repeated(desk: Till) -> None:
    desk.do("payments.request", **ORDER)
    error = {"type": "invalid_request_error", "code": "resource_missing", "message": "No such PaymentMethod: 'pm_1'"}
    desk.answered((404, {"error": error}))

    request = desk.row("payment_request", "order:17")
    assert (request["status"], request["failure_code"], request["payment_ref"]) == ("failed", "resource_missing", None)
    assert desk.call() == []
    assert desk.do("payments.cancel", **ONE, reason="given up")["result"]["status"] == "cancelled"


@pytest.mark.requirement("PAY-2")
def test_the_next_attempt_begins_when_the_one_before_is_surely_over(desk: Till) -> None:
    desk.do("payments.request", **ORDER)
    declined = desk.declined()
    desk.answered((402, desk.refusal(declined)))

    wrong = desk.do("payments.retry", **ONE, attempt=3)
    assert (wrong["code"], wrong["details"]["limit"]) == ("not_failed", 2)
    asked = desk.do("payments.retry", **ONE, attempt=2, payment_method_ref="pm_2")
    assert (asked["result"]["status"], asked["result"]["attempt"]) == ("pending", 1)
    [sent] = desk.call((200, declined | {"status": "canceled"}))
    assert sent.path == "/v1/payment_intents/pi_order%3A17_1/cancel"
    assert desk.do("payments.retry", **ONE, attempt=2)["result"]["attempt"] in (1, 2)
    desk.work()
    [created] = desk.answered((200, desk.intent("succeeded", attempt=2)))
    assert (created.path, created.body["payment_method"]) == ("/v1/payment_intents", "pm_2")
    # What the first attempt has still to say comes too late.
    desk.told("payment_intent.payment_failed", declined)

    request = desk.row("payment_request", "order:17")
    assert (request["status"], request["attempt"], request["payment_ref"]) == ("succeeded", 2, "pi_order:17_2")
    assert desk.count("fulfilment") == 1
    assert desk.all("SELECT operation, attempt, state FROM bursar.submission ORDER BY id") == [
        ("payment_intent.create", 1, "settled"), ("payment_intent.cancel", 1, "settled"), ("payment_intent.create", 2, "settled"),
    ]  # fmt: skip


@pytest.mark.requirement("PAY-1")
def test_a_payer_who_was_quicker_than_the_cancellation_has_paid(desk: Till) -> None:
    desk.do("payments.request", **ORDER)
    desk.answered((402, desk.refusal(desk.declined())))
    desk.do("payments.retry", **ONE, attempt=2)
    paid = desk.intent("succeeded")
    refused = {"type": "invalid_request_error", "code": "payment_intent_unexpected_state", "message": "It succeeded."}
    desk.answered((400, {"error": refused | {"payment_intent": paid}}))

    request = desk.row("payment_request", "order:17")
    assert (request["status"], request["attempt"], request["payment_ref"]) == ("succeeded", 1, "pi_order:17_1")
    assert desk.call() == []


def test_what_could_not_be_cancelled_is_looked_at_again(desk: Till) -> None:
    desk.do("payments.request", **ORDER)
    desk.answered((200, desk.intent("requires_action")))
    assert desk.row("payment_request", "order:17")["status"] == "requires_action"
    desk.do("payments.cancel", **ONE, reason="too slow")
    error = {"type": "invalid_request_error", "code": "payment_intent_unexpected_state", "message": "Not now."}
    desk.answered((400, {"error": error}))
    assert desk.row("payment_request", "order:17")["status"] == "requires_action"
    desk.answered((200, desk.intent("succeeded")))

    request = desk.row("payment_request", "order:17")
    assert (request["status"], request["cancel_wanted"]) == ("succeeded", False)
    assert desk.do("payments.cancel", **ONE, reason="again")["code"] == "not_cancellable"


def test_a_payment_is_cancelled_as_soon_as_it_is_known(desk: Till) -> None:
    desk.do("payments.request", **ORDER)
    assert desk.do("payments.cancel", **ONE, reason="ordered twice")["result"]["status"] == "pending"
    waiting = desk.intent("requires_action")
    desk.answered((200, waiting), (200, waiting | {"status": "canceled"}))
    desk.answered((200, waiting | {"status": "canceled"}))

    request = desk.row("payment_request", "order:17")
    assert (request["status"], request["note"], request["cancel_wanted"]) == ("cancelled", "ordered twice", False)
    # Money that comes all the same is never dropped.
    desk.told("payment_intent.succeeded", desk.intent("succeeded"), after_s=60)
    assert desk.row("payment_request", "order:17")["status"] == "succeeded"


@pytest.mark.requirement("PAY-1", "EVENT-4")
@pytest.mark.parametrize("first", ["return page", "webhook"])
def test_a_registration_is_confirmed_once_by_whichever_comes_first(desk: Till, first: str) -> None:
    desk.do("payments.request", **ORDER | {"purpose": "event_registration", "purpose_ref": "reg-9"})
    desk.answered((200, desk.intent("requires_action")))
    assert desk.outcome(_key(desk))["status"] == "requires_action"
    paid = desk.intent("succeeded")
    if first == "webhook":
        desk.told("payment_intent.succeeded", paid)
    back = desk.do("payments.confirm", **ONE)
    assert back["result"]["status"] == ("succeeded" if first == "webhook" else "requires_action")
    looked = desk.answered((200, paid))
    assert [asked.method for asked in looked] == ([] if first == "webhook" else ["GET"])
    desk.told("payment_intent.succeeded", paid)

    assert granted(desk) == [("pi_order:17_1", "event_registration", "reg-9", "granted", "payment_request:order:17")]
    assert desk.count("audit", "action = 'fulfilment.status'") == 1


def test_only_what_exists_can_be_asked_about(desk: Till) -> None:
    assert desk.do("payments.confirm", **ONE)["code"] == "unknown_request"
    assert desk.do("payments.retry", **ONE, attempt=2)["code"] == "unknown_request"
    desk.do("payments.request", **ORDER)
    assert desk.do("payments.confirm", **ONE)["code"] == "not_yet_made"
    assert desk.do("payments.confirm", source="manual", payment_ref="RF18")["code"] == "not_askable"
    assert desk.do("payments.confirm", source="stripe")["code"] == "invalid_payload"


@pytest.mark.requirement("REFUND-7", "PROMO-2")
def test_what_was_granted_is_taken_back_when_all_money_went_back_in_any_order(desk: Till) -> None:
    desk.do("payments.request", **ORDER)
    paid = desk.intent("succeeded", latest_charge="ch_1")
    desk.answered((200, paid))
    charge = {
        "id": "ch_1", "object": "charge", "status": "succeeded", "paid": True, "captured": True, "amount": 1010, "amount_captured": 1010,
        "amount_refunded": 0, "currency": "eur", "payment_intent": paid["id"], "customer": "cus_1", "metadata": {},
    }  # fmt: skip
    desk.told("charge.refunded", charge | {"amount_refunded": 1000}, after_s=5)
    assert [row[3] for row in granted(desk)] == ["granted"]
    desk.told("charge.refunded", charge | {"amount_refunded": 1010, "refunded": True}, after_s=9)
    desk.told("charge.succeeded", charge, after_s=1)
    desk.told("payment_intent.succeeded", paid)

    assert [row[3] for row in granted(desk)] == ["revoked"]
    told = desk.all("SELECT action FROM bursar.audit WHERE action IN ('promo.released', 'credits.clawed_back') ORDER BY 1")
    assert told == [("credits.clawed_back",), ("promo.released",)]


@pytest.mark.requirement("PAY-1")
def test_money_for_a_second_attempt_is_told_and_grants_nothing(desk: Till) -> None:
    desk.do("payments.request", **ORDER)
    declined = desk.declined()
    desk.answered((402, desk.refusal(declined)))
    desk.do("payments.retry", **ONE, attempt=2)
    desk.answered((200, declined | {"status": "canceled"}))
    desk.answered((200, desk.intent("succeeded", attempt=2)))
    for _ in range(2):
        desk.told("payment_intent.succeeded", desk.intent("succeeded"), after_s=60)

    request = desk.row("payment_request", "order:17")
    assert (request["status"], request["payment_ref"], request["failure_code"]) == ("succeeded", "pi_order:17_2", "paid_twice")
    assert [row[0] for row in granted(desk)] == ["pi_order:17_2"]
    assert desk.count("audit", "action = 'payment_request.paid_twice'") == 1
