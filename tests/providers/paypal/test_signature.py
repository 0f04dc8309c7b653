"""PayPal's transmissions: signature, age, and from where a certificate may be fetched."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.paypal.signature import Environment, check_age, check_url, matching_webhook, read
from providers.refusal import Malformed, Refused
from tests.factories.pki import CERT_URL, leaf_key, same_crc, transmission

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WEBHOOK = "WH-TEST-0001"
BODY = b'{"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED"}'


def headers(**changes: str | None) -> dict[str, str]:
    """Genuine headers in lower case, changed by name (`cert_url=...`); None takes one out."""
    made = {name.lower(): value for name, value in transmission(BODY, NOW, webhook_id=WEBHOOK).items()}
    for name, value in changes.items():
        full = f"paypal-{name.replace('_', '-')}"
        if value is None:
            del made[full]
        else:
            made[full] = value
    return made


def check(made: dict[str, str], body: bytes = BODY, webhook_ids: tuple[str, ...] = (WEBHOOK,)) -> int:
    told = read(made, "sandbox")
    check_age(told, NOW, 4 * 86400)
    return matching_webhook(told, body, webhook_ids, leaf_key().public_key())


@pytest.mark.requirement("INBOX-11")
def test_a_genuine_transmission_is_proven_under_the_webhook_it_was_signed_for() -> None:
    assert check(headers()) == 0
    assert check(headers(), webhook_ids=("WH-OTHER", WEBHOOK)) == 1
    with pytest.raises(Refused):
        check(headers(), webhook_ids=("WH-OTHER",))


@pytest.mark.requirement("INBOX-11")
@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"transmission_sig": None}, Refused),
        ({"transmission_id": None}, Refused),
        ({"cert_url": ""}, Refused),
        ({"auth_algo": "SHA1withRSA"}, Refused),
        ({"auth_algo": "none"}, Refused),
        ({"auth_version": "v3"}, Refused),
        ({"transmission_id": "tr-2"}, Refused),
        ({"transmission_time": "2026-03-01T12:00:01Z"}, Refused),
        ({"transmission_sig": "AAAA"}, Refused),
        ({"transmission_sig": "no base64!"}, Malformed),
        ({"transmission_sig": "A" * 5000}, Malformed),
        ({"transmission_sig": "\u00e4"}, Malformed),
        ({"transmission_id": "a|b"}, Malformed),
        ({"transmission_id": "x" * 129}, Malformed),
        ({"transmission_time": "yesterday"}, Malformed),
        ({"transmission_time": "2026-03-01T12:00:00Z|WH"}, Malformed),
        ({"transmission_time": "0001-01-01T00:00:00+14:00"}, Malformed),
    ],
)
def test_what_is_refused(changes: dict[str, str | None], kind: type[Refused]) -> None:
    with pytest.raises(Refused) as refused:
        check(headers(**changes))
    assert type(refused.value) is kind


@pytest.mark.requirement("INBOX-11")
@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(days=3, hours=23), True),
        (timedelta(days=4, seconds=1), False),
        (timedelta(minutes=-9), True),
        (timedelta(minutes=-11), False),
    ],
)
def test_repeats_carry_the_first_time_and_are_taken_for_four_days(age: timedelta, fresh: bool) -> None:
    told = read(headers(transmission_time=(NOW - age).isoformat()), "sandbox")
    if fresh:
        check_age(told, NOW, 4 * 86400)
    else:
        with pytest.raises(Refused):
            check_age(told, NOW, 4 * 86400)


@pytest.mark.requirement("INBOX-11")
def test_the_signature_alone_does_not_protect_the_body() -> None:
    """Why the door binds a transmission to one body: an attacker's body with the same CRC passes."""
    forged = same_crc(b'{"id": "WH-1", "amount": "1000000.00"}', zlib.crc32(BODY))
    assert zlib.crc32(forged) == zlib.crc32(BODY)
    assert check(headers(), forged) == 0


_GOOD = "/v1/notifications/certs/CERT-360caa42-fca2a594"


@pytest.mark.requirement("INBOX-11")
@pytest.mark.parametrize(
    ("url", "environment"),
    [
        (f"https://api.paypal.com{_GOOD}", "live"),
        (f"https://api-m.paypal.com{_GOOD}", "live"),
        (CERT_URL, "sandbox"),
        (f"https://api-m.sandbox.paypal.com{_GOOD}", "sandbox"),
    ],
)
def test_urls_of_paypal(url: str, environment: Environment) -> None:
    check_url(url, environment)


@pytest.mark.requirement("INBOX-11")
@pytest.mark.parametrize(
    "url",
    [
        f"http://api.paypal.com{_GOOD}",
        f"https://api.sandbox.paypal.com{_GOOD}",
        f"https://evil-paypal.com{_GOOD}",
        f"https://api.paypal.com.evil.example{_GOOD}",
        f"https://apixpaypal.com{_GOOD}",
        f"https://evil.paypal.com{_GOOD}",
        f"https://user@api.paypal.com{_GOOD}",
        f"https://api.paypal.com@evil.example{_GOOD}",
        f"https://api.paypal.com:443{_GOOD}",
        f"https://api.paypal.com:8443{_GOOD}",
        f"https://API.paypal.com{_GOOD}",
        f"https://api.paypal.com.{_GOOD}",
        f"https://api.paypal.com\\@evil.example{_GOOD}",
        f"https://api.paypal.com{_GOOD}?x=1",
        f"https://api.paypal.com{_GOOD}#x",
        f"https://api.paypal.com{_GOOD}/../../x",
        "https://api.paypal.com/v1/notifications/certs/../certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com/v1/notifications/certs/CERT-%2e%2e",
        "https://api.paypal.com/v1/oauth2/token",
        f"https://api.paypal.com{_GOOD}\n",
        f" https://api.paypal.com{_GOOD}",
        f"https://[::1]{_GOOD}",
        f"https://127.0.0.1{_GOOD}",
        "https://api.paypal.com/v1/notifications/certs/CERT-" + "a" * 600,
        "file:///etc/passwd",
        "",
    ],
)
def test_urls_of_others(url: str) -> None:
    with pytest.raises(Refused):
        check_url(url, "live")


@pytest.mark.requirement("INBOX-11")
@given(
    values=st.fixed_dictionaries(
        {
            f"paypal-{name}": st.one_of(st.text(), st.sampled_from(["SHA256withRSA", CERT_URL, "2026-03-01T12:00:00Z", "AA=="]))
            for name in ("transmission-id", "transmission-time", "transmission-sig", "cert-url", "auth-algo")
        }
    ),
    body=st.binary(),
)
def test_random_headers_are_refused_and_never_crash(values: dict[str, str], body: bytes) -> None:
    with pytest.raises(Refused):
        check(values, body)
