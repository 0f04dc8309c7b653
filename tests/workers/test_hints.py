"""Hints stay few: a queue that nobody works off is not filled, and a backlog makes no storm of messages."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tests.harness.waiting import wait_until
from workers.hints import Hinter


@pytest.fixture
def hinter(redis_url: str) -> Iterator[Hinter]:
    """One whose hints nobody takes."""
    made = Hinter(redis_url)
    yield made
    made.close()


def _kwargs(redis_url: str, queue: str) -> list[dict[str, Any]]:
    """What the waiting messages say, oldest first."""
    with redis.Redis.from_url(redis_url) as client:
        messages: list[bytes] = client.lrange(queue, 0, -1)
    return [json.loads(b64decode(json.loads(message)["body"]))[1] for message in reversed(messages)]


@pytest.mark.requirement("INBOX-15")
def test_a_crowded_queue_gets_drain_hints_instead_of_names(redis_url: str, hinter: Hinter) -> None:
    for number in range(25):
        hinter.hint("payments", [number])
    wait_until(lambda: hinter.depth("payments") == 25, what="the hints to be sent")
    wait_until(lambda: _hint_and_see(hinter, redis_url), what="the queue to be seen as crowded")
    before = len(_kwargs(redis_url, "payments"))
    for number in range(1_000):
        hinter.hint("payments", [1_000 + number])
    hinter.close(30)
    told = _kwargs(redis_url, "payments")
    assert {} in told
    # A drain each quarter of a second at most: a thousand hints are published within a few seconds on any machine.
    assert len(told) - before < 100
    assert not [kwargs for kwargs in told if kwargs.get("ids", [0])[0] >= 1_000]


def _hint_and_see(hinter: Hinter, redis_url: str) -> bool:
    hinter.hint("payments", [999])
    return {} in _kwargs(redis_url, "payments")


@pytest.mark.requirement("INBOX-15")
def test_what_was_folded_is_told_later_though_no_other_hint_comes(redis_url: str, hinter: Hinter) -> None:
    for number in range(25):
        hinter.hint("payments", [number])
    wait_until(lambda: _hint_and_see(hinter, redis_url), what="the queue to be seen as crowded")
    for _ in range(3):
        drains = _kwargs(redis_url, "payments").count({})
        hinter.hint("payments", [1_000])
        wait_until(lambda seen=drains: _kwargs(redis_url, "payments").count({}) > seen, what="the drain hint that is owed")  # type: ignore[misc]
    assert {"ids": [1_000]} not in _kwargs(redis_url, "payments")


@pytest.mark.requirement("INBOX-15")
def test_a_backlog_is_told_a_few_times_only(redis_url: str, hinter: Hinter) -> None:
    hinter.hint("payments", [1])
    for _ in range(1_000):
        hinter.backlog("payments")
    hinter.close(30)
    told = _kwargs(redis_url, "payments")
    assert told[0] == {"ids": [1]}
    assert set(map(str, told[1:])) == {"{}"}
    assert len(told) < 100


@pytest.mark.requirement("INBOX-15")
def test_a_full_queue_gets_no_more(redis_url: str, hinter: Hinter) -> None:
    for _ in range(100):
        hinter.drain("payments")
    for _ in range(50):
        hinter.backlog("payments")
    hinter.close(30)
    assert len(_kwargs(redis_url, "payments")) == 100


def test_hints_name_what_they_are_about(redis_url: str, hinter: Hinter) -> None:
    hinter.hint("payments", [7, 8])
    hinter.hint_calls("payments", [9])
    hinter.close(30)
    assert _kwargs(redis_url, "payments") == [{"ids": [7, 8]}]
    assert _kwargs(redis_url, "payments.calls") == [{"ids": [9]}]
