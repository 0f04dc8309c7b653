"""Faults as Bursar's own client meets them: each kind ends in the one class of error that says what is known (RELIABILITY)."""

from __future__ import annotations

import json

import pytest

from core.settings import Settings
from providers.errors import KeySpent, NotConfigured, RateLimited, Retryable, Unknown
from providers.stripe import client
from tests.harness.environment import make_settings
from tests.harness.sandbox import Sandbox
from tests.providers.sandbox.stripe_api import Sdk

BODY = json.dumps({"amount": 4900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True})
PATH = "/v1/payment_intents"


@pytest.fixture
def settings(stripe_sandbox: Sandbox, tmp_path: object) -> Settings:
    """Settings that point at the stand-in."""
    return make_settings("", "", tmp_path, **stripe_sandbox.settings())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "error", "done"),
    [
        ("conflict", Unknown, False),
        ("rate_limit", RateLimited, False),
        ("error_before", Unknown, False),
        ("error_after", Unknown, True),
        ("reset_before", Unknown, False),
        ("lost_reply", Unknown, True),
        ("hold_before", Unknown, False),
        ("hold_after", Unknown, True),
    ],
)
def test_what_a_fault_lets_be_known(
    stripe_sandbox: Sandbox, settings: Settings, kind: str, error: type[Exception], done: bool
) -> None:
    stripe_sandbox.control.fault(kind, PATH, seconds=0.05)
    with pytest.raises(error):
        client.post(PATH, BODY, settings, key="k")
    assert len(stripe_sandbox.control.effects("capture")) == done
    if kind == "error_after":
        with pytest.raises(KeySpent):
            client.post(PATH, BODY, settings, key="k")
    else:
        status, answer = client.post(PATH, BODY, settings, key="k")
        assert (status, json.loads(answer)["status"]) == (200, "succeeded")
    assert stripe_sandbox.control.count("capture", "key") == {"k": 1}


@pytest.mark.parametrize("kind", ["slow", "delay"])
def test_what_is_only_slow_is_answered(stripe_sandbox: Sandbox, settings: Settings, kind: str) -> None:
    stripe_sandbox.control.fault(kind, PATH, seconds=0.1)
    assert client.post(PATH, BODY, settings, key="k")[0] == 200


def test_patience_is_asked_for_with_a_number(stripe_sandbox: Sandbox, settings: Settings) -> None:
    stripe_sandbox.control.fault("rate_limit", PATH, retry_after_s=7)
    with pytest.raises(RateLimited) as met:
        client.post(PATH, BODY, settings, key="k")
    assert met.value.retry_after_s == 7


def test_nobody_there_and_a_bad_key(stripe_sandbox: Sandbox, settings: Settings) -> None:
    with pytest.raises(NotConfigured):
        client.post(PATH, BODY, settings.model_copy(update={"stripe_api_key": type(settings.stripe_api_key)("nonsense")}), key="k")
    stripe_sandbox.stop()
    with pytest.raises(Retryable):
        client.post(PATH, BODY, settings, key="k")


def test_a_fault_strikes_where_and_as_often_as_ordered(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    control = stripe_sandbox.control
    control.fault("error_before", "/v1/customers$", times=2, every=2, skip=1)
    met = []
    for _ in range(8):
        sdk.post("/v1/products", name="not concerned")
        try:
            sdk.post("/v1/customers")
            met.append(200)
        except Exception:  # noqa: BLE001 - counted
            met.append(500)
    assert met == [200, 200, 500, 200, 500, 200, 200, 200]
    control.clear_faults()
    assert control.do("faults") == []


def test_chance_repeats_itself_by_its_seed(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    def run() -> list[str | None]:
        before = len(stripe_sandbox.control.calls())
        stripe_sandbox.control.chaos(7, 0.5, kinds=["conflict", "rate_limit", "lost_reply"])
        for number in range(20):
            try:
                sdk.post("/v1/customers", key=f"{before}-{number}")
            except Exception:  # noqa: BLE001 - the calls' record is looked at
                continue
        stripe_sandbox.control.clear_faults()
        return [call["fault"] for call in stripe_sandbox.control.calls()[before:]]

    first, second = run(), run()
    assert first == second
    assert {"conflict", "rate_limit", "lost_reply", None} == set(first)
