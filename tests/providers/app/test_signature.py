"""Only who holds a key of that name can sign a command, for that path and about now."""

from __future__ import annotations

from typing import Any

import pytest

from providers.app.signature import prove_message, prove_request, read_keys, sign
from providers.refusal import Malformed, Refused

OLD, NEW, OTHER = "o" * 32, "n" * 40, "x" * 32
KEYS = read_keys([f"shop:{OLD}", f"shop:{NEW}", f"blog:{OTHER}"])
BODY = b'{"key": "k"}'
NOW_S = 1_772_000_000


def _request(**changes: Any) -> str:
    """A good request of `shop`, with what the test changes after it was signed."""
    secret = changes.pop("secret", NEW)
    good: dict[str, Any] = {"timestamp": str(NOW_S), "method": "POST", "path": "/commands", "body": BODY, "app": "shop"}
    signed = f"{good['timestamp']}.{good['method']}.{good['path']}.".encode() + good["body"]
    told = good | {"signature": sign(secret.encode(), signed)} | changes
    return prove_request(KEYS, now_s=told.pop("now_s", float(NOW_S)), tolerance_s=300, **told)


@pytest.mark.requirement("SEC-1")
@pytest.mark.parametrize("secret", [OLD, NEW])
def test_both_keys_of_a_rotation_prove(secret: str) -> None:
    assert _request(secret=secret) == "shop"


@pytest.mark.requirement("SEC-1")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"secret": OTHER}, "signature_wrong"),
        ({"app": "blog"}, "signature_wrong"),
        ({"app": "nobody"}, "app_unknown"),
        ({"app": "nobody", "secret": "\0" * 32}, "app_unknown"),
        ({"app": None}, "signature_missing"),
        ({"app": ""}, "signature_missing"),
        ({"signature": None}, "signature_missing"),
        ({"timestamp": None}, "signature_missing"),
        ({"timestamp": str(NOW_S + 1)}, "signature_wrong"),
        ({"method": "GET"}, "signature_wrong"),
        ({"path": "/commands/k"}, "signature_wrong"),
        ({"body": BODY + b" "}, "signature_wrong"),
        ({"body": b""}, "signature_wrong"),
        ({"now_s": NOW_S + 301.0}, "timestamp_out_of_bounds"),
        ({"now_s": NOW_S - 301.0}, "timestamp_out_of_bounds"),
    ],
)
def test_what_proves_nothing(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused) as caught:
        _request(**changes)
    assert (caught.value.reason, caught.value.status) == (reason, 401)


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "1e9"},
        {"timestamp": "-5"},
        {"timestamp": "\u0661\u0662"},
        {"timestamp": "9" * 16},
        {"signature": "v0=" + "0" * 64},
        {"signature": "v1=" + "0" * 63},
        {"signature": "v1=" + "G" * 64},
        {"signature": "v1=\u0660" + "0" * 63},
    ],
)
def test_what_is_not_of_the_form(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        _request(**changes)


def test_the_edge_of_the_window_is_inside() -> None:
    assert _request(now_s=NOW_S + 300.0) == _request(now_s=NOW_S - 300.0) == "shop"


@pytest.mark.requirement("SEC-1")
def test_a_message_is_bound_to_its_task_and_body() -> None:
    task, body = "billing.customer.link.v1", '{"key":"k"}'
    good: dict[str, Any] = {"app": "shop", "signature": sign(NEW.encode(), f"{task}.{body}".encode())}
    assert prove_message(KEYS, task=task, body=body, **good) == "shop"
    for wrong in ({"task": "billing.customer.link.v2"}, {"body": body + " "}, {"app": "blog"}, {"app": 5}, {"signature": None}):
        with pytest.raises(Refused):
            prove_message(KEYS, **({"task": task, "body": body} | good | wrong))
    with pytest.raises(Refused):
        prove_message({}, task=task, body="\ud800", **good)


def test_keys_that_could_be_guessed_are_refused_without_being_shown() -> None:
    assert read_keys([]) == {}
    assert read_keys([f"shop:{OLD}:with:colons"]) == {"shop": (f"{OLD}:with:colons".encode(),)}
    for entry in ("shop:" + "s" * 31, "shop", f"Shop:{OLD}", f":{OLD}", f"{'s' * 33}:{OLD}", f"sh op:{OLD}"):
        with pytest.raises(ValueError, match="BURSAR_APP_KEYS") as caught:
            read_keys([entry])
        assert "sss" not in str(caught.value).replace("s" * 33, "")
        assert OLD not in str(caught.value)
