"""What commands show of payloads: ids, states, times and money; no person."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.visible import visible
from providers.sandbox.samples import event, types
from tests.cli.operator_command import Bursar
from tests.factories.inbox import NOW


@pytest.mark.requirement("SEC-6")
def test_no_sample_shows_a_person() -> None:
    for source in ("stripe", "zoom"):
        for event_type in types(source):
            told = json.dumps(visible(event(source, event_type, NOW)))
            # The card's last digits as a whole value: ids made by chance have them somewhere in every tenth run.
            for personal in ("Sample Person", "@example.com", "DE123456789", '"4242"', "42424242", "sample.host"):
                assert personal not in told, (event_type, personal)
            assert event_type in told


@pytest.mark.requirement("SEC-6")
def test_what_operators_need_is_shown() -> None:
    told = visible(event("stripe", "invoice.paid", NOW, {"id": "in_1", "customer": "cus_1"}))["data"]["object"]
    assert (told["id"], told["customer"], told["status"], told["amount_paid"], told["currency"]) == (
        "in_1",
        "cus_1",
        "paid",
        4900,
        "eur",
    )


_DANGEROUS = ("\x1b[2J", "paid\u202edetnarg", "<script>x</script>", "{{ config }}", "'; DROP TABLE x", "a\nb", "x" * 256)


@pytest.mark.requirement("PAY-12")
@pytest.mark.parametrize("text", _DANGEROUS)
def test_a_dangerous_text_is_not_shown_whatever_its_name_allows(text: str) -> None:
    for name in ("id", "status", "failure_code"):
        assert visible({name: text}) == {name: f"[text of {len(text)} characters]"}


@pytest.mark.requirement("SEC-6", "PAY-12")
@given(
    st.sampled_from(["address", "dob", "phone", "client_secret", "billing_details", "api_key"]),
    st.integers(1000),
    st.text(min_size=1),
)
def test_below_a_personal_name_nothing_is_shown(name: str, number: int, text: str) -> None:
    shown = visible({name: {"id": number, "state": text, "lines": [text]}})[name]
    assert shown == "[object of 3 fields]"
    assert visible({name: number})[name] == "[number]"


def test_a_wrong_setting_is_named_without_a_traceback(bursar: Bursar) -> None:
    for command in (("inbox", "ls"), ("inbox", "replay", "1", "--reason", "x"), ("doctor",)):
        said = bursar(*command, BURSAR_BATCH_SIZE="many")
        assert said.code == 2
        assert "BURSAR_BATCH_SIZE" in said.err
