"""What the payments queue's runs do with seats: set quantities, let invitations expire, repair what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from billing.operations.invite import expire_invitation
from billing.operations.repair_seats import repair_seats
from billing.operations.sync_seats import sync_organisation
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invitation import Invitation
from models.organisation import Organisation
from models.subscriber import Subscriber
from workers.paging import Paged
from workers.unit import Reference


def _references(row: Row[Any]) -> Iterator[Reference]:
    yield Subscriber.NAME, OWN_SOURCE, row.organisation_ref
    yield Organisation.NAME, OWN_SOURCE, row.organisation_ref


def _invitations(row: Row[Any]) -> Iterator[Reference]:
    yield from _references(row)
    yield Invitation.NAME, OWN_SOURCE, row.item


def _expire(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        expire_invitation(unit, unit.row(Invitation, OWN_SOURCE, one.item))


def _sync(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    for one in rows:
        organisation = unit.row(Organisation, OWN_SOURCE, one.item)
        if organisation.sync_due_at is not None and organisation.sync_due_at <= unit.now:
            sync_organisation(unit, organisation)


def _repair(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    repair_seats(unit, [unit.row(Organisation, OWN_SOURCE, one.item) for one in rows])


SYNC = Paged(
    job="sync_seats",
    due="""SELECT o.sync_due_at AS due_at, o.id, o.external_id AS item, o.external_id AS organisation_ref
        FROM bursar.organisation o JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = o.external_id
        WHERE o.sync_due_at <= %(now)s AND (o.sync_due_at, o.id) > (%(after_at)s, %(after_id)s)
        ORDER BY o.sync_due_at, o.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_references,
    work=_sync,
)
"""SEAT-9."""

EXPIRE = Paged(
    job="expire_invitations",
    due="""SELECT i.expires_at AS due_at, i.id, i.external_id AS item, i.organisation_ref
        FROM bursar.invitation i JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = i.organisation_ref
        WHERE i.status = 'pending' AND i.expires_at <= %(now)s AND (i.expires_at, i.id) > (%(after_at)s, %(after_id)s)
        ORDER BY i.expires_at, i.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_invitations,
    work=_expire,
)
"""SEAT-5."""

REPAIR = Paged(
    job="repair_seats",
    due="""SELECT o.created_at AS due_at, o.id, o.external_id AS item, o.external_id AS organisation_ref
        FROM bursar.organisation o JOIN bursar.subscriber b ON b.source = 'bursar' AND b.external_id = o.external_id
        WHERE o.status = 'active' AND o.created_at <= %(now)s AND (o.created_at, o.id) > (%(after_at)s, %(after_id)s)
        ORDER BY o.created_at, o.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED""",
    references=_references,
    work=_repair,
)
"""SEAT-3, RECON-5."""
