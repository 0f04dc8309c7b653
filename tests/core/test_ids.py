"""Ids that leave the system tell their time to the millisecond and nothing else (SEC-11)."""

from __future__ import annotations

import itertools
import os
import pickle
from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest

from core.ids import new_id, public_id

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.requirement("SEC-11")
def test_ids_of_one_instant_cannot_be_guessed_from_each_other() -> None:
    made = [new_id(AT) for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert {one.version for one in made} == {7}
    assert {one.int >> 80 for one in made} == {int(AT.timestamp() * 1000)}
    steps = {later.int - earlier.int for earlier, later in itertools.pairwise(made)}
    assert len(steps) == len(made) - 1, "no two neighbours lie equally far apart"


def test_ids_sort_by_time() -> None:
    assert new_id(AT) < new_id(AT.replace(second=1))


def test_a_public_id_names_its_kind() -> None:
    assert public_id("pay", new_id(AT)).startswith("pay_")
    assert len(public_id("pay", new_id(AT))) == 36


def test_a_forked_process_draws_its_own_chance() -> None:
    new_id(AT)  # what is drawn ahead lies in the memory that the child gets
    inside, outside = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(outside, new_id(AT).bytes)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(inside, 16) != new_id(AT).bytes
    os.close(inside)
    os.close(outside)


def test_an_id_is_a_whole_uuid() -> None:
    made = new_id(datetime(2026, 3, 1, tzinfo=UTC))
    assert made == UUID(str(made)) == pickle.loads(pickle.dumps(made))
    assert hash(made) == hash(UUID(made.hex))
    assert made.is_safe is UUID(made.hex).is_safe
    assert (made.version, made.variant) == (7, RFC_4122)
