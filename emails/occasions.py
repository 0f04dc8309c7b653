"""What the mails know whose occasion the app tells: Zoom, events, certificates, grades, full organisations (MAIL-5).

Fields beyond the first are optional, because an app may not know them; what is None is not spoken of.
"""

from __future__ import annotations

from dataclasses import dataclass

from emails.values import Moment


@dataclass(frozen=True, slots=True)
class ZoomTold:
    """A connection to Zoom that broke, or works again."""

    account: str
    """As its owner knows it: a name, or the address that he has there."""
    since: Moment | None = None
    reason: str | None = None
    link: str | None = None
    """Where he connects it again."""


@dataclass(frozen=True, slots=True)
class EventCancelled:
    """An event that will not take place, for those who were to take part."""

    event: str
    begins_at: Moment | None = None
    """When it would have begun."""
    reason: str | None = None
    refund: bool = False
    """Whether what its reader paid goes back by itself."""
    link: str | None = None


@dataclass(frozen=True, slots=True)
class CertificateIssued:
    """A certificate that is there for whoever earned it."""

    course: str
    number: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class CertificatesUsed:
    """Nearly all, or all, of the certificates that a plan has are issued; `percent` of `limit`, downwards."""

    used: int
    limit: int
    percent: int
    until: Moment | None = None
    """When they are counted anew."""
    link: str | None = None


@dataclass(frozen=True, slots=True)
class GradePublished:
    """A grade, as the app words it; None: the mail only says that there is one."""

    course: str
    """What was graded: a course, or a part of it."""
    grade: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class SeatLimit:
    """Somebody got no seat: `taken` of `limit`, those among them that invitations keep."""

    taken: int
    limit: int
    kept: int
