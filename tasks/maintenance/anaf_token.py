"""Keeps the tokens for ANAF: read by every call, refreshed by one at a time, sealed in their row (promise 9).

A refresh may end the token that it was made with, so it happens under the row's lock, and what it gives is committed before
anybody uses it. It is the one call that is made inside a transaction: of this row alone, and bounded by its own time-outs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog

from core import failpoints
from core.sealed import SealError, SealRing
from core.settings import Settings
from models.database import connect
from providers.anaf import tokens
from providers.errors import Final, NotConfigured, Retryable, Unknown

log = structlog.get_logger(__name__)

RENEW_BEFORE = timedelta(days=14)
"""The daily run refreshes an access token that ends sooner: there is time for many tries, and for people."""
_TOO_NEAR = timedelta(minutes=5)
_NOT_AGAIN = timedelta(hours=1)
"""A token so new that is refused is not the token's fault: another one would be refused, too."""

_ENDED = "the login at ANAF has ended"

_READ = """SELECT access_sealed, refresh_sealed, access_ends_at, refresh_ends_at, refreshed_at, error FROM bursar.anaf_token
           WHERE login = %(login)s"""
_AUTHORISED = """
    INSERT INTO bursar.anaf_token (login, access_sealed, refresh_sealed, access_ends_at, refresh_ends_at, authorised_at, refreshed_at)
    VALUES (%(login)s, %(access)s, %(refresh)s, %(access_ends_at)s, %(refresh_ends_at)s, %(now)s, %(now)s)
    ON CONFLICT (login) DO UPDATE SET access_sealed = %(access)s, refresh_sealed = %(refresh)s, access_ends_at = %(access_ends_at)s,
        refresh_ends_at = %(refresh_ends_at)s, authorised_at = %(now)s, refreshed_at = %(now)s, failed_at = NULL, error = NULL"""
_REFRESHED = """
    UPDATE bursar.anaf_token SET access_sealed = %(access)s, refresh_sealed = %(refresh)s, access_ends_at = %(access_ends_at)s,
        refresh_ends_at = coalesce(%(refresh_ends_at)s, refresh_ends_at), refreshed_at = %(now)s, refreshes = refreshes + 1,
        failed_at = NULL, error = NULL
    WHERE login = %(login)s"""
_FAILED = """UPDATE bursar.anaf_token SET failed_at = %(now)s, error = %(error)s,
                    refresh_ends_at = CASE WHEN %(ended)s THEN least(refresh_ends_at, %(now)s) ELSE refresh_ends_at END
             WHERE login = %(login)s"""


@dataclass(frozen=True, slots=True)
class _Held:
    access: str
    refresh: str
    access_ends_at: datetime
    refresh_ends_at: datetime
    refreshed_at: datetime
    error: str | None


def access(settings: Settings, now: datetime, *, stale: str | None = None) -> str:
    """The access token. `stale`: one that ANAF has just refused; another is fetched unless somebody has done so meanwhile.

    Raises:
        NotConfigured: nobody has logged in, or the login has ended; or the token is new and was refused all the same.
        Retryable: it could not be refreshed now.
    """
    with _connected(settings) as connection:
        held = _read(connection, settings)
    if held.access_ends_at > now + _TOO_NEAR and held.access != stale:
        return held.access
    if held.access == stale and held.refreshed_at > now - _NOT_AGAIN:
        raise NotConfigured(
            "ANAF refuses a token that it has just given: it has no right for this fiscal number in SPV; nothing was sent. Next: have the "
            "right granted there to whoever logged in, or log in as somebody who has it"
        )
    return refresh(settings, now, unless=lambda found: found.access != held.access).access


