"""`bursar mail suppressions`: addresses that get no mail."""

from __future__ import annotations

import click

from billing.rules.mail_address import digest, normalised
from cli.mail.found import masked
from cli.printing import json_line, short, table
from cli.reason import reason_said
from cli.roles import action, actor
from cli.surroundings import acting, reading
from cli.trouble import nothing
from tasks.notifications.mail import track

_LS = """SELECT id, address, scope, because, said, created_at, lifted_at FROM (
             SELECT id::text, address, scope, because, said, created_at, lifted_at, address_sha256 FROM bursar.mail_block
             UNION ALL SELECT 'left', NULL, mail, 'unsubscribed', NULL, left_at, back_at, decode(left(external_id, 64), 'hex')
             FROM bursar.mail_leaving WHERE left_at IS NOT NULL) AS blocks
         WHERE (%(digest)s::bytea IS NULL OR address_sha256 = %(digest)s) AND (%(lifted)s OR lifted_at IS NULL)
         ORDER BY created_at DESC LIMIT %(limit)s"""


@click.group()
def suppressions() -> None:
    """Addresses that get no mail: they bounced, complained, left, or an operator said so."""


@suppressions.command()
@click.option("--to", "address", metavar="ADDRESS", help="Only this address, however it is typed.")
@click.option("--lifted", is_flag=True, help="Lifted ones too.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(address: str | None, lifted: bool, limit: int, as_json: bool) -> None:
    """List them, newest first. Of those who left one kind of mail the address is not known, only its digest."""
    bound = {"digest": digest(address) if address else None, "lifted": lifted, "limit": limit}
    with reading() as connection:
        rows = [dict(row._mapping) for row in connection.exec_driver_sql(_LS, bound)]
    if not rows:
        raise nothing("no address is suppressed" if not address else "that address is not suppressed", "mails go there")
    rows = [row | {"address": masked(row["address"]), "scope": "everything" if row["scope"] == "*" else row["scope"]} for row in rows]
    if as_json:
        for row in rows:
            json_line(row)
        return
    head = ("ID", "SINCE", "ADDRESS", "GETS NO", "BECAUSE", "LIFTED", "SAID")
    names = ("id", "created_at", "address", "scope", "because", "lifted_at")
    table(head, ((*(row[name] for name in names), short(row["said"], 60)) for row in rows))


@suppressions.command()
@click.argument("address")
@click.option("--reason", metavar="TEXT", required=True, help="Why; goes into the audit.")
@action("operator")
def add(address: str, reason: str) -> None:
    """Send nothing more to an address."""
    with acting() as context, context.engine.begin() as connection:
        said = reason_said(reason)
        new = track.block(
            context, connection, address=normalised(address), sha256=digest(address), because="operator", actor=str(actor()), reason=said
        )
    click.echo(f"{masked(normalised(address))} gets no mail {'from now on' if new else 'already'}")


@suppressions.command()
@click.argument("address")
@click.option("--reason", metavar="TEXT", required=True, help="Why, such as: its owner asked for it; goes into the audit.")
@action("operator")
def lift(address: str, reason: str) -> None:
    """Send to an address again. Mails that were suppressed meanwhile stay unsent: `bursar mail resend` sends one."""
    with acting() as context, context.engine.begin() as connection:
        count = track.lift(context, connection, address, actor=str(actor()), reason=reason_said(reason))
    if not count:
        raise nothing("that address is not suppressed", "see which are: `bursar mail suppressions ls`")
    click.echo(f"{masked(normalised(address))} gets mail again")
