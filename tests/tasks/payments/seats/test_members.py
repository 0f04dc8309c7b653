"""Members, seats and invitations: any order of facts ends the same, limits hold, leavers lose access at once (SEAT-1, 4, 5, 8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.organisations import SCHOOL, Organisations
from tests.harness.machine import Machine


@pytest.fixture
def school(machine: Machine) -> Organisations:
    """A school whose plan has three seats."""
    return Organisations(machine, seats=3)


@pytest.mark.requirement("SEAT-1", "SEAT-8")
def test_roles_make_seats_and_leavers_lose_access_at_once(school: Organisations) -> None:
    told = school.says("ann", courses=["c1", "c2"])
    assert (told["state"], told["seat"], told["seats_taken"], told["seat_limit"]) == ("succeeded", True, 1, 3), told
    assert school.says("bob", role="student")["seat"] is False
    assert school.counts() == (2, 1, 0)
    assert school.says("bob", "role_changed", "course_manager")["seats_taken"] == 2
    found = school.entitled("ann")
    assert [(one["organisation"], one["role"], one["courses"], one["seat"]) for one in found] == [(SCHOOL, "organizer", ["c1", "c2"], True)]
    told = school.leaves("ann")
    assert (told["status"], told["seat"], told["seats_taken"]) == ("left", False, 1)
    assert school.entitled("ann") == []
    changed = {row[0] for row in school.machine.all("SELECT subscriber_ref FROM bursar.entitlement_change")}
    assert {"ann", "bob", SCHOOL} <= changed


@pytest.mark.requirement("SEAT-1")
def test_an_older_fact_changes_nothing_and_of_one_instant_the_removal_counts(school: Organisations) -> None:
    now = school.machine.clock.now()
    school.says("ann", "removed", None, at=now)
    for at in (now - timedelta(hours=1), now):
        told = school.says("ann", at=at)
        assert (told["stale"], told["status"]) == (True, "left")
    assert school.counts() == (0, 0, 0)
    assert school.says("ann", at=now + timedelta(seconds=1))["status"] == "active"


@pytest.mark.requirement("SEAT-4")
def test_the_limit_refuses_with_numbers_and_a_free_role_needs_no_seat(school: Organisations) -> None:
    for user in ("ann", "bob", "cid"):
        assert school.says(user)["state"] == "succeeded"
    told = school.says("dan")
    assert (told["state"], told["code"], told["details"]) == ("rejected", "seat_limit_reached", {"current": 3, "limit": 3})
    assert school.says("dan", role="student")["state"] == "succeeded"
    assert school.says("dan", "role_changed")["code"] == "seat_limit_reached"
    school.leaves("ann")
    assert school.says("dan", "role_changed")["seat"] is True
    assert school.counts() == (3, 3, 0)
    assert school.asks("memberships.changed", organisation_ref="nobody", user_ref="x", change="added", role="organizer",
                       at="2027-01-01T00:00:00Z")["code"] == "unknown_organisation"  # fmt: skip


@pytest.mark.requirement("SEAT-5", "SEAT-4")
def test_pending_invitations_keep_seats_where_the_policy_says_so(school: Organisations) -> None:
    assert school.asks("organisations.set_policy", invitations_reserve=True, invitation_days=2)["state"] == "succeeded"
    for name in ("i-1", "i-2", "i-3"):
        assert school.asks("invitations.create", reference=name, role="organizer", courses=["c1"])["reserves"] is True
    assert school.asks("invitations.create", reference="i-4", role="organizer")["code"] == "seat_limit_reached"
    assert school.asks("invitations.create", reference="i-4", role="student")["reserves"] is False
    assert school.says("eve")["details"] == {"current": 3, "limit": 3}

    now = school.machine.clock.now().isoformat()
    told = school.asks("invitations.accept", reference="i-1", user_ref="ann", at=now)
    assert (told["seat"], told["seats_taken"], told["seats_reserved"]) == (True, 1, 2), told
    assert school.asks("invitations.accept", reference="i-1", user_ref="ann", at=now)["state"] == "succeeded"
    assert school.asks("invitations.accept", reference="i-1", user_ref="bob", at=now)["code"] == "invitation_not_pending"
    assert school.asks("invitations.cancel", reference="i-1")["code"] == "already_accepted"
    assert school.asks("invitations.cancel", reference="i-2")["seats_reserved"] == 1
    assert school.asks("invitations.cancel", reference="i-9")["code"] == "unknown_invitation"
    school.passes(days=1.9)
    assert school.expires() == 0
    school.passes(days=0.2)
    assert [school.expires() for _ in range(2)] == [2, 0]
    assert school.counts() == (1, 1, 0)
    later = school.machine.clock.now().isoformat()
    assert school.asks("invitations.accept", reference="i-3", user_ref="bob", at=later)["details"]["current"] == "expired"


@pytest.mark.requirement("SEAT-5")
def test_a_member_who_has_a_seat_gives_the_kept_one_back(school: Organisations) -> None:
    school.asks("organisations.set_policy", invitations_reserve=True)
    school.says("ann")
    school.asks("invitations.create", reference="i-1", role="course_manager")
    told = school.asks("invitations.accept", reference="i-1", user_ref="ann", at=school.machine.clock.now().isoformat())
    assert (told["role"], told["seats_taken"], told["seats_reserved"]) == ("course_manager", 1, 0)


@pytest.mark.requirement("MAIL-5", "MAIL-6", "SEAT-4")
def test_who_got_no_seat_is_told_to_the_organisation_once_per_limit_and_month(machine: Machine) -> None:
    told = "SELECT key, payload - 'name' - 'zone' FROM bursar.outbox WHERE payload ->> 'mail' = 'seat_limit' ORDER BY id"
    machine.clock.move_to(datetime(2027, 3, 10, tzinfo=UTC))
    school = Organisations(machine, seats=1, email="head@school.example", language="ro")
    assert school.asks("organisations.set_policy", invitations_reserve=True)["state"] == "succeeded"
    assert school.asks("invitations.create", reference="i-1", role="organizer")["reserves"] is True
    assert machine.all(told) == []

    for _ in range(2):
        assert school.says("ann")["code"] == "seat_limit_reached"
    assert school.asks("invitations.create", reference="i-2", role="organizer")["code"] == "seat_limit_reached"

    assert school.counts() == (0, 0, 1)
    assert machine.one("SELECT count(*) FROM bursar.membership") == 0
    assert machine.one("SELECT count(*) FROM bursar.subscriber WHERE external_id = 'ann'") == 0
    [(key, payload)] = machine.all(told)
    assert key.startswith(f"seat_limit/{SCHOOL}/1/2027-03/")
    assert payload == {
        "mail": "seat_limit", "to": "head@school.example", "language": "ro", "subscriber": SCHOOL,
        "context": {"taken": 1, "limit": 1, "kept": 1},
    }  # fmt: skip

    school.passes(days=30)
    assert school.says("ann")["code"] == "seat_limit_reached"
    assert [row[0].split("/")[3] for row in machine.all(told)] == ["2027-03", "2027-04"]


@pytest.mark.requirement("MAIL-5")
def test_an_organisation_without_an_address_is_not_told(machine: Machine) -> None:
    school = Organisations(machine, seats=0, email=None)

    assert school.says("ann")["details"] == {"current": 0, "limit": 0}
    assert machine.one("SELECT count(*) FROM bursar.outbox WHERE kind = 'mail.send'") == 0
