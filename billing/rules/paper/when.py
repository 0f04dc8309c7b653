"""Which of our own invoices get a numbered paper, and when (INV-8). A policy, on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

WHEN: Mapping[str, Literal["issued", "paid"]] = {
    "subscription": "issued",
    "proration": "issued",
    "custom": "issued",
    "event": "issued",
    "course": "issued",
    "credit_package": "paid",
}
"""Invoice type -> when its number is drawn. A package that nobody has paid is an offer: one that nobody pays leaves no paper and
needs no credit note."""

TEMPLATE = 1
"""Version of the form that papers are printed in; a paper keeps the one that it was issued with."""
KEEP_YEARS = 10
"""For how long a seller's law wants the buyer to be known, unless the seller says otherwise: after the year of issue."""


def number_text(series: str, year: int, no: int) -> str:
    """`BRS-2026-000123`: no part of it is secret, and it alone of all ids follows one on another (SEC-11)."""
    return f"{series}-{year}-{no:06d}"
