"""Statuses of organisations, memberships and invitations (SEAT-1, SEAT-5, SEAT-7). Migration 0097 lists the same words."""

from __future__ import annotations

from billing.rules.states_money_out import Statuses

ORGANISATION = Statuses(of="organisation", order={"active": (1, 0), "deleted": (2, 0)}, said_as={})

MEMBERSHIP = Statuses(of="membership", order={"active": (1, 0), "left": (1, 1)}, said_as={})
"""Who left may come back: it is the same row."""

INVITATION = Statuses(
    of="invitation",
    order={"pending": (0, 0), "accepted": (2, 0), "expired": (2, 1), "cancelled": (2, 2)},
    said_as={},
)
"""One that ended stays so; who is to come after all is invited again."""

ALL = (ORGANISATION, MEMBERSHIP, INVITATION)
