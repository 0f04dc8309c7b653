"""`bursar document pdf|ubl|receipt`: issued papers as files, made anew from their rows, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import click

from billing.rules.paper.document import Document
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import PROBLEMS, TroubleError, nothing
from emails.papers.render import receipt_pdf
from providers.anaf.ubl.compose import NotWritableError
from providers.anaf.ubl.ro_rules import check
from tasks.notifications.papers import NoPaperError, paper, paper_pdf, paper_ubl
from tasks.notifications.receipts import NoReceiptError, receipt

_TO = click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path), help="The file. Default: its number, in this folder.")
_NUMBER = click.argument("number", metavar="NUMBER")


@click.command("pdf")
@_NUMBER
@_TO
@action("viewer")
def pdf(number: str, path: Path | None) -> None:
    """Write an issued paper as PDF, with its e-invoice attached."""
    document = _paper(number)
    write(path or Path(f"{document.number}.pdf"), paper_pdf(document))


@click.command("ubl")
@_NUMBER
@_TO
@action("viewer")
def ubl(number: str, path: Path | None) -> None:
    """Write an issued paper as UBL 2.1 and say what the Romanian rules have against it."""
    document = _paper(number)
    try:
        made = paper_ubl(document)
    except NotWritableError as error:
        then = "`bursar document pdf` prints it all the same"
        raise TroubleError(PROBLEMS, str(error), effect="no file was written", then=then) from None
    write(path or Path(f"{document.number}.xml"), made)
    if document.seller.address.country == "RO":
        for finding in check(made):
            click.echo(f"{finding.rule}: {finding.says} ({finding.place}). {finding.then}", err=True)


@click.command("receipt")
@click.argument("payment", metavar="PAYMENT")
@_TO
@action("viewer")
def receipt_of(payment: str, path: Path | None) -> None:
    """Write the receipt of a payment: the provider's name and its id, as in `stripe:pi_...`."""
    source, colon, ref = payment.partition(":")
    if not colon:
        source, ref = "stripe", payment
    try:
        with reading() as connection:
            confirmed = receipt(connection, source, ref)
    except NoReceiptError as error:
        raise nothing(str(error), "`bursar explain` tells how a payment stands") from None
    write(path or Path(f"{confirmed.number}.pdf"), receipt_pdf(confirmed))


def _paper(number: str) -> Document:
    try:
        with reading() as connection:
            return paper(connection, number)
    except NoPaperError as error:
        raise nothing(str(error), "`bursar document ls` lists what was issued") from None


def write(path: Path, made: bytes) -> None:
    """A new file; one that is there is not overwritten."""
    try:
        with path.open("xb") as file:
            file.write(made)
    except OSError as error:
        raise TroubleError(PROBLEMS, f"{path}: {error.strerror}", effect="no file was written", then="name another with --to") from None
    click.echo(f"{path} ({len(made)} bytes)")
