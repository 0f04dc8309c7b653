"""A subscriber hears once that his plan runs, has changed and has ended, whoever bills it (SUB-10)."""

from __future__ import annotations

import pytest

from tests.harness.machine import Machine
from tests.tasks.payments.stripe.test_own_of import link_alice, subscription_event

_MAILS = """SELECT payload ->> 'mail', payload ->> 'to', payload -> 'context' ->> 'plan' FROM bursar.outbox
            WHERE kind = 'mail.send' ORDER BY id"""


@pytest.mark.requirement("SUB-10")
def test_a_plan_that_a_provider_bills_is_told_of_once(machine: Machine) -> None:
    link_alice(machine)
    for status, at in (("incomplete", 1), ("active", 2), ("active", 3), ("past_due", 4), ("active", 5), ("canceled", 6), ("canceled", 7)):
        machine.deliver(subscription_event(status, at))
        machine.settle()
    assert machine.all(_MAILS) == [
        ("subscription_activated", "alice@example.com", "pro"),
        ("subscription_cancelled", "alice@example.com", "pro"),
    ]


@pytest.mark.requirement("SUB-10")
def test_a_plan_that_never_ran_ends_without_a_word(machine: Machine) -> None:
    link_alice(machine)
    for status, at in (("incomplete", 1), ("incomplete_expired", 2)):
        machine.deliver(subscription_event(status, at))
        machine.settle()
    assert machine.all(_MAILS) == []
