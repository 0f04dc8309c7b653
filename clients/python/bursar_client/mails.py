"""Commands about mails that only the app knows the occasion of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveMails(Command):
    """A reader wants no more of one kind of mail. The app sends this for each POST to the page that `BURSAR_MAIL_UNSUBSCRIBE_URL`
    names: without a question and without a login (RFC 8058). Mails that are owed go on.

    Result: `mail`. Rejected as `unknown_link`.
    """

    NAME: ClassVar[str] = "billing.mails.leave.v1"
    QUEUE: ClassVar[str] = "notifications"

    token: str
    """What the link had in the place of `{token}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMail(Command):
    """Mails somebody what only the app knows of. Most kinds are owed (transactional): this is no way to advertise. Which of the fields
    from `link` on a mail takes and needs is in docs/mails.md; another one is refused as `invalid_payload`.

    Result: `mail`, `key`. Rejected as `no_address`.
    """

    NAME: ClassVar[str] = "billing.mails.request.v1"
    QUEUE: ClassVar[str] = "notifications"

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


TYPED: tuple[type[Command], ...] = (LeaveMails, RequestMail)