def refresh(settings: Settings, now: datetime, *, unless: Any = None) -> _Held:
    """Exchange the refresh token for new tokens, one at a time; not, if `unless` says of the row, now locked, that it was done.

    Raises:
        NotConfigured: a person must log in.
        Retryable: it could not be done now; the tokens are as they were, or nobody can say.
    """
    with _connected(settings) as connection:
        held = _read(connection, settings, lock=True)
        if unless is not None and unless(held):
            return held
        try:
            found = _exchanged(held, settings, now)
        except (Retryable, Unknown, Final) as error:
            bound = {"login": _login(settings), "now": now, "error": str(error)[:500], "ended": isinstance(error, Final)}
            connection.execute(_FAILED, bound)
            connection.commit()
            log.warning("anaf_token_not_refreshed", error_class=type(error).__name__, error=str(error))
            if isinstance(error, Retryable):
                raise
            ended = f"ANAF's token could not be refreshed: {error}"
            raise (NotConfigured(ended) if isinstance(error, Final) else Retryable(ended)) from error
        connection.execute(_REFRESHED, _values(found, settings, now))
        connection.commit()
        log.info("anaf_token_refreshed", access_ends_at=found.access_ends_at.isoformat())
        return _read(connection, settings)


def authorised(code: str, settings: Settings, now: datetime) -> datetime:
    """Keep the tokens that a person's login gave; when the access token ends.

    Raises:
        Final, NotConfigured, Retryable, Unknown: as `providers.anaf.tokens.exchange`; the tokens that were kept before stay.
        SealError: no key to seal them with is set; asked before the code is spent.
    """
    SealRing.from_settings(settings)
    found = tokens.exchange(code, settings, now)
    with _connected(settings) as connection:
        values = _values(found, settings, now)
        connection.execute(_AUTHORISED, values | {"refresh_ends_at": values["refresh_ends_at"] or found.access_ends_at})
        connection.commit()
    return found.access_ends_at


def _exchanged(held: _Held, settings: Settings, now: datetime) -> tokens.Tokens:
    if held.refresh_ends_at <= now:
        if held.error is not None and held.error.startswith(_ENDED):
            raise Final(held.error)  # said before: said of what was said, its cause would be lost
        raise Final(f"{_ENDED} ({held.error or 'by its time'}); a person with a certificate must log in again")
    found = tokens.refresh(held.refresh, settings, now)
    failpoints.reach("call.answered")
    return found


def _values(found: tokens.Tokens, settings: Settings, now: datetime) -> dict[str, Any]:
    ring, login = SealRing.from_settings(settings), _login(settings)
    return {
        "login": login, "access": ring.seal(found.access, f"anaf_token.access:{login}"),
        "refresh": ring.seal(found.refresh, f"anaf_token.refresh:{login}"), "access_ends_at": found.access_ends_at,
        "refresh_ends_at": found.refresh_ends_at, "now": now,
    }  # fmt: skip


def _read(connection: psycopg.Connection[Any], settings: Settings, *, lock: bool = False) -> _Held:
    login = _login(settings)
    row = connection.execute(f"{_READ} FOR UPDATE" if lock else _READ, {"login": login}).fetchone()
    if row is None:
        raise NotConfigured(
            "nobody has logged in at ANAF yet: e-Facturas wait. Next: a person with a certificate, `bursar efactura token url`"
        )
    try:
        ring = SealRing.from_settings(settings)
        opened = ring.open(row[0], f"anaf_token.access:{login}"), ring.open(row[1], f"anaf_token.refresh:{login}")
    except SealError as error:
        raise NotConfigured(f"the tokens for ANAF cannot be read: {error}") from error
    return _Held(*opened, *row[2:])


def _login(settings: Settings) -> str:
    """Of which application the tokens are; another client id is another login."""
    if not settings.anaf_client_id:
        raise NotConfigured("BURSAR_ANAF_CLIENT_ID is not set: nothing reaches ANAF, and e-Facturas wait; see docs/e-factura.md")
    return settings.anaf_client_id


@contextmanager
def _connected(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    try:
        with connect(settings.database_url.get_secret_value(), "bursar_app", application="bursar-anaf-token") as connection:
            yield connection
    except psycopg.errors.LockNotAvailable:
        raise Retryable("the tokens for ANAF are being refreshed at this moment") from None
