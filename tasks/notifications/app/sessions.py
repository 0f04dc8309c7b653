"""`billing.sessions.*`: the app's sessions begin and end."""

from __future__ import annotations

from billing.operations.keep_session import open_session, revoke_all_sessions, revoke_session
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.sessions import (
    RevokeAllSessions,
    RevokeSession,
    SessionOpened,
    SessionsRevoked,
    SessionStands,
)
from billing.rules.facts.event import Event
from models.user_session import UserSession
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def opened(unit: UnitOfWork, command: SessionOpened) -> SessionStands:
    """One has begun."""
    return _stands(open_session(unit, command))


def revoke(unit: UnitOfWork, command: RevokeSession) -> SessionStands:
    """One ends."""
    return _stands(revoke_session(unit, command))


def revoke_all(unit: UnitOfWork, command: RevokeAllSessions) -> SessionsRevoked:
    """All of a user end."""
    row = revoke_all_sessions(unit, command)
    return SessionsRevoked(user=row.external_id, revoked_at=row.sessions_revoked_at or unit.now)


def _stands(row: UserSession) -> SessionStands:
    return SessionStands(session_sha256=row.external_id, user=row.user_ref or "", ends_at=row.ends_at, revoked_at=row.revoked_at)
