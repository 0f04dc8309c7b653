"""A code's use is used up with the money and given back without it, once, whoever brings the news (PROMO-2, PROMO-5, CLEAN-2)."""

from __future__ import annotations

import pytest

from tasks.payments import runs
from tests.tasks.payments.promo.counter import PAID, Counter, refusal

PAGE = {
    "source": "stripe", "reference": "cart:9", "purpose": "course_enrolment", "purpose_ref": "enr-1", "description": "A course",
    "amount_minor": 909, "currency": "EUR", "success_url": "https://a.example/thanks", "cancel_url": "https://a.example/cart",
    "promo_ref": "order:17",
}  # fmt: skip


@pytest.fixture
def desk(desk: Counter) -> Counter:
    """One use of SPRING is reserved for order:17, and there is no other."""
    desk.campaign(uses=1)
    assert desk.reserve()["state"] == "succeeded"
    return desk


def _expire(desk: Counter) -> int:
    return int(runs.expire_promo_reservations(desk.context, desk.clock.now())["items"])


@pytest.mark.requirement("PROMO-2", "PROMO-5", "PAY-1")
def test_success_consumes_and_a_refund_releases_once(desk: Counter) -> None:
    assert desk.pay()["state"] == "succeeded"
    paid = desk.intent("succeeded")
    desk.answered((200, paid))
    for _ in range(2):
        desk.told("payment_intent.succeeded", paid)
    assert (desk.redemption()["status"], desk.held) == ("consumed", 1)
    charge = {
        "id": "ch_1", "object": "charge", "status": "succeeded", "amount": 909, "amount_captured": 909, "currency": "eur", "captured": True,
        "payment_intent": paid["id"], "customer": "cus_1", "metadata": paid["metadata"], "paid": True, "created": paid["created"],
    }  # fmt: skip
    desk.told("charge.succeeded", {**charge, "amount_refunded": 0})
    for after, refunded in ((1, 400), (2, 909), (3, 909)):
        desk.told("charge.refunded", {**charge, "amount_refunded": refunded, "refunded": refunded == 909}, after_s=after)
        assert desk.held == int(refunded < 909)
    assert desk.moves() == ["reserved", "consumed", "released"]
    assert desk.redemption()["released_because"] == "refund"
    # Somebody else has it now; a registration that is cancelled as well gives nothing back twice.
    assert desk.reserve("order:18")["state"] == "succeeded"
    desk.do("promo_codes.release", reference="order:17", because="cancelled_registration")
    assert desk.held == 1


@pytest.mark.requirement("PROMO-2")
def test_a_decline_releases_and_another_try_takes_it_again(desk: Counter) -> None:
    desk.pay()
    declined = desk.declined()
    desk.answered((402, desk.refusal(declined)))
    assert (desk.redemption()["released_because"], desk.held) == ("payment_failed", 0)
    assert desk.do("payments.retry", source="stripe", reference="order:17", attempt=2)["state"] == "succeeded"
    assert (desk.redemption()["status"], desk.held) == ("reserved", 1)
    desk.answered((200, {**declined, "status": "canceled"}))
    desk.answered((200, desk.intent("succeeded", attempt=2)))
    desk.told("payment_intent.payment_failed", declined)
    assert desk.moves() == ["reserved", "released", "reserved", "consumed"]
    assert desk.held == 1


@pytest.mark.requirement("PROMO-2", "PROMO-1")
def test_another_try_is_refused_where_the_use_has_gone(desk: Counter) -> None:
    desk.pay()
    desk.answered((402, desk.refusal(desk.declined())))
    assert desk.reserve("order:18")["state"] == "succeeded"
    code, details = refusal(desk.do("payments.retry", source="stripe", reference="order:17", attempt=2))
    assert (code, details) == ("promo_used_up", {"current": 1, "limit": 1, "of": "code"})
    assert desk.row("payment_request", "order:17")["attempt"] == 1
    # A payer who returns to the open page all the same pays the price that he was promised; nothing is counted twice.
    desk.told("payment_intent.succeeded", desk.intent("succeeded"), after_s=60)
    assert (desk.redemption()["status"], desk.held) == ("released", 1)
    assert desk.redemption()["honoured_at"] is not None
    assert desk.count("fulfilment", "status = 'granted'") == 1
    assert desk.count("audit", "action = 'promo.honoured'") == 1


