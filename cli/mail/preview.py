"""`bursar mail preview`: how every mail looks, without a database and without sending anything."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from cli.roles import action
from cli.surroundings import settings
from emails.catalogue import CATALOGUE
from emails.languages import DEFAULT, LANGUAGES
from emails.render import Reader, render
from emails.samples import SAMPLES
from providers.mail.message import display_name

_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Every mail</title><style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 24px; background: #d5dae2; color: #1a2330; }
h2 { margin: 40px 0 4px; } p { margin: 0 0 8px; }
iframe { border: 1px solid #98a3b3; border-radius: 6px; background: #fff; margin: 0 12px 12px 0; vertical-align: top; }
.dark { color-scheme: dark; background: #10141a; } .light { color-scheme: light; } pre { background: #fff; padding: 12px; max-width: 100ch;
white-space: pre-wrap; } nav a { display: inline-block; margin: 0 12px 4px 0; }
</style><h1>Every mail</h1>
<p>Each language, each example, at the width of a phone and of a desktop, in light and dark. Rendered from emails/samples.py.</p>
"""
_FRAMES = ((390, "light"), (390, "dark"), (800, "light"), (800, "dark"))


@click.command()
@click.option("--to", "file", type=click.Path(dir_okay=False, path_type=Path), default="mails.html", show_default=True, help="This file.")
@click.option("--mail", "name", type=click.Choice(sorted(CATALOGUE)), metavar="NAME", help="Only this one.")
@click.option("--name", "reader", default="Ana Ionescu", show_default=True, help="Who reads it: try a long one, or one from right to left.")
@action("viewer")
def preview(file: Path, name: str | None, reader: str) -> None:
    """Write one page with every mail in every language and state. Nothing is sent, and no database is needed."""
    names = [name] if name else list(CATALOGUE)
    brand = display_name(settings().mail_from)
    links = "".join(f'<a href="#{one}">{one}</a>' for one in names)
    file.write_text(f"{_HEAD}<nav>{links}</nav>" + "".join(part for one in names for part in _mail(one, reader, brand)), encoding="utf-8")
    click.echo(f"{len(names)} mails are in {file}; open it in a browser")


def _mail(name: str, reader: str, brand: str) -> Iterator[str]:
    entry = CATALOGUE[name]
    owed = "owed, whatever its reader prefers" if entry.transactional else "may be left by its reader"
    kind = "to operators" if entry.operators else owed
    yield f'<h2 id="{name}">{name}</h2><p>Once within: {html.escape(entry.period)}. {kind.capitalize()}.</p>'
    leave = None if entry.transactional else "https://pay.example.com/mail/unsubscribe/token"
    for language in [DEFAULT] if entry.operators else LANGUAGES:
        for context in SAMPLES[name]:
            words = render(name, asdict(context), Reader(language, "Europe/Bucharest", reader, brand, leave))
            yield f"<h3>{language}: {html.escape(words.subject)}</h3>"
            source = html.escape(words.html, quote=True)
            for width, scheme in _FRAMES:
                yield f'<iframe class="{scheme}" title="{scheme}" width="{width}" height="640" sandbox srcdoc="{source}"></iframe>'
            yield f"<details><summary>Text</summary><pre>{html.escape(words.text)}</pre></details>"
