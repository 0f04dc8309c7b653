"""Checks of what papers and tax wait for: VIES's word about VAT numbers, and rates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg

from billing.operations.used_currencies import RECENT, USED
from billing.rules.tax.central_bank import bank_of
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
_OVER = """SELECT kind, count(*) FROM bursar.finding WHERE source = 'bursar' AND status = 'open'
           AND kind IN ('given_back_twice', 'over_credited') GROUP BY kind ORDER BY kind"""
_OFFICE = """SELECT currency, clock_timestamp(), (clock_timestamp() AT TIME ZONE coalesce(zone, 'UTC'))::date
             FROM bursar.seller WHERE versions <> '{}' AND vat_registered AND currency IS NOT NULL"""
_NEWEST = """SELECT base, max(valid_on) FROM bursar.fx_rate
             WHERE rate_source = %(bank)s AND quote = %(quote)s AND base = ANY (%(bases)s) AND valid_on <= %(on)s GROUP BY base"""
_HELD = """SELECT external_id, rate, last_rate FROM bursar.fx_held WHERE ended_at IS NULL ORDER BY held_at, id"""
_FEED = "SELECT error FROM bursar.fx_feed WHERE external_id = %(bank)s"
_DIFFERS = {
    "given_back_twice": ("credits", "refunded at the provider whose credit for the same period is spent"),
    "over_credited": ("credit notes", "with credit notes over more than went back: refunds have failed"),
}
_OLD = timedelta(days=3)
"""A weekend with a holiday is bridged; what is older is nearly halfway to the seven days after which papers wait."""
_NEXT = {
    "no_fx_rate": "docs/runbook/fx-rates.md; or record it: `bursar tax record-fx`; the papers follow by themselves",
    "no_tax_rate": "`bursar document waiting` names the places; define the rate: `bursar tax define-rate`",
    "no_number": "none: credit notes of papers that were issued at the same moment follow within the hour",
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
    yield from _exchange(connection)
    yield from _credited(connection)


def _exchange(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Whether there are rates for the currencies in which papers are issued; nothing, where the tax office reckons in that one."""
    office = connection.execute(_OFFICE).fetchone()
    if office is None:
        return
    quote, now, today = office
    used = connection.execute(USED, {"recent": now - RECENT}).fetchall()
    bases = sorted(base for (base,) in used if base and base != quote)
    if not bases:
        return
    bank = bank_of(quote).name
    newest = dict(connection.execute(_NEWEST, {"bank": bank, "quote": quote, "bases": bases, "on": today}).fetchall())
    old = [f"{base}/{quote} {newest.get(base, 'none')}" for base in bases if base not in newest or today - newest[base] > _OLD]
    held = connection.execute(_HELD).fetchall()
    for reference, rate, last_rate in held:
        yield warn("rates of exchange", f"{reference} is kept back: {rate} after {last_rate}", "docs/runbook/fx-rates.md")
    if old:
        feed = connection.execute(_FEED, {"bank": bank}).fetchone()
        why = f"; {bank} said last: {feed[0]}" if feed is not None and feed[0] else ""
        said = f"the newest is old: {', '.join(old)}{why}"
        yield warn("rates of exchange", said, "docs/runbook/fx-rates.md; at seven days papers wait")
    elif not held:
        yield ok("rates of exchange", f"{bank}'s hold for {', '.join(bases)}")


def _credited(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    for kind, count in connection.execute(_OVER):
        name, about = _DIFFERS[kind]
        said = f"{count} invoice{'s' if count > 1 else ''} {about}"
        yield warn(name, said, "`bursar recon findings --source bursar`; docs/runbook/refunds.md")


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
