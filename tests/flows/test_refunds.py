"""Giving money back end to end against the stand-in of Stripe: exact parts, any order of telling, failures undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tasks.payments.runs import refund_batches
from tests.flows.counter import Counter, opened
from tests.harness.cluster import Database
from tests.harness.sandbox import Sandbox

_REQUESTS = """SELECT status, amount_minor, fee_minor, transfer_minor, fee_status, share_status FROM bursar.refund_request
               ORDER BY requested_at, external_id"""


@pytest.fixture
def counter(database: Database, stripe_sandbox: Sandbox) -> Iterator[Counter]:
    """The shop."""
    with opened(database, stripe_sandbox) as made:
        yield made


@pytest.mark.requirement("REFUND-2", "REFUND-5", "REFUND-8")
@pytest.mark.parametrize("order", ["answer first", "webhooks first"])
def test_one_command_is_one_refund(counter: Counter, order: str) -> None:
    counter.pay()
    payload = {
        "source": "stripe", "key": "r", "acting_for": "platform", "reason": "customer_request", "reference": "order:17",
        "customer_note": "Sorry for the trouble",
    }  # fmt: skip
    if order == "answer first":
        assert counter.machine.run("billing.refunds.request.v1", payload, "k")["state"] == "succeeded"
        counter.webhooks(backwards=True, twice=True)
    else:
        counter.machine.submit("billing.refunds.request.v1", payload, "k")
        counter.machine.work()
        counter.webhooks(twice=True)
    again = counter.machine.run("billing.refunds.request.v1", payload, "k2")
    assert again["result"]["status"] == "completed"

    assert counter.stripe.count("refund") == {"refund": 1}
    assert counter.sums()[0] == 1001
    assert counter.machine.all(_REQUESTS) == [("completed", 1001, 0, 0, None, None)]
    assert counter.machine.all("SELECT status, refunded_minor, refund_status FROM bursar.payment") == [("succeeded", 1001, "refunded")]
    assert counter.machine.all("SELECT status, refund_status, promo_released_at IS NOT NULL FROM bursar.fulfilment") == [
        ("revoked", "refunded", True)
    ]
    [mail] = counter.mail.mails
    assert mail.message["Subject"] == "Your refund of €10.01"
    outcome = counter.machine.one("SELECT bursar_api.outcome('k')")
    assert (outcome["status"], outcome["settled"]) == ("completed", True)
    statuses = counter.machine.all("SELECT jsonb_path_query_array(history, '$[*].status') FROM bursar.refund_request")
    assert statuses == [(["processing", "completed"],)]


@pytest.mark.requirement("REFUND-3", "REFUND-4", "REFUND-11")
@pytest.mark.parametrize("way", ["destination_ref", "payee_ref"])
@pytest.mark.parametrize(("currency", "amounts"), [("EUR", [333, 333, 1, 334]), ("JPY", [7, 501, None]), ("KWD", [10, 990, None])])
def test_parts_of_odd_refunds_add_up_at_the_provider(counter: Counter, way: str, currency: str, amounts: list[int | None]) -> None:
    counter.pay(1001 if currency != "KWD" else 10010, currency, **{way: counter.stripe.ready_account()})
    whole = counter.machine.one("SELECT received_minor FROM bursar.payment")
    fee = counter.machine.one("SELECT application_fee_minor FROM bursar.payment_request")
    for amount in amounts:
        counter.refund(amount_minor=amount)
    passed = whole if way == "destination_ref" else whole - fee
    assert counter.sums() == (whole, fee if way == "destination_ref" else 0, passed)
    rows = counter.machine.all(_REQUESTS)
    assert [sum(column) for column in list(zip(*rows, strict=True))[1:4]] == [whole, fee, passed]
    assert {row[0] for row in rows} == {"completed"}
    assert {row[5] for row in rows} <= {"made", None}


@pytest.mark.requirement("REFUND-1", "DISPUTE-4", "REFUND-12")
def test_what_may_not_be_is_refused_before_any_call(counter: Counter) -> None:
    account = counter.stripe.ready_account()
    counter.pay(destination_ref=account)
    counter.refund(amount_minor=1)
    calls = len(counter.stripe.calls())
    over = counter.ask(amount_minor=1001)
    assert (over["code"], over["details"]) == ("over_refund", {"current": 1001, "limit": 1000})
    assert counter.ask(currency="USD")["code"] == "currency_differs"
    assert counter.ask(payment_ref="pi_nothing")["code"] == "unknown_payment"
    assert counter.ask(acting_for="organiser", account_ref="acct_other")["code"] == "not_permitted"
    assert len(counter.stripe.calls()) == calls

    charge = counter.machine.one("SELECT external_id FROM bursar.charge WHERE status = 'succeeded' LIMIT 1")
    dispute = counter.stripe.dispute(charge)
    counter.webhooks()
    assert counter.ask()["code"] in ("disputed", "nothing_left")
    counter.stripe.end_dispute(dispute["id"], "won")
    counter.webhooks()
    assert counter.ask(acting_for="organiser", account_ref=account)["state"] == "succeeded"


@pytest.mark.requirement("REFUND-2", "REFUND-4")
@pytest.mark.parametrize("way", ["destination_ref", "payee_ref"])
def test_a_refund_that_fails_later_is_undone_everywhere_once(counter: Counter, way: str) -> None:
    shared: dict[str, Any] = {way: counter.stripe.ready_account()}
    counter.pay(**shared)
    counter.refund()
    [refund] = counter.stripe.objects("refund")
    counter.stripe.fail_refund(refund["id"])
    counter.webhooks(twice=True)
    [row] = counter.machine.all(_REQUESTS)
    assert (row[0], row[5]) == ("failed", "given_back")
    assert counter.machine.all("SELECT refunded_minor, refund_status FROM bursar.payment") == [(0, None)]
    assert counter.machine.all("SELECT status, refund_status FROM bursar.fulfilment") == [("granted", None)]
    given = sum(one["amount"] - one["amount_reversed"] for one in counter.stripe.objects("transfer"))
    assert given == 1001 - 50
    # And it can be asked for again.
    counter.refund()
    assert counter.sums()[0] == 1001


@pytest.mark.requirement("REFUND-6")
def test_a_refund_from_the_dashboard_is_taken_in_and_lowers_what_is_left(counter: Counter) -> None:
    counter.pay(destination_ref=counter.stripe.ready_account())
    counter.stripe.api("POST", "/v1/refunds", {"payment_intent": counter.payment, "amount": 400})
    counter.webhooks(backwards=True, twice=True)
    assert counter.machine.all("SELECT refunded_minor, refund_status FROM bursar.payment") == [(400, "partially_refunded")]
    assert counter.machine.one("SELECT count(*) FROM bursar.audit WHERE action = 'refund.made_elsewhere'") == 1
    asked = counter.refund()
    # Of fee and transfer only what belongs to our part is moved: who made the other one decided about its parts.
    assert (asked["amount_minor"], asked["fee_minor"], asked["transfer_minor"]) == (601, 30, 601)


@pytest.mark.requirement("REFUND-2")
def test_a_provider_that_refuses_fails_the_refund(counter: Counter) -> None:
    counter.pay()
    counter.stripe.api("POST", "/v1/refunds", {"payment_intent": counter.payment, "amount": 900})
    told = counter.ask(amount_minor=500)
    assert told["state"] == "succeeded"
    [row] = counter.machine.all("SELECT status, failure_code IS NOT NULL FROM bursar.refund_request")
    assert row == ("failed", True)
    counter.webhooks()
    assert counter.ask(amount_minor=101)["state"] == "succeeded"


@pytest.mark.requirement("REFUND-4")
def test_what_the_payee_cannot_give_back_is_owed_and_netted_from_his_next_share(counter: Counter) -> None:
    account = counter.stripe.ready_account()
    counter.stripe.configure(allow_negative=False)
    counter.stripe.top_up(100_000, "eur")
    counter.pay(payee_ref=account)
    drained = counter.stripe.advance(days=30)
    assert drained
    counter.stripe.api("POST", "/v1/payouts", {"amount": 951, "currency": "eur"}, account=account)
    counter.refund()
    assert counter.machine.all(_REQUESTS) == [("completed", 1001, 50, 951, None, "failed")]
    owed = counter.machine.one("SELECT jsonb_path_query_first(owed, '$.*') FROM bursar.payee")
    assert (owed["amount_minor"], owed["netted_minor"]) == (951, 0)

    counter.machine.run("billing.payments.request.v1", {
        "source": "stripe", "reference": "order:18", "amount_minor": 2000, "currency": "EUR", "customer_ref": counter.customer,
        "payment_method_ref": "pm_card_visa", "payee_ref": account,
    }, "pay-2")  # fmt: skip
    counter.webhooks()
    newest = counter.stripe.objects("transfer")[-1]
    assert newest["amount"] == 2000 - 100 - 951
    assert counter.machine.one("SELECT jsonb_path_query_first(owed, '$.*.netted_minor') FROM bursar.payee") == 951


@pytest.mark.requirement("REFUND-10")
def test_a_cancelled_event_is_refunded_item_by_item(counter: Counter) -> None:
    payment = counter.pay(purpose="event_registration", purpose_ref="event-5")
    both = {"source": "stripe", "acting_for": "platform", "reason": "cancellation"}
    found = counter.machine.run(
        "billing.refunds.request_batch.v1", both | {"reference": "b1", "purpose": "event_registration", "purpose_ref": "event-5"}
    )
    assert found["result"]["status"] == "asked"
    listed = both | {"reference": "b2", "payments": [payment, "pi_unknown"]}
    counter.machine.run("billing.refunds.request_batch.v1", listed)
    for _ in range(2):
        refund_batches(counter.machine.context, counter.machine.clock.now())
        counter.webhooks()
    assert counter.stripe.count("refund") == {"refund": 1}
    assert counter.machine.all("SELECT batch_ref, payment_ref = %s, status, code FROM bursar.refund_item ORDER BY 1, 2 DESC", payment) == [
        ("b1", True, "requested", None), ("b2", True, "refused", "nothing_left"), ("b2", False, "refused", "unknown_payment"),
    ]  # fmt: skip
    assert counter.machine.all("SELECT status FROM bursar.refund_batch") == [("done",), ("done",)]


@pytest.mark.requirement("REFUND-10")
def test_an_item_that_fails_by_a_fault_of_ours_stops_no_other(counter: Counter) -> None:
    payment = counter.pay(purpose="event_registration", purpose_ref="event-5")
    wish = {"source": "stripe", "acting_for": "platform", "reason": "cancellation", "payments": [payment]}
    for reference in ("b1", "b2"):
        counter.machine.run("billing.refunds.request_batch.v1", wish | {"reference": reference})
    with counter.machine.connect() as connection:  # as another version may have written it
        connection.execute("""UPDATE bursar.refund_batch SET acting = '{"on_behalf_of": "platform"}' WHERE external_id = 'b1'""")
    with pytest.raises(TypeError):
        refund_batches(counter.machine.context, counter.machine.clock.now())
    assert counter.machine.all("SELECT batch_ref, status FROM bursar.refund_item ORDER BY 1") == [("b1", "open"), ("b2", "requested")]
    assert counter.machine.all("SELECT status FROM bursar.refund_batch ORDER BY external_id") == [("running",), ("done",)]


@pytest.mark.requirement("REFUND-10")
def test_an_item_of_which_the_provider_has_not_told_all_is_refunded_when_it_has(counter: Counter) -> None:
    counter.machine.run("billing.payments.request.v1", {
        "source": "stripe", "reference": "order:17", "amount_minor": 1001, "currency": "EUR", "customer_ref": counter.customer,
        "payment_method_ref": "pm_card_visa", "destination_ref": counter.stripe.ready_account(), "purpose": "event_registration",
        "purpose_ref": "event-5",
    }, "pay")  # fmt: skip
    late = counter.stripe.take_events()
    for event in late:
        if event["type"].startswith("payment_intent."):
            counter.machine.deliver(event)
    counter.machine.settle()
    wish = {"source": "stripe", "acting_for": "platform", "reason": "cancellation", "reference": "b1"}
    counter.machine.run("billing.refunds.request_batch.v1", wish | {"purpose": "event_registration", "purpose_ref": "event-5"})
    items = "SELECT status, code FROM bursar.refund_item"
    refund_batches(counter.machine.context, counter.machine.clock.now())
    assert counter.machine.all(items) == [("open", None)]
    for event in late:
        counter.machine.deliver(event)
    counter.machine.settle()
    refund_batches(counter.machine.context, counter.machine.clock.now())
    assert counter.machine.all(items) == [("requested", None)]
    counter.machine.settle()
    counter.webhooks()
    assert counter.sums()[0] == 1001
