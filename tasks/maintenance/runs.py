"""The maintenance queue's scheduled runs: `<job>(context, slot_at) -> result`, called for one claimed slot.

Each is bounded in time and picks up where it stopped at its next slot, so that none outlives the task's time limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection

from billing.operations.list_balance import list_balance
from billing.operations.seal_audit import WINDOW_IDS, highest_id, seal, seal_forgotten
from billing.operations.verify_audit import noted_heads, resume_from, verify
from core.clock import monotonic_s
from models.database import connect
from tasks.maintenance import access, efacturas, erasures
from tasks.maintenance import retention as old
from tasks.maintenance.check_invariants import sweep_invariants
from tasks.maintenance.recon.ask import ask_daily, providers
from tasks.maintenance.recon.backfill import ACCOUNTS, Backfilled, backfill_stripe
from tasks.maintenance.recon.backfill_paypal import backfill_paypal
from tasks.maintenance.recon.run import turn
from workers.context import Context
from workers.hints import Hinter
from workers.paging import work_pages
from workers.routes import ROUTES
from workers.routing import queue_of, route
from workers.sweep import sweep as sweep_once
from workers.unit import Unit

log = structlog.get_logger(__name__)

_SEAL_CHUNK = 10_000
_SEAL_BUDGET_S = 8.0
_VERIFY_CHUNK = 20_000
_VERIFY_BUDGET_S = 8.0
"""Of one run, some 150,000 seals; the next run goes on from there, and begins anew after the last one."""
_REOPEN_CHUNK = 1_000
_MONTHS_AHEAD = 3
_BACKFILL_ALL, _BACKFILL_FAILED = timedelta(hours=3), timedelta(days=3)
_BACKFILLED = "SELECT result FROM bursar.schedule_slot WHERE job = 'backfill_events' AND slot_at = %(slot_at)s"
_RECON_BUDGET_S = 10.0
"""Of one turn; the comparison in hand comes on top, and the task is stopped after 20 s."""

_LOOKED_AT = 20_000

# From one (source, event_type, reason) to the next along the index: one look per type, not one per ignored row.
_IGNORED_TYPES = """
    WITH RECURSIVE types AS (
        (SELECT source, event_type, ignored_reason FROM bursar.inbox WHERE state = 'ignored'
         ORDER BY source, event_type, ignored_reason LIMIT 1)
        UNION ALL
        SELECT later.source, later.event_type, later.ignored_reason FROM types, LATERAL (
            SELECT i.source, i.event_type, i.ignored_reason FROM bursar.inbox i WHERE i.state = 'ignored'
              AND (i.source, i.event_type, i.ignored_reason) > (types.source, types.event_type, types.ignored_reason)
            ORDER BY i.source, i.event_type, i.ignored_reason LIMIT 1) AS later)
    SELECT source, event_type, ignored_reason FROM types WHERE ignored_reason <> 'livemode'"""
# Only while the bytes are there: without them an event would go down the ladder and die. Bytes go by age, so the newest rows
# are looked at, and when none of them has any, the older ones have none either. Behind what waits, as a replay.
_REOPEN = """
    WITH newest AS MATERIALIZED (
        SELECT id, received_at FROM bursar.inbox WHERE state = 'ignored' AND source = %(source)s AND event_type = %(event_type)s
           AND ignored_reason = %(reason)s ORDER BY id DESC LIMIT %(looked_at)s),
    chosen AS (
        SELECT i.id FROM newest JOIN bursar.inbox i ON i.id = newest.id WHERE i.state = 'ignored' AND EXISTS (
            SELECT FROM bursar.inbox_payload p WHERE p.inbox_id = newest.id AND p.received_at = newest.received_at)
        LIMIT %(limit)s FOR UPDATE OF i SKIP LOCKED)
    UPDATE bursar.inbox i SET state = 'received', ignored_reason = NULL, queue = %(queue)s, next_at = %(now)s,
           fair_at = %(now)s, ready_at = clock_timestamp() FROM chosen WHERE i.id = chosen.id"""


class AuditTamperedError(Exception):
    """The audit does not verify: rows were changed, removed or reordered behind the program's back."""


