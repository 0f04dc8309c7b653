"""Commands about mails that only the app knows the occasion of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.memberships import app_id, instant
from billing.rules.commands.payments import url

OCCASIONS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "registration_confirmation": (frozenset(), frozenset({"link"})),
    "zoom_broken": (frozenset({"about"}), frozenset({"at", "explanation", "link"})),
    "zoom_healed": (frozenset({"about"}), frozenset({"at"})),
    "event_cancelled": (frozenset({"about"}), frozenset({"at", "explanation", "refund", "link"})),
    "certificate_issued": (frozenset({"about"}), frozenset({"number", "link"})),
    "certificates_nearly_used": (frozenset({"used", "limit"}), frozenset({"at", "link"})),
    "grade_published": (frozenset({"about"}), frozenset({"grade", "link"})),
}
"""Which mail the app may ask for -> what it needs to know, and what it tells besides where the app says it (MAIL-5)."""
FACTS = ("link", "about", "at", "explanation", "refund", "number", "grade", "used", "limit")


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
    """Mails somebody what only the app knows of. Most kinds are owed (transactional): this is no way to advertise. Which of the fields
    from `link` on a mail takes and needs is in docs/mails.md; another one is refused as `invalid_payload`."""

    NAME: ClassVar[str] = "billing.mails.request.v1"
    RESULT: ClassVar[type] = MailAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "no_address": "no `email` was given, and none is known of a subscriber `user_ref`",
    }

    reference: str
    """The app's own name for the occasion, 1 to 120 visible ASCII characters; asked again under it, nothing more is sent."""
    mail: Literal[
        "registration_confirmation", "zoom_broken", "zoom_healed", "event_cancelled", "certificate_issued", "certificates_nearly_used",
        "grade_published",
    ]
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
    about: str | None = None
    """What the reader knows it by: the event, the course or its part, the Zoom account; 1 to 255 characters in one line."""
    at: datetime | None = None
    """With its offset. Since when (Zoom), when it would have begun (event), when it is counted anew (certificates)."""
    explanation: str | None = None
    """Why, in words for the reader, 1 to 255 characters in one line."""
    refund: bool | None = None
    """Of `event_cancelled`: whether what its reader paid goes back by itself."""
    number: str | None = None
    """Of `certificate_issued`: the certificate's number."""
    grade: str | None = None
    """Of `grade_published`: the grade as the reader is to see it; null: the mail only says that there is one."""
    used: int | None = None
    """Of `certificates_nearly_used`: how many were issued."""
    limit: int | None = None
    """Of `certificates_nearly_used`: how many may be issued, 1 or more."""

    def __post_init__(self) -> None:
        app_id(self.reference, "reference")
        app_id(self.user_ref, "user_ref")
        for name in ("email", "language", "full_name"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        if self.link is not None:
            url(self.link, "link")
        for name in ("about", "explanation", "number", "grade"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        if self.at is not None:
            instant(self.at)
        self._occasion()

    def _occasion(self) -> None:
        """Raises ValueError where the mail lacks what it tells, or was given what it does not tell."""
        needs, takes = OCCASIONS[self.mail]
        for name in FACTS:
            given = getattr(self, name) is not None
            if name in needs and not given:
                raise ValueError(f"{name} is needed for the mail {self.mail}")
            if given and name not in needs and name not in takes:
                raise ValueError(f"{name} is nothing that the mail {self.mail} tells")
        if self.used is not None and self.used < 0:
            raise ValueError("used must be 0 or more")
        if self.limit is not None and self.limit < 1:
            raise ValueError("limit must be 1 or more")
