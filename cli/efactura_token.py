"""`bursar efactura token`: the login at ANAF, which only a person with a certificate can make."""

from __future__ import annotations

import click

from cli.billing_rows import JSON, rows
from cli.printing import facts, json_line
from cli.roles import action, actor
from cli.surroundings import acting, settings
from cli.trouble import PROBLEMS, UNAVAILABLE, USAGE, TroubleError, nothing
from core.sealed import SealError
from providers.anaf import tokens
from providers.errors import Final, NotConfigured, Retryable, Unknown
from tasks.maintenance.anaf_token import authorised, refresh
from workers.context import Context
from workers.unit import Unit

_SHOW = """SELECT login, access_ends_at, refresh_ends_at, authorised_at, refreshed_at, refreshes, failed_at, error FROM bursar.anaf_token
           ORDER BY login"""
_AS_BEFORE = "the tokens are as they were; e-Facturas wait while there is none"


@click.group()
def token() -> None:
    """The login at ANAF: how long it lasts, renew it, log in."""


@token.command("show")
@JSON
@action("viewer")
def show(as_json: bool) -> None:
    """How long the tokens live, and what went wrong with them last. The tokens themselves are shown nowhere."""
    found = rows(_SHOW)
    if not found:
        raise nothing("nobody has logged in at ANAF yet", "`bursar efactura token url`, as a person with a certificate")
    for row in found:
        if as_json:
            json_line(row)
        else:
            facts((name.replace("_", " "), value) for name, value in row.items())


@token.command("url")
@action("viewer")
def url() -> None:
    """Print where a person with a qualified certificate logs in."""
    try:
        click.echo(tokens.authorise_url(settings()))
    except NotConfigured as error:
        raise TroubleError(USAGE, str(error), effect="nothing was done", then="set both as ANAF gave them, see docs/e-factura.md") from None
    click.echo("then, with what stands behind `?code=` in the browser's address: bursar efactura token take CODE --reason '...'", err=True)


@token.command("take")
@click.argument("code")
@click.option("--reason", metavar="TEXT", required=True, help="Who logged in; goes into the audit.")
@action("admin")
def take(code: str, reason: str) -> None:
    """Exchange the CODE of a login for tokens, and keep them sealed. A code lives about a minute and works once."""
    with acting() as context:
        try:
            ends_at = authorised(code, context.settings, context.clock.now())
        except (SealError, NotConfigured) as error:
            raise TroubleError(USAGE, str(error), effect=_AS_BEFORE, then="set it, log in again: bursar efactura token url") from None
        except Final as error:
            raise TroubleError(PROBLEMS, str(error), effect=_AS_BEFORE, then="log in again: bursar efactura token url") from None
        except (Retryable, Unknown) as error:
            raise TroubleError(UNAVAILABLE, str(error), effect=_AS_BEFORE, then="log in again: bursar efactura token url") from None
        _audit(context, "anaf.logged_in", reason, ends_at.isoformat())
    click.echo(f"ANAF has given tokens until {ends_at:%Y-%m-%d}; documents that waited go out within the hour")


@token.command("refresh")
@click.option("--reason", metavar="TEXT", required=True, help="Goes into the audit.")
@action("operator")
def renew(reason: str) -> None:
    """Exchange the refresh token for new ones now; a daily run does it two weeks before the end."""
    with acting() as context:
        try:
            held = refresh(context.settings, context.clock.now())
        except NotConfigured as error:
            raise TroubleError(PROBLEMS, str(error), effect=_AS_BEFORE, then="log in: bursar efactura token url") from None
        except Retryable as error:
            raise TroubleError(UNAVAILABLE, str(error), effect=_AS_BEFORE, then="try it again; bursar efactura token show") from None
        _audit(context, "anaf.refreshed", reason, held.access_ends_at.isoformat())
    click.echo(f"refreshed: until {held.access_ends_at:%Y-%m-%d}, the login until {held.refresh_ends_at:%Y-%m-%d}")


def _audit(context: Context, what: str, reason: str, ends_at: str) -> None:
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=context.clock.now(), actor=str(actor()), reason=reason)
        unit.audit(what, "anaf_token", context.settings.anaf_client_id, before=None, after={"access_ends_at": ends_at})
        unit.flush()