def sweep(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """The standby's work once more, for the time that the standby is down."""
    hinter = Hinter(context.settings.broker_url.get_secret_value())
    swept = sweep_once(context, hinter)
    hinter.close()
    return {"promoted": swept.promoted, "lapsed": swept.lapsed, "dead": swept.dead, "late": swept.late}


def seal_audit(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Chain the audit rows that are not sealed yet (AUDIT-3)."""
    sealed, end = 0, monotonic_s() + _SEAL_BUDGET_S
    while True:
        with context.engine.begin() as connection:
            chunk = seal(_driver(connection), context.keys, _SEAL_CHUNK)
        sealed += chunk
        if chunk < _SEAL_CHUNK or monotonic_s() > end:
            return {"sealed": sealed}


def verify_audit(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Check MACs and chain (AUDIT-3), a large audit in turns; `bursar audit verify` checks the whole at once.

    Raises:
        AuditTamperedError: something does not verify; the message names the first bad row.
    """
    checked = sealed = 0
    with context.engine.begin() as connection:
        driver = _driver(connection)
        after, looked_to = resume_from(driver)
        looked_to = seal_forgotten(driver, context.keys, _SEAL_CHUNK, looked_to)
        heads, tail = noted_heads(driver), highest_id(driver) - WINDOW_IDS
    end, more = monotonic_s() + _VERIFY_BUDGET_S, True
    while more:
        with context.engine.begin() as connection:
            report = verify(
                _driver(connection), context.keys, heads=heads, after=after, limit=_VERIFY_CHUNK, tail_above=tail
            )
        if report.first_bad is not None:
            raise AuditTamperedError(str(report.first_bad))
        checked, sealed, after = checked + report.checked, sealed + report.sealed, report.head
        more = report.sealed == _VERIFY_CHUNK
        if monotonic_s() > end:
            break
    # The head in the log, outside the database, proves later that the chain's end was not cut off.
    log.info("audit_verified", rows=checked, head=str(after))
    counts = {"checked": checked, "sealed": sealed, "unsealed": report.unsealed_tail}
    return counts | {"head": str(after), "unfinished": more, "looked_to": looked_to}


def check_invariants(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Compare rows with the journal (promise 5): what changed in the last days, each night in the last weeks.

    Raises:
        InvariantBrokenError: a rule does not hold; operators are told by mail, too.
    """
    return sweep_invariants(context, slot_at)


def reopen_ignored(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Open ignored events whose type has a handler in this version (INBOX-7)."""
    opened = 0
    with context.engine.begin() as connection:
        for source, event_type, reason in connection.exec_driver_sql(_IGNORED_TYPES).all():
            if source in ROUTES and route(source, event_type) is not None:
                bound = {
                    "source": source,
                    "event_type": event_type,
                    "reason": reason,
                    "looked_at": _LOOKED_AT,
                    "limit": _REOPEN_CHUNK,
                    "queue": queue_of(source, event_type),
                    "now": context.clock.now(),
                }
                opened += connection.exec_driver_sql(_REOPEN, bound).rowcount
    return {"opened": opened}


def make_payload_months(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Make the payload partitions of this month and the next ones; rows that came before theirs are moved into it."""
    with _maintenance(context) as connection:
        made = old.make(connection, slot_at, _MONTHS_AHEAD + 1)
    if made["moved_out_of_default"] or made["months_busy"]:
        log.warning("payload_months", **made)
    return made


def retention(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Drop what is past its age (CLEAN-4). Inbox rows and their digests stay; so do payloads of rows that are not final."""
    with _maintenance(context) as connection:
        dropped = old.drop(connection, context.settings, slot_at)
    log.info("retention", **dropped)
    return dropped


def clean_tokens(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Delete tokens that have expired (CLEAN-1)."""
    with _maintenance(context) as connection:
        return access.drop_tokens(connection, slot_at)


def clean_sessions(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Delete sessions that are over (CLEAN-3), and login records past their age."""
    with _maintenance(context) as connection:
        return access.drop_sessions(connection, slot_at, context.settings.login_retention_days)


def erase_customers(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Go on with erasures (SEC-6): those that were asked for, those that wait, and once a week what was told late."""
    return erasures.erase_due(context)


def forget_old_papers(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Erase the buyers of papers that the law no longer wants."""
    with _maintenance(context) as connection:
        return erasures.forget_old(context, connection, slot_at)


def reconcile(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Ask for the day's run, and go on with what is open (RECON-1); the next slot goes on where this one ends."""
    asked = ask_daily(context, slot_at)
    taken = turn(context, budget_s=_RECON_BUDGET_S)
    run = None if taken.run is None else taken.run.reference
    return {"asked": asked, "busy": taken.busy, "run": run, "done": taken.done, "counts": taken.run.counts if taken.run else {}}


def pull_balance_transactions(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Ask for what is new in our balance and in each connected account's; what is answered is booked like any event (RECON-1)."""
    if "stripe" not in providers(context.settings):
        return {"skipped": "no key of Stripe is set"}
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=context.clock.now(), reason="new balance transactions")
        accounts: list[str | None] = [None, *connection.exec_driver_sql(ACCOUNTS).scalars()]
        for account in accounts:
            list_balance(unit, "stripe", account, slot_at)
        unit.flush()
    return {"balances": len(accounts)}


def backfill_events(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Take in what never came (INBOX-6): all of the last hours, and of the last days what Stripe could not deliver.

    In turns: what one did not come to, such as the accounts behind the first ones, the next one does.
    """
    asked = providers(context.settings)
    if not asked:
        return {"skipped": "no provider's key is set"}
    with context.engine.connect() as connection:
        so_far = connection.exec_driver_sql(_BACKFILLED, {"slot_at": slot_at}).scalar() or {}
    at = dict(so_far.get("at") or {})
    counts = {name: so_far.get(name, 0) for name in ("looked_at", "injected")}
    refused = set(so_far.get("refused") or ())
    everything, failed = slot_at - _BACKFILL_ALL, slot_at - _BACKFILL_FAILED
    for name, source, since in (("all", "stripe", everything), ("failed", "stripe", failed), ("paypal", "paypal", everything)):
        if source not in asked or (name in at and at[name] is None):
            continue
        done = _backfill(context, name, since, at.get(name))
        at[name] = None if done.beyond == at.get(name) else done.beyond  # no further: all that is left came at one moment
        counts = {"looked_at": counts["looked_at"] + done.looked_at, "injected": counts["injected"] + done.injected}
        refused |= set(done.refused)
    if counts["injected"]:
        log.warning("events_backfilled", injected=counts["injected"])
    ended = not any(at.values())
    told = {"refused": sorted(refused)} if refused else {}
    return {**counts, **told, "ended": ended, "at": at, "more": not ended}


def _backfill(context: Context, name: str, since: datetime, beyond: list[str] | None) -> Backfilled:
    budget_s = _RECON_BUDGET_S / 3
    if name == "paypal":
        until = datetime.fromisoformat(beyond[0]) if beyond else None
        return backfill_paypal(context, since=since, until=until, budget_s=budget_s)
    return backfill_stripe(context, since=since, failed_only=name == "failed", budget_s=budget_s, beyond=beyond)


def send_efacturas(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Write, check and upload the documents that are queued for the ministry (TAX-3)."""
    return work_pages(context, efacturas.SEND, slot_at)


def ask_efacturas(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Ask what became of uploads; note those whose reply was lost and that are looked for (TAX-3)."""
    noted = work_pages(context, efacturas.NOTE, slot_at)
    asked = work_pages(context, efacturas.ASK, slot_at)
    return {**asked, "lost": noted["items"]}


def renew_anaf_token(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Have the token for ANAF refreshed two weeks before it ends."""
    return efacturas.renew_token(context, slot_at)


def _maintenance(context: Context) -> psycopg.Connection:
    return connect(
        context.settings.database_url.get_secret_value(), "bursar_maintenance", autocommit=True, application="bursar-maintenance"
    )


def _driver(connection: Connection) -> psycopg.Connection:
    driver: psycopg.Connection | None = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection has no driver connection")
    return driver

