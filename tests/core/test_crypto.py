"""The key ring and the bytes that are signed: no two things have the same, and what changes on its way is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import KeyRing, canonical, canonical_json
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


@pytest.mark.parametrize(
    "value", [1.0, {"a": [1, {"b": 0.1}]}, {1: "a"}, {None: 1}, [float("nan")], {"a": {2: 1}}, {"a": object()}]
)
def test_what_would_change_on_its_way_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


def test_json_does_not_depend_on_order_or_kind_of_list() -> None:
    assert (
        canonical_json({"b": 1, "a": (1, True, None)})
        == canonical_json({"a": [1, True, None], "b": 1})
        == '{"a":[1,true,null],"b":1}'
    )
    assert json.loads(canonical_json({"a": "\u2028é\U0001f600"})) == {"a": "\u2028é\U0001f600"}


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)))
def test_json_is_what_the_standard_library_writes_and_rows_of_all_versions_verify(value: Any) -> None:
    assert canonical_json(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
