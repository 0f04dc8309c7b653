"""The key ring and the bytes that are signed: no two things have the same, and what changes on its way is refused."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import KeyRing, canonical
from core.settings import load

_KEY = b"0123456789abcdef"
_FIELDS = st.lists(st.none() | st.text(max_size=8), max_size=4).map(tuple)


def _ring(text: str) -> KeyRing:
    return KeyRing.from_settings(load(audit_keys=text))


@pytest.mark.requirement("SEC-3")
def test_the_first_key_writes_and_all_verify() -> None:
    ring = _ring("new:0123456789abcdef, old:fedcba9876543210")

    assert list(ring) == ["new", "old"]
    assert ring.writing == "new"
    assert ring.verify("old", b"x", ring.mac("old", b"x"))
    assert ring.verify_any(b"x", ring.mac("old", b"x"))
    assert not ring.verify("new", b"x", ring.mac("old", b"x"))
    assert not ring.verify("gone", b"x", ring.mac("old", b"x"))
    assert not ring.verify("new", b"y", ring.mac("new", b"x"))


@pytest.mark.parametrize(
    "text", ["", "0123456789abcdef", ":0123456789abcdef", "a:short", "a:0123456789abcdef,a:fedcba9876543210"]
)
def test_a_bad_ring_is_refused_without_showing_a_secret(text: str) -> None:
    with pytest.raises(ValueError, match=r"BURSAR_AUDIT_KEYS|audit key") as refused:
        _ring(text)

    assert "0123456789abcdef" not in str(refused.value)
    assert "short" not in str(refused.value).replace("shorter", "")


def test_secrets_may_hold_colons() -> None:
    assert _ring("a:01234567:89abcdef").verify("a", b"x", KeyRing({"a": b"01234567:89abcdef"}).mac("a", b"x"))


@pytest.mark.requirement("AUDIT-3")
@given(_FIELDS, _FIELDS)
def test_two_tuples_of_texts_never_give_the_same_bytes(
    one: tuple[str | None, ...], other: tuple[str | None, ...]
) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        ((None,), ("",)),
        ((None,), ("-",)),
        (("1:a",), ("", "a")),
        ((), ("",)),
        (("a", None), (None, "a")),
    ],
)
def test_look_alikes_differ(one: tuple[str | None, ...], other: tuple[str | None, ...]) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("length", [16, 63, 64, 65, 200])
def test_a_mac_is_that_of_the_standard_library(length: int) -> None:
    secret = bytes(number % 251 for number in range(length))
    ring = KeyRing({"k": secret})
    for message in (b"", b"a", bytes(1000)):
        assert ring.mac("k", message) == hmac.digest(secret, message, "sha256")
