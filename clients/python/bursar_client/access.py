"""Commands about access: links in mails that prove something once, sessions, logins, and the right to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestToken(Command):
    """Mails a link that proves something once. The token is made when the mail goes out, and only its digest is kept:
    `bursar_api.redeem_token` uses it up. A newer wish of the same purpose makes older links worthless.

    Result: `token`, `user`, `purpose`, `send_until`. Rejected as `no_address`, `too_many`.
    """

    NAME: ClassVar[str] = "billing.tokens.request.v1"
    QUEUE: ClassVar[str] = "notifications"

    reference: str
    """The app's own name for this wish, 1 to 120 visible ASCII characters; asked again under it, nothing more is sent."""
    user_ref: str
    """The app's id of the user."""
    purpose: Literal["password_reset", "email_verification", "registration"]
    """What the link proves; each has a mail of its own."""
    email: str | None = None
    """Where to; null: the address of the subscriber `user_ref`. Of a verification: the address that it proves."""
    language: str | None = None
    """Of the mail, such as `ro`; null: the subscriber's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Command):
    """Tells of a session that the app has begun, for apps that cannot call `bursar_api.open_session`. Told again, nothing
    changes.

    Result: `session_sha256`, `user`, `ends_at`, `revoked_at`. Rejected as `session_taken`.
    """

    NAME: ClassVar[str] = "billing.sessions.opened.v1"
    QUEUE: ClassVar[str] = "notifications"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeSession(Command):
    """Ends one session: a device that was lost, or a logout.

    Result: `session_sha256`, `user`, `ends_at`, `revoked_at`. Rejected as `unknown_session`.
    """

    NAME: ClassVar[str] = "billing.sessions.revoke.v1"
    QUEUE: ClassVar[str] = "notifications"

    session_sha256: str
    """The digest, as `bursar_api.sessions` lists it."""
    user_ref: str
    """Whose it is, so that nobody ends another one's."""
    reason: str = "logout"
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAllSessions(Command):
    """Ends all sessions of a user that were opened before this command, whatever becomes known of them later.

    Result: `user`, `revoked_at`.
    """

    NAME: ClassVar[str] = "billing.sessions.revoke_all.v1"
    QUEUE: ClassVar[str] = "notifications"

    user_ref: str
    """The app's id of the user."""
    except_sha256: str | None = None
    """The digest of the one from which it is asked for, if that is to go on."""
    reason: str = "logout everywhere"
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLogin(Command):
    """Records a try to sign in. Who and when stay in the audit for ever, device and address for
    `BURSAR_LOGIN_RETENTION_DAYS`. Many failures of one user, or from one address, are told operators.

    Result: `login`, `outcome`.
    """

    NAME: ClassVar[str] = "billing.logins.record.v1"
    QUEUE: ClassVar[str] = "notifications"

    reference: str
    """The app's own name for the try, 1 to 120 visible ASCII characters; told again, nothing changes."""
    outcome: Literal["succeeded", "failed", "locked"]
    """`locked`: it was not looked at, because there were too many."""
    at: datetime
    """When, by the app's clock."""
    user_ref: str | None = None
    """The app's id of the user; null: nobody of that name is known. What was typed is never told."""
    method: str | None = None
    """By which means, such as `password` or `totp`."""
    device: str | None = None
    """What the user is shown of it, such as `Firefox on Linux`."""
    address: str | None = None
    """The IP address that it came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCustomer(Command):
    """Forgets a customer and keeps what the books need: names, addresses and what was told of him go, amounts, ids and
    legal papers stay. Nobody can undo it. While money is open it is refused.

    Result: `erasure`, `subscriber_ref`, `status`, `provider_customers`.
    Rejected as `unknown_subscriber`, `money_open`, `organisation_active`.
    """

    NAME: ClassVar[str] = "billing.customers.erase.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """The app's own id of the customer."""
    reason: str
    """Why, for the audit: a ticket's number, never words about the person."""


TYPED: tuple[type[Command], ...] = (RequestToken, SessionOpened, RevokeSession, RevokeAllSessions, RecordLogin, EraseCustomer)
"""All of these."""
