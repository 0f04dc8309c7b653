"""Zoom's signature and the challenge that could be a signing oracle."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.refusal import Malformed, Refused
from providers.zoom.signature import encrypted_token, matching_secret

NOW_S = 1_772_000_000.0
OLD, NEW = b"zoom-token-old-0123", b"zoom-token-new-0123"
BODY = b'{"event": "meeting.started"}'
STAMP = "1772000000"


def signed(secret: bytes = NEW, body: bytes = BODY, stamp: str = STAMP) -> str:
    return "v0=" + hmac.new(secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()


def check(signature: str | None, stamp: str | None = STAMP, body: bytes = BODY) -> int:
    return matching_secret(signature, stamp, body, (NEW, OLD), now_s=NOW_S, tolerance_s=180)


@pytest.mark.requirement("ZOOM-1", "SEC-3")
def test_any_secret_proves_the_body_and_says_which() -> None:
    assert check(signed(NEW)) == 0
    assert check(signed(OLD)) == 1


@pytest.mark.requirement("ZOOM-1")
@pytest.mark.parametrize("stamp", ["1772000000", "1772000000123", "1771999820", "1772000180", "1772000179999"])
def test_the_timestamp_may_be_in_seconds_or_milliseconds(stamp: str) -> None:
    assert check(signed(stamp=stamp), stamp) == 0


@pytest.mark.requirement("ZOOM-1", "SEC-2")
@pytest.mark.parametrize(
    ("signature", "stamp", "kind"),
    [
        (None, STAMP, Refused),
        (signed(), None, Refused),
        ("", STAMP, Refused),
        (signed(b"zoom-token-wrong"), STAMP, Refused),
        (signed()[:-2], STAMP, Refused),
        (signed().upper().replace("V0", "v0"), STAMP, Refused),
        (signed(), "1772000001", Refused),
        (signed(stamp="1771999819"), "1771999819", Refused),
        (signed(stamp="1772000181"), "1772000181", Refused),
        (signed(stamp="1772000180001"), "1772000180001", Refused),
        (signed()[3:], STAMP, Malformed),
        (signed().replace("v0", "v1"), STAMP, Malformed),
        (signed(stamp="soon"), "soon", Malformed),
        (signed(stamp="-1"), "-1", Malformed),
        (signed(), "1" * 16, Malformed),
        ("v0=\u00e4", STAMP, Malformed),
    ],
)
def test_what_is_refused(signature: str | None, stamp: str | None, kind: type[Refused]) -> None:
    with pytest.raises(Refused) as refused:
        check(signature, stamp)
    assert type(refused.value) is kind


@pytest.mark.requirement("ZOOM-1")
@given(signature=st.text(), stamp=st.text(), body=st.binary())
def test_random_headers_are_refused_and_never_crash(signature: str, stamp: str, body: bytes) -> None:
    with pytest.raises(Refused):
        check(signature, stamp, body)


@pytest.mark.requirement("ZOOM-7")
def test_the_challenge_is_answered_with_the_hmac_of_the_token() -> None:
    token = "qgg8vlvZRS6UYooatFL8Aw"
    assert encrypted_token(token, NEW) == hmac.new(NEW, token.encode(), hashlib.sha256).hexdigest()
    assert encrypted_token("a" * 128, NEW)


@pytest.mark.requirement("ZOOM-7")
@pytest.mark.parametrize("token", ["", "a" * 129, "v0:1772000000:{}", "a b", "a\n", "\u00e4", "a=", "a/b", "\u0661"])
def test_texts_that_are_no_tokens_are_not_signed(token: str) -> None:
    with pytest.raises(Malformed):
        encrypted_token(token, NEW)
