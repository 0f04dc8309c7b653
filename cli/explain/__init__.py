"""`bursar explain ID`: the whole story of one payment, subscription, payout, event ..., and what happens next."""

from __future__ import annotations

import click

from cli.explain.chain import chain_of
from cli.explain.find import find
from cli.explain.tell import as_object, tell
from cli.printing import json_line
from cli.roles import action
from cli.surroundings import reading, settings


@click.command()
@click.argument("identity", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@action("viewer")
def explain(identity: str, as_json: bool) -> None:
    """Tell how ID came to be as it is: event, handler, rows, books, calls at providers, mails, and what happens next and when.

    ID is a provider's id (pi_..., re_..., dp_...), Bursar's own (pay_0190..., sbr_...), a request's reference, the app's name of a
    subscriber, subscription, invoice, order or product, what credits were granted or spent for, a submission's key, an event's id or
    row number; `source:ID` where two use the same.
    """
    with reading() as connection:
        chain = chain_of(connection, find(connection, identity), bank_transfer_days=settings().bank_transfer_days)
    if as_json:
        json_line(as_object(chain))
    else:
        tell(chain)
