"""What may leave this process as text: canaries of every sort go in, none comes out (SEC-6, RELIABILITY row 34)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import redaction
from core.redaction import protect, scrub, scrub_deep
from core.settings import load

_CANARY = "C4naryC4naryC4nary"
_SECRETS = (
    "whsec_" + _CANARY,
    "sk_live_" + _CANARY,
    "rk_test_" + _CANARY,
    "Authorization: Bearer " + _CANARY,
    "authorization=Basic " + _CANARY,
    "postgresql://bursar:" + _CANARY + "@db.example/bursar",
    "redis://:" + _CANARY + "@127.0.0.1:6379/0",
    "{'client_secret': '" + _CANARY + "'}",
    '{"access_token": "' + _CANARY + '", "x": 1}',
    "password=" + _CANARY,
    "Stripe-Signature: t=1,v1=" + _CANARY,
    "eyJhbGciOiJIUzI1NiJ9.eyJ4Ijoi" + _CANARY + "In0.c2ln",
    "-----BEGIN PRIVATE KEY-----\n" + _CANARY + "\n-----END PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\n" + _CANARY,
)
_PERSONAL = (
    ("write to anna.b+x@mail.example.com now", "anna.b"),
    ("zoë@münchen.example", "zoë"),
    ("card 4242 4242 4242 4242 declined", "4242"),
    ("card 4242-4242-4242-4242", "4242"),
    ("pan=378282246310005", "3782"),
    ("IBAN DE89 3704 0044 0532 0130 00", "3704"),
    ("RO49AAAA1B31007593840000", "AAAA1B"),
)
_HARMLESS = (
    "customer.subscription.updated",
    "sub_1PqXyZ2eZvKYlo2C at 2026-03-01T12:00:00.123456+00:00",
    "KeyError: 'plan' [tasks/payments/stripe/invoice.py:paid]",
    "018f3c1e-7d2a-7b3c-9d4e-5f60718293a4",
    "at 1772366400123 ms, amount 1234567",
    "evt_1234567890123456",
    "the token has expired",
    "celery@worker-1",
    "payments: 3 done, 1 failed",
    "see https://dashboard.stripe.com/events/evt_1",
)


@pytest.fixture(autouse=True)
def _unprotected() -> Iterator[None]:
    yield
    redaction._protected = None


@pytest.mark.requirement("SEC-6", "SEC-3")
@pytest.mark.parametrize("text", _SECRETS)
def test_secrets_go_by_their_form(text: str) -> None:
    assert _CANARY not in scrub(text)
    assert _CANARY not in scrub("before " + text + " after\n" + text)


@pytest.mark.requirement("SEC-6")
@pytest.mark.parametrize(("text", "canary"), _PERSONAL)
def test_personal_data_goes_by_its_form(text: str, canary: str) -> None:
    assert canary not in scrub(text)


@pytest.mark.parametrize("text", _HARMLESS)
def test_what_helps_to_find_the_fault_stays(text: str) -> None:
    assert scrub(text) == text


@given(st.text())
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)


@pytest.mark.requirement("SEC-3")
def test_the_settings_own_secrets_go_whatever_their_form(tmp_path: Path) -> None:
    settings = load(
        home=tmp_path,
        database_url="postgresql://bursar:pass%2Fword-one@db.example/bursar",
        zoom_webhook_secrets="plain words here, second-secret",
        audit_keys="a:audit key number one",
        stripe_api_key="nothing-special",
    )
    texts = [
        "plain words here",
        "second-secret",
        "audit key number one",
        "nothing-special",
        "pass/word-one",
        "pass%2Fword-one",
    ]
    assert scrub(" ".join(texts)) == " ".join(texts)

    protect(settings)

    assert scrub(" ".join(texts)) == " ".join(["[secret]"] * len(texts))
    assert scrub("bursar at db.example") == "bursar at db.example"


def test_texts_are_found_wherever_they_are() -> None:
    secret = "sk_live_" + _CANARY
    value = {"a": [secret, {"b": (secret, 1, None, True, 1.5)}], secret: ValueError(secret), "c": secret.encode()}

    assert _CANARY not in repr(scrub_deep(value))
    assert scrub_deep({"a": [1, None, True, "x"]}) == {"a": [1, None, True, "x"]}
