"""`bursar confirm bank-transfer`: money that a person saw on the account enters the inbox like any event (INBOX-14).

The bank's reference is the event's id: entered twice it counts once, entered with another amount it is refused.
"""

from __future__ import annotations

import re
from datetime import datetime

import click

from billing.rules.money import AmountError, exponent, parse_minor
from cli.roles import action, actor
from cli.surroundings import acting
from cli.trouble import PROBLEMS, USAGE, TroubleError
from core.ids import new_id
from models.audit import AUDIT, audit_row
from models.bulk import insert_rows
from providers.manual.envelope import confirmation
from workers.store_answer import store_answer

_REFERENCE = re.compile(r"[\x21-\x7e]{1,120}")


@click.group()
def confirm() -> None:
    """Enter what your own people saw."""


@confirm.command("bank-transfer")
@click.argument("reference")
@click.option("--amount", required=True, help="What arrived, as a plain decimal: 1250.00")
@click.option("--currency", required=True, metavar="CODE", help="ISO 4217: EUR, RON, ...")
@click.option("--received-on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The booking's date.")
@click.option("--pays", metavar="TEXT", help="What it pays for, such as an invoice's number.")
@click.option("--reason", required=True, help="Why you enter it; it stands in the audit with your name.")
@action("finance")
def bank_transfer(reference: str, amount: str, currency: str, received_on: datetime, pays: str | None, reason: str) -> None:
    """Record that the transfer with the bank's REFERENCE arrived."""
    answer = confirmation(
        _checked(reference),
        amount_minor=_minor(amount, currency),
        currency=currency,
        received_on=received_on.date(),
        pays=pays,
    )
    with acting() as context:
        now = context.clock.now()
        with context.engine.begin() as connection:
            outcome = store_answer(connection, answer, now=now)
            if outcome == "new":
                row = audit_row(
                    context.keys, uid=new_id(now), at=now, actor=str(actor()), reason=reason, action="bank_transfer.confirmed",
                    object_type="bank_transfer", object_id=reference, before=None,
                    after={"amount": amount, "currency": currency, "pays": pays}, inbox_id=None,
                )  # fmt: skip
                insert_rows(connection, AUDIT, [row])
    if outcome == "conflict":
        raise TroubleError(
            PROBLEMS,
            f"{reference} was confirmed before with other particulars",
            effect="the first confirmation stands, nothing was entered",
            then=f"look at it: bursar inbox show {reference}",
        )
    click.echo(f"{reference}: {'entered' if outcome == 'new' else 'known already, nothing changed'}; bursar inbox show {reference}")


def _checked(reference: str) -> str:
    if not _REFERENCE.fullmatch(reference):
        raise TroubleError(
            USAGE,
            "the reference must be 1 to 120 visible ASCII characters without blanks",
            effect="nothing was entered",
            then="use the bank's own reference of the booking",
        )
    return reference


def _minor(amount: str, currency: str) -> int:
    try:
        minor = parse_minor(amount, exponent(currency))
    except AmountError as error:
        raise TroubleError(USAGE, str(error), effect="nothing was entered", then="mend the amount or the currency") from None
    if minor <= 0:
        raise TroubleError(USAGE, f"{amount} is no amount that can arrive", effect="nothing was entered", then="give what was booked")
    return minor
