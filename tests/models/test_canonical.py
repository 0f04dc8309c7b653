"""What is signed as JSON: what changes on its way is refused, and the text is the same for all time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.canonical import canonical_json


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


_LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text()


@given(st.recursive(_LEAVES, lambda part: st.lists(part) | st.dictionaries(st.text(), part)))
def test_json_is_what_the_standard_library_writes_and_rows_of_all_versions_verify(value: Any) -> None:
    assert canonical_json(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
