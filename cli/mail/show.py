"""`bursar mail show` and `read`."""

from __future__ import annotations

import click

from cli.mail.found import blocks, masked, one, unerased
from cli.mail_address import FOLDER
from cli.printing import facts
from cli.roles import action
from cli.surroundings import reading, settings
from emails.catalogue import CATALOGUE
from emails.languages import language_of
from emails.render import Reader, render
from providers.mail.message import display_name

_NEWER_THAN_ALL = 2**63 - 1
_LINK = "https://example.invalid/the-link-is-only-in-the-mail-itself"


@click.command()
@click.argument("row_id", metavar="ID", type=click.IntRange(1, _NEWER_THAN_ALL))
@action("viewer")
def show(row_id: int) -> None:
    """Show one: to whom, how often it was tried, what the servers said, and what stands against its address."""
    with reading() as connection:
        row = one(connection, row_id)
        against = blocks(connection, row["address"]) if row["address"] else []
    row.pop("payload")
    file = settings().home / FOLDER / f"{row['reference']}.eml"
    facts(
        [
            *((name, masked(value) if name == "address" else value) for name, value in row.items()),
            *([("file", file)] if file.exists() else []),
        ]
    )
    for block in against:
        state = f"lifted {block['lifted_at']:%Y-%m-%d}" if block["lifted_at"] else "stands"
        scope = "everything" if block["scope"] == "*" else block["scope"]
        click.echo(f"suppressed: {scope}, {block['because']}, since {block['created_at']:%Y-%m-%d}, {state}: {block['said'] or ''}")


@click.command()
@click.argument("row_id", metavar="ID", type=click.IntRange(1, _NEWER_THAN_ALL))
@click.option("--html", is_flag=True, help="The HTML part.")
@action("operator")
def read(row_id: int, html: bool) -> None:
    """Print one as its reader sees it; links that prove something once are left out, because nobody else may have them."""
    with reading() as connection:
        payload = unerased(connection, row_id, "there is nothing to read")["payload"]
    context = dict(payload["context"])
    if "token" in payload:
        context |= {"link": _LINK}
    language = "en" if CATALOGUE[payload["mail"]].operators else language_of(payload.get("language"))
    brand = display_name(settings().mail_from)
    words = render(
        payload["mail"], context, Reader(language=language, zone=payload.get("zone") or "UTC", name=payload.get("name"), brand=brand)
    )
    click.echo(words.html if html else f"Subject: {words.subject}\n\n{words.text}", nl=html)
