"""An account is what its subscriptions make it, and nothing else (SUB-9, INV-6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.account_status import Held, account_status
from billing.rules.states import SUBSCRIPTION
from billing.rules.states_subscribers import SUBSCRIBER

PAID, FREE = False, True
_HELD = st.lists(st.builds(Held, st.sampled_from(sorted(SUBSCRIPTION.order)), st.booleans()), max_size=5)


@pytest.mark.requirement("SUB-9")
@pytest.mark.parametrize(
    ("held", "had_trial", "status"),
    [
        ([], False, "free"),
        ([("active", FREE)], False, "trial"),
        ([("trialing", PAID)], True, "trial"),
        ([("pending", PAID)], False, "pending_payment"),
        ([("active", FREE), ("pending", PAID)], False, "trial"),
        ([("active", PAID)], False, "active"),
        ([("past_due", PAID)], False, "active"),
        ([("pending_renewal", PAID)], False, "active"),
        ([("active", PAID), ("pending", PAID)], False, "active"),
        ([("cancelled", PAID)], False, "cancelled"),
        ([("expired", PAID), ("active", FREE)], True, "free"),
        ([("cancelled", PAID), ("active", PAID)], False, "active"),
    ],
)
def test_each_case_of_the_rule(held: list[tuple[str, bool]], had_trial: bool, status: str) -> None:
    assert account_status([Held(*one) for one in held], suspended=False, had_trial=had_trial) == status


@pytest.mark.requirement("SUB-9")
@given(held=_HELD, had_trial=st.booleans())
def test_it_is_always_a_known_status_and_a_suspension_stands_above_all(held: list[Held], had_trial: bool) -> None:
    assert account_status(held, suspended=False, had_trial=had_trial) in SUBSCRIBER.order
    assert account_status(held, suspended=False, had_trial=had_trial) == account_status(held[::-1], suspended=False, had_trial=had_trial)
    assert account_status(held, suspended=True, had_trial=had_trial) == "suspended"
