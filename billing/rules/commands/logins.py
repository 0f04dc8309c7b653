"""Commands about logins (SEC-5, SEC-7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.memberships import app_id, instant

OWN = "bursar"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecorded:
    """The record."""

    login: str
    """Bursar's public id of it."""
    outcome: str
    """As it was told first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLogin(Command):
    """Records a try to sign in. Who and when stay in the audit for ever, device and address for `BURSAR_LOGIN_RETENTION_DAYS`.
    Many failures of one user, or from one address, are told operators."""

    NAME: ClassVar[str] = "billing.logins.record.v1"
    RESULT: ClassVar[type] = LoginRecorded
    REFUSALS: ClassVar[Mapping[str, str]] = {}

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

    def __post_init__(self) -> None:
        app_id(self.reference, "reference")
        if self.user_ref is not None:
            app_id(self.user_ref, "user_ref")
        instant(self.at)
        for name in ("method", "device", "address"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The record."""
        yield "login", OWN, self.reference