@pytest.mark.requirement("PROMO-2", "CLEAN-2")
def test_an_abandoned_checkout_releases_and_a_late_payer_takes_it_again(desk: Counter) -> None:
    assert desk.do("checkout.start", **PAGE)["state"] == "succeeded"
    page = {
        "id": "cs_1", "object": "checkout.session", "mode": "payment", "status": "open", "payment_status": "unpaid", "currency": "eur",
        "amount_total": 909, "url": "https://checkout.example/cs_1", "payment_intent": None, "customer": None,
        "created": int(desk.clock.now().timestamp()), "metadata": {"bursar_request": "checkout_request:cart:9"},
    }  # fmt: skip
    desk.answered((200, page))
    desk.at_its_end(hours=-2)
    assert _expire(desk) == 0  # the page stands longer than the reservation stood
    for _ in range(2):
        desk.told("checkout.session.expired", {**page, "status": "expired", "url": None}, after_s=1)
    assert (desk.redemption()["released_because"], desk.held) == ("abandoned_checkout", 0)
    assert desk.moves() == ["reserved", "released"]
    desk.told("checkout.session.completed", {**page, "status": "complete", "payment_status": "paid", "payment_intent": "pi_9"}, after_s=2)
    assert (desk.redemption()["status"], desk.held) == ("consumed", 1)


@pytest.mark.requirement("PROMO-2")
def test_a_payment_that_is_given_up_releases(desk: Counter) -> None:
    desk.pay()
    desk.answered((200, desk.intent("requires_action")))
    desk.do("payments.cancel", source="stripe", reference="order:17", reason="ordered twice")
    desk.answered((200, desk.intent("canceled")))
    assert (desk.redemption()["released_because"], desk.held) == ("payment_cancelled", 0)


@pytest.mark.requirement("PROMO-5", "CLEAN-2")
def test_what_nobody_pays_for_expires(desk: Counter) -> None:
    desk.at_its_end(minutes=-1)
    assert _expire(desk) == 0
    desk.at_its_end(minutes=1)
    assert _expire(desk) == 1
    assert _expire(desk) == 0
    assert (desk.redemption()["status"], desk.held) == ("expired", 0)
    assert refusal(desk.pay())[0] == "promo_not_reserved"
    assert desk.reserve()["state"] == "succeeded"
    assert desk.moves() == ["reserved", "expired", "reserved"]


@pytest.mark.requirement("PROMO-5")
def test_a_reservation_waits_for_money_that_is_on_its_way(desk: Counter) -> None:
    desk.pay()
    desk.answered((200, desk.intent("processing")))
    desk.at_its_end(days=5)
    assert _expire(desk) == 0
    desk.told("payment_intent.succeeded", desk.intent("succeeded"), after_s=1)
    assert desk.moves() == ["reserved", "consumed"]


@pytest.mark.requirement("PROMO-2", "PROMO-3")
def test_a_payment_must_be_of_what_is_left_to_pay(desk: Counter) -> None:
    assert refusal(desk.pay(amount_minor=1010)) == (
        "amount_not_discounted", {"current": 1010, "limit": 909, "field": "amount_minor"},
    )  # fmt: skip
    assert refusal(desk.pay(currency="RON"))[0] == "currency_differs"
    assert refusal(desk.pay(promo_ref="order:16"))[0] == "promo_not_reserved"
    assert desk.count("payment_request") == 0
    assert desk.pay()["state"] == "succeeded"
    assert desk.pay()["state"] == "succeeded"
    assert refusal(desk.pay(reference="order:19"))[0] == "promo_in_use"
    assert refusal(desk.pay(promo_ref=None))[0] == "reference_used"
    assert desk.count("promo_redemption") == 1


@pytest.mark.requirement("PROMO-2")
def test_an_order_that_was_reserved_anew_is_not_the_old_payments(desk: Counter) -> None:
    desk.pay()
    desk.answered((200, desk.intent("requires_action")))
    desk.do("promo_codes.release", reference="order:17", because="changed_mind")
    assert desk.reserve()["state"] == "succeeded"
    assert desk.pay(reference="order:17/b")["state"] == "succeeded"
    desk.told("payment_intent.canceled", desk.intent("canceled"), after_s=1)
    assert desk.row("payment_request", "order:17")["status"] == "cancelled"
    assert (desk.redemption()["status"], desk.held) == ("reserved", 1)


@pytest.mark.requirement("PROMO-2", "PAY-17")
def test_an_amount_that_is_carried_over_counts_as_paid(desk: Counter) -> None:
    desk.do("promo_codes.release", reference="order:17", because="changed_mind")
    desk.reserve(unit_amounts_minor=[50])
    assert desk.do("payments.request", **{**PAID, "amount_minor": 45})["result"]["status"] == "carried_over"
    assert desk.redemption()["status"] == "consumed"
