"""Idempotency keys at the stand-in, with the semantics of Stripe's v1 API, which the charge path is built upon (PAY-2)."""

from __future__ import annotations

import threading

import pytest
import stripe

from tests.harness.sandbox import Sandbox
from tests.harness.waiting import wait_until
from tests.providers.sandbox.stripe_api import Json, Sdk

PAYMENT: Json = {"amount": 4900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}


def _replayed(sandbox: Sandbox) -> bool:
    return bool(sandbox.control.calls()[-1]["replayed"])


def test_what_ran_first_is_repeated_and_done_once(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    first = sdk.client.raw_request("post", "/v1/payment_intents", **PAYMENT, idempotency_key="k")
    again = sdk.client.raw_request("post", "/v1/payment_intents", **PAYMENT, idempotency_key="k")
    assert first.body == again.body
    names = [{name.lower() for name in answer.headers} for answer in (first, again)]
    assert [("idempotent-replayed" in each) for each in names] == [False, True]
    assert stripe_sandbox.control.count("capture", "key") == {"k": 1}
    assert len(stripe_sandbox.control.take_events()) == 3


def test_a_decline_is_repeated_too(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    asked = PAYMENT | {"payment_method": "pm_card_chargeDeclined"}
    one, two = (sdk.refused("/v1/payment_intents", key="k", **asked) for _ in range(2))
    assert one.http_status == two.http_status == 402
    assert one.told == two.told
    assert len(stripe_sandbox.control.objects("charge")) == 1


def test_a_stored_500_stays_a_500_although_it_was_done(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.control.fault("error_after", "/v1/payment_intents")
    for replayed in (False, True, True):
        error = sdk.refused("/v1/payment_intents", key="k", **PAYMENT)
        assert (error.http_status, _replayed(stripe_sandbox)) == (500, replayed)
    assert stripe_sandbox.control.count("capture", "key") == {"k": 1}


@pytest.mark.parametrize("stored", [True, False])
def test_a_500_before_the_work_is_kept_only_if_it_had_begun(sdk: Sdk, stripe_sandbox: Sandbox, stored: bool) -> None:
    stripe_sandbox.control.fault("error_before", "/v1/payment_intents", stored=stored)
    sdk.refused("/v1/payment_intents", key="k", **PAYMENT)
    if stored:
        assert sdk.refused("/v1/payment_intents", key="k", **PAYMENT).http_status == 500
    else:
        assert sdk.post("/v1/payment_intents", key="k", **PAYMENT)["status"] == "succeeded"
    assert len(stripe_sandbox.control.effects("capture")) == (0 if stored else 1)


def test_bad_parameters_are_not_kept(sdk: Sdk) -> None:
    assert sdk.refused("/v1/payment_intents", key="k", **(PAYMENT | {"amount": 1})).code == "amount_too_small"
    assert sdk.post("/v1/payment_intents", key="k", **PAYMENT)["status"] == "succeeded"


def test_a_refusal_by_the_objects_state_is_kept(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    account = stripe_sandbox.control.ready_account()
    asked: Json = {"amount": 100, "currency": "eur", "destination": account}
    assert sdk.refused("/v1/transfers", key="k", **asked).code == "balance_insufficient"
    stripe_sandbox.control.top_up(100, "eur")
    assert sdk.refused("/v1/transfers", key="k", **asked).code == "balance_insufficient"
    assert sdk.post("/v1/transfers", key="k:2", **asked)["amount"] == 100


def test_other_parameters_or_another_path_under_a_key_are_refused(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    sdk.post("/v1/payment_intents", key="k", **PAYMENT)
    for path, asked in (("/v1/payment_intents", PAYMENT | {"amount": 4901}), ("/v1/customers", {"email": "a@example.com"})):
        error = sdk.refused(path, key="k", **asked)
        assert isinstance(error.error, stripe.IdempotencyError)
        assert error.http_status == 400
    assert len(stripe_sandbox.control.effects()) == 1


def test_a_key_belongs_to_the_account_in_whose_name_it_is_used(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    account = stripe_sandbox.control.ready_account()
    ours = sdk.post("/v1/customers", key="k", email="a@example.com")
    theirs = sdk.post("/v1/customers", key="k", email="a@example.com", account=account)
    assert ours["id"] != theirs["id"]


def test_a_key_is_forgotten_after_a_day(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    first = sdk.post("/v1/payment_intents", key="k", **PAYMENT)
    stripe_sandbox.control.advance(hours=23)
    assert sdk.post("/v1/payment_intents", key="k", **PAYMENT)["id"] == first["id"]
    stripe_sandbox.control.advance(hours=1)
    assert sdk.post("/v1/payment_intents", key="k", **PAYMENT)["id"] != first["id"]
    assert stripe_sandbox.control.count("capture", "key") == {"k": 2}


def test_the_same_key_twice_at_a_time_is_409(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.control.fault("delay", "/v1/payment_intents", seconds=30)
    done: list[Json] = []
    slow = threading.Thread(target=lambda: done.append(sdk.post("/v1/payment_intents", key="k", **PAYMENT)))
    slow.start()
    wait_until(lambda: stripe_sandbox.standin.api.world.running, what="the first call to be in work")
    error = sdk.refused("/v1/payment_intents", key="k", **PAYMENT)
    assert (error.http_status, error.told["code"]) == (409, "idempotency_key_in_use")
    stripe_sandbox.control.clear_faults()
    slow.join()
    assert sdk.post("/v1/payment_intents", key="k", **PAYMENT) == done[0]
    assert len(stripe_sandbox.control.effects("capture")) == 1


def test_fifty_at_a_time_take_the_money_once(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    outcomes: list[str] = []

    def call() -> None:
        try:
            outcomes.append(str(sdk.post("/v1/payment_intents", key="k", **PAYMENT)["id"]))
        except stripe.StripeError as error:
            outcomes.append(str(error.code))

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 50
    assert len(set(outcomes) - {"idempotency_key_in_use"}) == 1
    assert len(stripe_sandbox.control.effects("capture")) == 1


def test_reading_needs_no_key(sdk: Sdk) -> None:
    made = sdk.post("/v1/customers", key="k")
    assert sdk.get(f"/v1/customers/{made['id']}")["id"] == made["id"]
