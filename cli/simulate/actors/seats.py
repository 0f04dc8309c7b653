"""Organisations: members come, change roles and go, are invited and accept or do not; others change a number of seats by hand."""

from __future__ import annotations

from cli.simulate.people import Customer
from cli.simulate.stage import Stage

SEATED = ("organizer", "course_manager")


def open_organisation(stage: Stage, one: Customer) -> None:
    """Its policy and its first members, before it subscribes."""
    policy = one.chance.choice(("accrue", "accrue", "charge"))
    stage.say("organisations.set_policy", organisation_ref=one.ref, proration=policy)
    for _ in range(one.seats):
        _joins(stage, one, one.chance.choice(SEATED))


def join(stage: Stage, one: Customer) -> bool:
    """Somebody is added; every third has a role without a seat."""
    if not one.organisation or not one.begun:
        return False
    _joins(stage, one, one.chance.choice((*SEATED, "learner")))
    return True


def _joins(stage: Stage, one: Customer, role: str) -> None:
    user = f"{one.ref}-u{one.next('user')}"
    one.members.append(user)
    _changed(stage, one, user, "added", role=role)


def leave(stage: Stage, one: Customer) -> bool:
    """Somebody is removed."""
    if not one.organisation or len(one.members) < 2:
        return False
    _changed(stage, one, one.members.pop(one.chance.randrange(len(one.members))), "removed")
    return True


def other_role(stage: Stage, one: Customer) -> bool:
    """Somebody gets or gives up a seat by his role."""
    if not one.organisation or not one.members:
        return False
    _changed(stage, one, one.chance.choice(one.members), "role_changed", role=one.chance.choice((*SEATED, "learner", "learner")))
    return True


def _changed(stage: Stage, one: Customer, user: str, change: str, **values: str) -> None:
    stage.say("memberships.changed", organisation_ref=one.ref, user_ref=user, change=change, at=stage.now.isoformat(), **values)


def invite(stage: Stage, one: Customer) -> bool:
    """Somebody is invited. Most accept, some are taken back, the others expire."""
    if not one.organisation or not one.begun:
        return False
    reference, end = f"{one.ref}-i{one.next('invitation')}", one.chance.random()
    stage.say("invitations.create", organisation_ref=one.ref, reference=reference, role=one.chance.choice(SEATED))
    if end < 0.6:
        stage.soon(one, 1, 5, lambda: _accept(stage, one, reference))
    elif end < 0.75:
        stage.soon(one, 1, 5, lambda: _take_back(stage, one, reference))
    return True


def _accept(stage: Stage, one: Customer, reference: str) -> None:
    stage.did("joins")
    user = f"{one.ref}-u{one.next('user')}"
    one.members.append(user)
    stage.say("invitations.accept", organisation_ref=one.ref, reference=reference, user_ref=user, at=stage.now.isoformat())


def _take_back(stage: Stage, one: Customer, reference: str) -> None:
    stage.say("invitations.cancel", organisation_ref=one.ref, reference=reference)


def by_hand(stage: Stage, one: Customer) -> bool:
    """A team without members in our books changes its number of seats."""
    if one.product != "team" or one.organisation or not one.begun:
        return False
    one.seats = max(1, one.seats + one.chance.randint(-3, 5))
    stage.say("subscriptions.change", **one.ours, when="now", quantity=one.seats)
    return True


def close(stage: Stage, one: Customer) -> bool:
    """The organisation is deleted."""
    if not one.organisation or not one.begun:
        return False
    one.organisation, one.subscriptions = False, 0
    one.members.clear()
    stage.say("organisations.delete", organisation_ref=one.ref, reason="the school closes")
    return True
