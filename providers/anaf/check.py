"""Our own check of a document before ANAF sees it: one function, whatever the rules are that stand behind it (TAX-2, TAX-3)."""

from __future__ import annotations

from billing.rules.paper.document import Document


def wrong_with(document: Document, ubl: bytes) -> list[str]:  # noqa: ARG001 - the rules of CIUS-RO look at the bytes
    """What the ministry would refuse, one sentence each; empty: nothing that we know of."""
    return [] if document.seller.address.country == "RO" else ["only a seller in Romania sends documents to ANAF"]
