"""Commands about mails that only the app knows the occasion of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.memberships import app_id
from billing.rules.commands.payments import url


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAsked:
    """The mail is in the outbox; what became of it is told by `bursar mail ls`."""

    mail: str
    """Its kind."""
    key: str
    """Its business key: by which it goes out once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailsLeft:
    """That reader gets no more of these."""

    mail: str
    """Which mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveMails(Command):
    """A reader wants no more of one kind of mail. The app sends this for each POST to the page that `BURSAR_MAIL_UNSUBSCRIBE_URL`
    names: without a question and without a login (RFC 8058). Mails that are owed go on."""

    NAME: ClassVar[str] = "billing.mails.leave.v1"
    RESULT: ClassVar[type] = MailsLeft
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_link": "the token is not one of Bursar's; nothing was changed"}

    token: str
    """What the link had in the place of `{token}`."""

    def __post_init__(self) -> None:
        line(self.token, "token")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMail(Command):
    """Mails somebody what only the app knows of. Each kind is one that is owed (transactional): this is no way to advertise."""

    NAME: ClassVar[str] = "billing.mails.request.v1"
    RESULT: ClassVar[type] = MailAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "no_address": "no `email` was given, and none is known of a subscriber `user_ref`",
    }

    reference: str
    """The app's own name for the occasion, 1 to 120 visible ASCII characters; asked again under it, nothing more is sent."""
    mail: Literal["registration_confirmation"]
    """Which mail."""
    user_ref: str
    """The app's id of the reader."""
    email: str | None = None
    """Where to; null: the address of the subscriber `user_ref`."""
    language: str | None = None
    """Of the mail, such as `ro`; null: the subscriber's, else English."""
    full_name: str | None = None
    """How he is greeted; null: as the subscriber is."""
    link: str | None = None
    """Where the mail's button leads, http or https."""

    def __post_init__(self) -> None:
        app_id(self.reference, "reference")
        app_id(self.user_ref, "user_ref")
        for name in ("email", "language", "full_name"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        if self.link is not None:
            url(self.link, "link")
