"""Opens and ends the app's sessions by command (SEC-7); what stands in `bursar_api` does the same at once."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.sessions import RevokeAllSessions, RevokeSession, SessionOpened
from models.app_user import AppUser
from models.base import OWN_SOURCE
from models.user_session import UserSession


def open_session(unit: UnitOfWork, command: SessionOpened) -> UserSession:
    """The session as it was told first.

    Raises:
        Rejected: `session_taken`.
    """
    own_row(unit, AppUser, OWN_SOURCE, command.user_ref)
    row, new = own_row(unit, UserSession, OWN_SOURCE, command.session_sha256)
    if new:
        row.user_ref, row.opened_at, row.seen_at = command.user_ref, unit.now, unit.now
        row.idle_s, row.ends_at = command.idle_s, unit.now + timedelta(seconds=command.absolute_s)
        row.device, row.address = command.device, command.address
        unit.audit("session.opened", UserSession.NAME, row.id, before=None, after={"user": command.user_ref})
    elif row.user_ref != command.user_ref:
        raise Rejected("session_taken", "this session is another user's", {"field": "session_sha256"})
    return row


def revoke_session(unit: UnitOfWork, command: RevokeSession) -> UserSession:
    """The session, over. One that was over stays as it was.

    Raises:
        Rejected: `unknown_session`.
    """
    row = unit.row(UserSession, OWN_SOURCE, command.session_sha256)
    if row.incomplete or row.user_ref != command.user_ref:
        raise Rejected("unknown_session", f"no such session of {command.user_ref} is known", {"field": "session_sha256"})
    if row.revoked_at is None:
        row.revoked_at = row.updated_at = unit.now
        row.revoked_because = command.reason
        unit.audit("session.revoked", UserSession.NAME, row.id, before=None, after={"user": command.user_ref, "why": command.reason})
    return row


def revoke_all_sessions(unit: UnitOfWork, command: RevokeAllSessions) -> AppUser:
    """One instant in the user's row ends them all, those too whose opening is only now being written."""
    row, _ = own_row(unit, AppUser, OWN_SOURCE, command.user_ref)
    if row.sessions_revoked_at is None or row.sessions_revoked_at < unit.now:
        before = row.sessions_revoked_at
        row.sessions_revoked_at, row.sessions_spared = unit.now, command.except_sha256
        unit.audit(
            "sessions.revoked", AppUser.NAME, row.id,
            before=None if before is None else {"revoked_at": before.isoformat()},
            after={
                "user": command.user_ref, "revoked_at": unit.now.isoformat(), "spared": command.except_sha256 is not None,
                "why": command.reason,
            },
        )  # fmt: skip
    return row
