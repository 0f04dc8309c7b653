"""An account's statement of a month as PDF, for the account's owner (PAYOUT-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from billing.operations.parties import seller_party
from billing.rules.money import iso_minor
from cli.billing_rows import rows
from cli.document_files import write
from cli.trouble import nothing
from emails.papers.render import statement_pdf
from emails.papers.statement import PayoutStatement
from models.plain import new_row
from models.seller import Seller

_SELLER = "SELECT * FROM bursar.seller WHERE source = 'bursar' AND versions <> '{}'"


def write_statement(
    path: Path, payee: Mapping[str, Any], begin: datetime, end: datetime, moved: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """The month from `begin` until `end`, with what `payee_statement` gave, as a PDF in the seller's name and language.

    Raises:
        TroubleError: nobody said who the seller is.
    """
    found = rows(_SELLER)
    if not found:
        raise nothing("no seller is defined, so nobody issues this statement", "`sellers.define`, or leave --pdf out")
    seller = new_row(Seller, **found[0])
    language: Literal["en", "ro"] = "ro" if seller.language == "ro" else "en"
    made = PayoutStatement(
        issuer=seller_party(seller), account_ref=payee["account"], account_name=payee["external_ref"] or payee["account"],
        source=payee["source"], from_on=begin.date(), last_on=(end - timedelta(days=1)).date(), zone=UTC.tzname(None),
        made_on=now.astimezone(ZoneInfo(seller.zone or "UTC")).date(), language=language,
        currencies={str(one["currency"]): _in_iso(payee["source"], one) for one in moved},
    )  # fmt: skip
    write(path, statement_pdf(made))


def _in_iso(source: str, one: Mapping[str, Any]) -> dict[str, int]:
    """Counts as they are, amounts in the currency's own minor units."""
    return {
        name: iso_minor(value, one["currency"], source) if name.endswith("_minor") else value
        for name, value in one.items()
        if name != "currency"
    }
