"""Checks of what papers and tax wait for: VIES's word about VAT numbers, and rates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from billing.rules.tax.proof import PROOF_HOLDS
from cli.checks.finding import Finding, fail, ok, warn

_BLOCKED = """SELECT id, error FROM bursar.outbox WHERE kind = 'vies.fetch' AND state = 'dead' AND error_class = 'ViesBlockedError'
              ORDER BY id LIMIT 1"""
_NUMBERS = """
    SELECT count(*) FILTER (WHERE b.vat_id_valid AND b.vat_checked_at < clock_timestamp() - %(holds)s),
           count(*) FILTER (WHERE b.vat_id_valid IS NULL AND v.failures >= 3), count(*) FILTER (WHERE b.vat_id_valid)
    FROM bursar.bill_to b JOIN bursar.vies_check v ON v.source = 'vies' AND v.external_id = b.vat_id"""
_WAITING = """SELECT cause, count(*), min(since) FROM bursar.document_wait WHERE ended_at IS NULL GROUP BY cause ORDER BY cause"""
_UNPAPERED = """SELECT EXISTS (SELECT FROM bursar.invoice WHERE source = 'bursar' AND total_minor > 0)
                AND NOT EXISTS (SELECT FROM bursar.seller WHERE versions <> '{}')"""
_OVER = "SELECT count(*) FROM bursar.finding WHERE source = 'bursar' AND status = 'open' AND kind = 'over_credited'"
_NEXT = {
    "no_fx_rate": "record it: `bursar tax record-fx`; the papers follow by themselves",
    "no_tax_rate": "`bursar document waiting` names the places; define the rate: `bursar tax define-rate`",
    "mixed_tax": "`bursar document waiting` names them; void each, and bill by two invoices what no paper may hold together (docs/tax.md)",
}


def tax(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether numbers can be proven, and papers be issued."""
    yield _numbers(connection)
    if connection.execute(_UNPAPERED).fetchone() == (True,):
        yield warn("seller", "nobody is defined who issues: what Bursar bills gets no numbered papers", "`bursar seller define FILE`")
    waiting = connection.execute(_WAITING).fetchall()
    for cause, count, since in waiting:
        yield warn("papers", f"{count} wait since {since:%Y-%m-%d %H:%M} ({cause})", _NEXT.get(cause, "`bursar document waiting`"))
    if not waiting:
        yield ok("papers", "none waits for a rate")
    yield from _credited(connection)


def _credited(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    row = connection.execute(_OVER).fetchone()
    if row is not None and row[0]:
        said = f"{row[0]} invoice{'s' if row[0] > 1 else ''} with credit notes over more than went back: refunds have failed"
        yield warn("credit notes", said, "`bursar recon findings --source bursar`; docs/runbook/refunds.md")


def _numbers(connection: psycopg.Connection[Any]) -> Finding:
    blocked = connection.execute(_BLOCKED).fetchone()
    if blocked is not None:
        return fail(
            "vies", f"VIES has shut us out: {' '.join(str(blocked[1]).split())[:200]}",
            f"docs/runbook/vies-blocked.md; then bursar outbox replay {blocked[0]} --reason '...'",
        )  # fmt: skip
    row = connection.execute(_NUMBERS, {"holds": PROOF_HOLDS}).fetchone()
    old, silent, proven = row or (0, 0, 0)
    if old or silent:
        return warn(
            "vies", f"{old} VAT numbers have a proof that is too old, of {silent} VIES could not say; they are charged VAT",
            "`bursar tax vies` lists them with its errors; it is asked again by itself",
        )  # fmt: skip
    return ok("vies", f"{proven} VAT numbers are proven")
