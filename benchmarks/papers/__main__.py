"""`python -m benchmarks.papers`: milliseconds of processor time for each kind of paper; the goal is 20."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from benchmarks.table import median, met, show
from emails.papers.render import document_pdf, receipt_pdf, statement_pdf
from providers.anaf.ubl.compose import compose
from providers.anaf.ubl.ro_rules import check
from tests.factories.paper import a_credit_note, a_document, samples
from tests.factories.receipts import a_receipt, a_statement

_ROUNDS = 25
_GOAL_MS = 20


def _measured(make: Callable[[str], object]) -> tuple[float, float]:
    """(processor, wall) of the middle round, in ms. Each round's document is another, or the compiler would remember it."""
    make("warm-0")
    rounds = []
    for turn in range(_ROUNDS):
        wall, used = time.perf_counter(), time.process_time()
        make(f"N-{turn}")
        rounds.append((time.process_time() - used, time.perf_counter() - wall))
    return median([used for used, _ in rounds]) * 1000, median([wall for _, wall in rounds]) * 1000


def main() -> None:
    """Measure and print."""
    invoice, note, long = a_document(), a_credit_note(), samples()["many_lines"]
    ubl = compose(invoice)
    kinds: list[tuple[str, Callable[[str], object], bool]] = [
        ("invoice, with its UBL", lambda name: document_pdf(replace(invoice, number=name), ubl), True),
        ("credit note", lambda name: document_pdf(replace(note, number=name)), True),
        ("receipt", lambda name: receipt_pdf(a_receipt(number=name)), True),
        ("payout statement", lambda name: statement_pdf(a_statement(account_ref=name)), True),
        ("invoice of 60 lines, 4 pages", lambda name: document_pdf(replace(long, number=name)), False),
        ("UBL", lambda name: compose(replace(invoice, number=name)), True),
        ("check of the Romanian rules", lambda _: check(ubl), True),
    ]
    rows = []
    for title, make, goal in kinds:
        used, wall = _measured(make)
        rows.append((title, f"{used:.1f}", f"{wall:.1f}", met(used < _GOAL_MS) if goal else ""))
    show("Papers, ms each, median", ("paper", "processor", "wall", f"under {_GOAL_MS}"), rows)


if __name__ == "__main__":
    main()
