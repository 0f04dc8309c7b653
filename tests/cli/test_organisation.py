"""Organisations as operators see them: seats, members, invitations, and where a provider's number differs."""

from __future__ import annotations

import pytest

from cli.organisation import organisation
from tests.cli.operator_command import Here
from tests.factories.organisations import SCHOOL, Organisations
from tests.harness.machine import Machine


@pytest.mark.requirement("SEAT-1", "SEAT-3", "AUDIT-2")
def test_an_organisation_stands_on_one_screen(here: Here, machine: Machine) -> None:
    assert here(organisation, "ls").code == 3
    school = Organisations(machine, seats=5)
    school.says("ann")
    school.says("bob", role="student")
    school.asks("invitations.create", reference="i-1", role="organizer")
    assert [row["organisation"] for row in here(organisation, "ls", "--json").objects] == [SCHOOL]
    assert SCHOOL in here(organisation, "ls", "--status", "active").out
    assert here(organisation, "ls", "--differing").code == 3
    machine.all("UPDATE bursar.organisation SET told_quantity = 9, differs_since = %s RETURNING 1", machine.clock.now())
    assert SCHOOL in here(organisation, "ls", "--differing").out
    shown = here(organisation, "show", SCHOOL).out
    for wanted in ("ann  organizer  seat", "bob  student  no seat", "i-1  organizer"):
        assert wanted in shown, shown
    [told] = here(organisation, "show", SCHOOL, "--json").objects
    assert (told["organisation"]["members"], told["organisation"]["seats_taken"]) == (2, 1)
    [again] = here(organisation, "show", told["organisation"]["id"], "--json").objects
    assert again["organisation"] == told["organisation"]
    assert here(organisation, "show", "nobody").code == 3
