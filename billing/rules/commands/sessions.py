"""Commands about the app's sessions (SEC-7). They name sessions by digest: nobody can use what a command says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing.rules.access import digest
from billing.rules.commands.base import Command, line
from billing.rules.commands.memberships import app_id

OWN = "bursar"
LEAST_S, MOST_S = 60, 31_536_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStands:
    """A session."""

    session_sha256: str
    """The digest of its id."""
    user: str
    """The app's id of the user."""
    ends_at: datetime | None
    """When it ends, used or not."""
    revoked_at: datetime | None
    """Since when it is over; null: nobody ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Command):
    """Tells of a session that the app has begun, for apps that cannot call `bursar_api.open_session`. Told again, nothing changes."""

    NAME: ClassVar[str] = "billing.sessions.opened.v1"
    RESULT: ClassVar[type] = SessionStands
    REFUSALS: ClassVar[Mapping[str, str]] = {"session_taken": "the digest is another user's session"}

    session_sha256: str
    """The sha256 of the session's id, in 64 small hex digits."""
    user_ref: str
    """The app's id of the user."""
    idle_s: int = 1_800
    """After so many seconds without use it is over, 60 to 31536000."""
    absolute_s: int = 43_200
    """After so many seconds it is over in any case, 60 to 31536000."""
    device: str | None = None
    """What the user is shown of it, such as `Firefox on Linux`."""
    address: str | None = None
    """The IP address that it came from."""

    def __post_init__(self) -> None:
        digest(self.session_sha256, "session_sha256")
        app_id(self.user_ref, "user_ref")
        for name in ("idle_s", "absolute_s"):
            if not LEAST_S <= getattr(self, name) <= MOST_S:
                raise ValueError(f"{name} must be {LEAST_S} to {MOST_S}")
        for name in ("device", "address"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The user and the session."""
        yield "app_user", OWN, self.user_ref
        yield "user_session", OWN, self.session_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeSession(Command):
    """Ends one session: a device that was lost, or a logout."""

    NAME: ClassVar[str] = "billing.sessions.revoke.v1"
    RESULT: ClassVar[type] = SessionStands
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_session": "no such session is known of this user"}

    session_sha256: str
    """The digest, as `bursar_api.sessions` lists it."""
    user_ref: str
    """Whose it is, so that nobody ends another one's."""
    reason: str = "logout"
    """Why, for the audit."""

    def __post_init__(self) -> None:
        digest(self.session_sha256, "session_sha256")
        app_id(self.user_ref, "user_ref")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The user and the session."""
        yield "app_user", OWN, self.user_ref
        yield "user_session", OWN, self.session_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsRevoked:
    """What became of them."""

    user: str
    """The app's id of the user."""
    revoked_at: datetime
    """Sessions that were opened then or before are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAllSessions(Command):
    """Ends all sessions of a user that were opened before this command, whatever becomes known of them later."""

    NAME: ClassVar[str] = "billing.sessions.revoke_all.v1"
    RESULT: ClassVar[type] = SessionsRevoked
    REFUSALS: ClassVar[Mapping[str, str]] = {}

    user_ref: str
    """The app's id of the user."""
    except_sha256: str | None = None
    """The digest of the one from which it is asked for, if that is to go on."""
    reason: str = "logout everywhere"
    """Why, for the audit."""

    def __post_init__(self) -> None:
        app_id(self.user_ref, "user_ref")
        if self.except_sha256 is not None:
            digest(self.except_sha256, "except_sha256")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The user."""
        yield "app_user", OWN, self.user_ref
