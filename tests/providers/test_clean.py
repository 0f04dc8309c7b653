"""Any bytes become a JSON object or one named error; never a crash, never a value that PostgreSQL refuses."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.clean import SIZE_LIMIT_BYTES, json_object
from providers.errors import UnparsableBody

BAD = {
    "empty": b"",
    "invalid utf-8": b'{"a":"\xff"}',
    "encoded surrogate": b'{"a":"\xed\xa0\x80"}',
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "utf-16": '{"a":1}'.encode("utf-16"),
    "raw NUL": b'{"a":"\x00"}',
    "escaped NUL": b'{"a":"x\\u0000y"}',
    "escaped NUL in a key": b'{"a\\u0000":1}',
    "escaped NUL far down": b'{"a":[[[{"b":["\\u0000"]}]]]}',
    "lone surrogate": b'{"a":"\\ud800"}',
    "lone low surrogate": b'{"a":"\\udc00"}',
    "surrogate and a letter": b'{"a":"\\ud800\\u0041"}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "1e999": b'{"a":1e999}',
    "5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "depth 65": b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
    "depth 2000": b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}",
    "depth 100000": b'{"a":' * 100_000,
    "array": b"[]",
    "text": b'"a"',
    "null": b"null",
    "two values": b"{}{}",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
}


@pytest.mark.requirement("PAY-12")
@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_what_no_column_can_hold_is_one_named_error(body: bytes) -> None:
    with pytest.raises(UnparsableBody) as caught:
        json_object(body)
    assert str(caught.value)


@pytest.mark.requirement("PAY-12")
def test_what_a_provider_answers_has_a_size_that_is_read() -> None:
    body = b'{"a":"' + b"x" * (SIZE_LIMIT_BYTES - 8) + b'"}'
    assert len(json_object(body)["a"]) == SIZE_LIMIT_BYTES - 8
    with pytest.raises(UnparsableBody, match="at most 4194304 are read"):
        json_object(body + b" ")


def test_the_last_of_duplicate_keys_counts() -> None:
    assert json_object(b'{"a":1,"a":2}') == {"a": 2}


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert json_object(b'{"a":"\\\\u0000"}') == {"a": "\\u0000"}


def test_whole_numbers_beyond_64_bits_stay_exact() -> None:
    assert json_object(b'{"a":92233720368547758080}') == {"a": 92233720368547758080}


def test_depth_64_is_read() -> None:
    assert json_object(b'{"a":' + b"[" * 63 + b"]" * 63 + b"}")


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_crash(body: bytes) -> None:
    with contextlib.suppress(UnparsableBody):
        assert isinstance(json_object(body), dict)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), _JSON, max_size=4))
def test_whatever_is_read_can_be_stored(value: dict[str, object]) -> None:
    try:
        read = json_object(json.dumps(value).encode())
    except UnparsableBody:
        return
    stored = json.dumps(read, allow_nan=False, ensure_ascii=False)
    stored.encode()
    assert "\\u0000" not in stored.replace("\\\\", "")
