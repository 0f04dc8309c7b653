"""Whether documents can reach ANAF: the doctor's look at the login there, and at what waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg

from cli.checks.finding import Finding, fail, ok, warn
from core.sealed import SealError, SealRing
from core.settings import Settings

_CHECK = "anaf"
_OPEN = """SELECT count(*) FILTER (WHERE status <> 'accepted'), count(*) FILTER (WHERE status IN ('rejected', 'refused_locally')),
                  count(*) FILTER (WHERE status <> 'accepted' AND deadline_at <= clock_timestamp()), count(*)
           FROM bursar.efactura WHERE versions <> '{}'"""
_HELD = """SELECT access_ends_at, refresh_ends_at, error, refresh_ends_at <= clock_timestamp() AS ended,
                   refresh_ends_at <= clock_timestamp() + interval '30 days' AS soon
            FROM bursar.anaf_token WHERE login = %(login)s"""
_ROMANIAN = "SELECT EXISTS (SELECT FROM bursar.seller WHERE country = 'RO' AND versions <> '{}')"
_LOG_IN = "a person with a certificate: bursar efactura token url (docs/runbook/e-factura.md)"


def anaf(connection: psycopg.Connection[Any], settings: Settings) -> Iterator[Finding]:
    """Nothing, where nobody here owes e-Facturas."""
    waiting, refused, late, known = connection.execute(_OPEN).fetchone() or (0, 0, 0, 0)
    (romanian,) = connection.execute(_ROMANIAN).fetchone() or (False,)
    if not (romanian or known):
        return
    yield _login(connection, settings, waiting)
    if late:
        yield fail("e-Facturas", f"{late} are not accepted and past their deadline", "bursar efactura ls --open; docs/runbook/e-factura.md")
    elif refused:
        yield warn("e-Facturas", f"{refused} were refused", "bursar efactura ls --open; docs/runbook/e-factura.md")
    else:
        yield ok("e-Facturas", f"{known} known, {waiting} on their way")


def _login(connection: psycopg.Connection[Any], settings: Settings, waiting: int) -> Finding:
    if not settings.anaf_client_id or not settings.anaf_client_secret.get_secret_value():
        return warn(
            _CHECK, f"no application is registered: {waiting} e-Facturas wait",
            "set BURSAR_ANAF_CLIENT_ID and BURSAR_ANAF_CLIENT_SECRET, see docs/e-factura.md",
        )  # fmt: skip
    try:
        SealRing.from_settings(settings)
    except SealError as wrong:
        return fail(_CHECK, f"{wrong}; {waiting} e-Facturas wait", "set BURSAR_SEAL_KEYS as `id:secret`, 16 characters or more")
    found = connection.execute(_HELD, {"login": settings.anaf_client_id}).fetchone()
    if found is None:
        return fail(_CHECK, f"nobody has logged in, so there is no token; {waiting} e-Facturas wait", _LOG_IN)
    access_ends_at, refresh_ends_at, error, ended, soon = found
    until = f"token until {_day(access_ends_at)}, login until {_day(refresh_ends_at)}"
    if ended:
        return fail(_CHECK, f"the login has ended ({until}), {waiting} e-Facturas wait", _LOG_IN)
    if error:
        return warn(_CHECK, f"the token could not be refreshed: {error[:150]} ({until})", "bursar efactura token refresh --reason '...'")
    return warn(_CHECK, f"the login ends soon ({until})", _LOG_IN) if soon else ok(_CHECK, until)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
