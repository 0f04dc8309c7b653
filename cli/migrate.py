"""`bursar migrate`: the schema, before a new version's processes start."""

from __future__ import annotations

import click
import psycopg
from sqlalchemy.exc import DBAPIError

from core.settings import current
from models import migrate as migrations
from models.command_kinds import synchronise
from models.versions import MigrationError, head
from workers.routes import ROUTES


@click.command()
def migrate() -> None:
    """Bring the database to this version of the schema. Safe to repeat, and safe when two run at once."""
    url = current().database_url.get_secret_value()
    if not url:
        raise click.ClickException("BURSAR_DATABASE_URL is not set: set it, or start a copy with `bursar up`")
    try:
        ran = migrations.migrate(url)
        synchronise(url, ROUTES.get("app", {}))
    except (MigrationError, psycopg.Error, DBAPIError) as error:
        raise click.ClickException(f"not migrated: {error}") from error
    click.echo(f"ran {', '.join(ran)}" if ran else f"nothing to do: the schema is at {head()}")
