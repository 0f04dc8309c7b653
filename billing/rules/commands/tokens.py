"""Commands about links in mails that prove something once (SEC-4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.memberships import app_id

OWN = "bursar"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAsked:
    """The wish; the token itself is told nobody but the mail's reader."""

    token: str
    """Bursar's public id of the wish."""
    user: str
    """The app's id of the user."""
    purpose: str
    """What it proves."""
    send_until: datetime
    """A mail that has not gone out by then never does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestToken(Command):
    """Mails a link that proves something once. The token is made when the mail goes out, and only its digest is kept:
    `bursar_api.redeem_token` uses it up. A newer wish of the same purpose makes older links worthless."""

    NAME: ClassVar[str] = "billing.tokens.request.v1"
    RESULT: ClassVar[type] = TokenAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "no_address": "no `email` was given, and none is known of a subscriber `user_ref`",
        "too_many": "too many links of this purpose within an hour (`details.current`, `details.limit`)",
    }

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

    def __post_init__(self) -> None:
        app_id(self.reference, "reference")
        app_id(self.user_ref, "user_ref")
        for name in ("email", "language"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The user, whose wishes are counted under his lock, and the wish."""
        yield "app_user", OWN, self.user_ref
        yield "user_token", OWN, self.reference
