"""Commands about connected accounts: those that money is passed on to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from billing.rules.commands.base import Command, line
from billing.rules.email_address import normalised

_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAsked:
    """How far the account is. Once the provider has made it, `bursar_api.payee` shows its id and where its owner has to go."""

    request: str
    """Bursar's public id of the request; `bursar_api.outcome` tells how it goes on."""
    external_ref: str
    """The app's own id of its owner."""
    status: str
    """`requested`, `created` or `failed`."""
    account_ref: str | None
    """The provider's id of the account, once there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAccount(Command):
    """Creates a connected account for one of the app's organisers and a link under which he enters what the provider wants to
    know (PAYOUT-13). Again, once there is one: a new link, because a link is good for minutes. Nothing is paid out before the
    provider has enabled the account."""

    NAME: ClassVar[str] = "billing.accounts.connect.v1"
    RESULT: ClassVar[type] = AccountAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "country_of_another": "the account exists, or is being made, in another country; an account never moves"
    }

    source: Literal["stripe"]
    """The provider."""
    external_ref: str
    """The app's own id of the owner; one account each."""
    email: str
    """The owner's address: where the provider and Bursar's mails reach him."""
    country: str
    """ISO 3166-1, two upper-case letters."""
    return_url: str
    """Where the owner comes back to (https)."""
    refresh_url: str
    """Where he is sent when the link has run out (https); the app then sends this command again."""

    def __post_init__(self) -> None:
        line(self.external_ref, "external_ref")
        line(self.email, "email")
        if "@" not in (normalised(self.email) or ""):
            raise ValueError("email must be an address")
        if not _COUNTRY.fullmatch(self.country):
            raise ValueError("country must be two upper-case letters, such as RO")
        for name in ("return_url", "refresh_url"):
            parts = urlsplit(line(getattr(self, name), name))
            if parts.scheme not in ("https", "http") or not parts.netloc:
                raise ValueError(f"{name} must be an address of the web")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The request."""
        yield "account_request", self.source, self.external_ref
