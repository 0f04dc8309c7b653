"""`bursar mail ls`."""

from __future__ import annotations

import click

from billing.rules.mail_address import digest
from cli.mail.found import COLUMNS, FATES, masked
from cli.printing import json_line, short, table
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import nothing
from emails.catalogue import CATALOGUE

# By its own row where something is asked of it, else the newest calls.
_BY_ROW = f"""SELECT {COLUMNS} FROM bursar.mail m LEFT JOIN bursar.outbox o ON o.kind = 'mail.send' AND o.key = m.key
              WHERE (%(fate)s::text IS NULL OR m.fate = %(fate)s) AND (%(name)s::text IS NULL OR m.name = %(name)s)
                AND (%(digest)s::bytea IS NULL OR m.address_sha256 = %(digest)s)
                AND (%(subscriber)s::text IS NULL OR m.subscriber_ref = %(subscriber)s)
              ORDER BY m.id DESC LIMIT %(limit)s"""  # noqa: S608 - our own names
_NEWEST = f"""SELECT {COLUMNS} FROM (SELECT * FROM bursar.outbox WHERE kind = 'mail.send'
                AND (%(fate)s::text IS NULL OR state IN ('received', 'waiting')) ORDER BY id DESC LIMIT %(limit)s) o
              LEFT JOIN bursar.mail m ON m.key = o.key ORDER BY o.id DESC"""  # noqa: S608 - our own names


@click.command()
@click.option("--fate", type=click.Choice(FATES), help="Of which this became.")
@click.option("--mail", "name", type=click.Choice(sorted(CATALOGUE)), metavar="NAME", help="Of this kind.")
@click.option("--to", "address", metavar="ADDRESS", help="To this address, however it is typed.")
@click.option("--subscriber", metavar="REF", help="To this subscriber.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(fate: str | None, name: str | None, address: str | None, subscriber: str | None, limit: int, as_json: bool) -> None:
    """List mails, newest first, with what became of each."""
    bound = {"fate": fate, "name": name, "digest": digest(address) if address else None, "subscriber": subscriber, "limit": limit}
    chosen = any((fate, name, address, subscriber)) and fate != "queued"
    with reading() as connection:
        rows = [dict(row._mapping) for row in connection.exec_driver_sql(_BY_ROW if chosen else _NEWEST, bound)]
    rows = [row | {"address": masked(row["address"])} for row in rows if fate in (None, row["fate"])]
    if not rows:
        raise nothing("no mail matches", "loosen the filter; `bursar mail ls` alone lists the newest ones")
    if as_json:
        for row in rows:
            json_line(row)
        return
    names = ("id", "created_at", "fate", "tries", "mail", "language", "address")
    head = ("ID", "CREATED", "FATE", "TRIES", "MAIL", "LANG", "TO", "SAID")
    table(head, ((*(row[name] for name in names), short(row["answer"], 60)) for row in rows))
