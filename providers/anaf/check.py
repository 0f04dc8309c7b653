"""Our own check of a document before ANAF sees it: what it would refuse, said before it costs a day (TAX-2, TAX-3)."""

from __future__ import annotations

from billing.rules.paper.document import Document
from providers.anaf.ubl.ro_rules import check

_MOST_PLACES = 20


def wrong_with(document: Document, ubl: bytes) -> list[str]:
    """What the ministry would refuse, a line each with the rule, the place and the next step; empty: nothing that we know of."""
    if document.seller.address.country != "RO":
        return ["only a seller in Romania sends documents to ANAF"]
    return [f"{found.rule} at {found.place}: {found.says} {found.then}" for found in check(ubl)[:_MOST_PLACES]]
