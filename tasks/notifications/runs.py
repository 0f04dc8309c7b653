"""The notifications queue's scheduled runs: `<job>(context, slot_at) -> result`, called for one claimed slot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import structlog
from sqlalchemy import Connection

from billing.operations.alert_dead_letters import DeadGroup, key, rows
from models.bulk import insert_rows
from models.outbox import OUTBOX
from tasks.notifications import disputes as disputes_mails
from tasks.notifications import efacturas, fx_rates
from tasks.notifications.clock_jumps import tell_jumps
from tasks.notifications.deliveries import tell_conflicts, tell_other_mode
from tasks.notifications.logins import tell_logins
from tasks.notifications.mail.reports import read_mailbox
from tasks.notifications.run_failures import tell_failures
from workers.context import Context
from workers.paging import work_pages
from workers.run_failures import drop_stale

log = structlog.get_logger(__name__)

_LOOK_BACK = timedelta(days=7)
"""Groups whose newest row died before that were told long ago, or died while nobody could be told for a week."""
_MOST_MAILS = 20
"""To one operator in one run, so that a storm of causes is no storm of mails: the largest first, others a minute later."""

_MOST_CAUSES = 2_000

# `next_at` of a dead row is when it died. From one cause to the next along the index, and of each the newest death: asked each
# minute, this must not read a hundred thousand rows that died of one cause. What was told for that day is left out by the key
# that the mails have, and only what is left is counted.
_CAUSES = {
    table: f"""
        WITH RECURSIVE causes AS (
            (SELECT fingerprint FROM bursar.{table} WHERE state = 'dead' ORDER BY fingerprint LIMIT 1)
            UNION ALL
            SELECT later.fingerprint FROM causes, LATERAL (
                SELECT t.fingerprint FROM bursar.{table} t WHERE t.state = 'dead' AND t.fingerprint > causes.fingerprint
                ORDER BY t.fingerprint LIMIT 1) AS later)
        SELECT causes.fingerprint, newest.next_at FROM causes, LATERAL (
            SELECT t.next_at FROM bursar.{table} t WHERE t.state = 'dead' AND t.fingerprint = causes.fingerprint
            ORDER BY t.next_at DESC LIMIT 1) AS newest
        WHERE newest.next_at >= %(since)s LIMIT %(most)s"""  # noqa: S608  # literals of this file
    for table in ("inbox", "outbox")
}
_DEAD = {
    "inbox": """
        SELECT 'inbox', fingerprint, count(*), min(queue), min(source), array_agg(DISTINCT event_type),
               (array_agg(object_id ORDER BY id DESC))[1], (array_agg(error_class ORDER BY id DESC))[1],
               (array_agg(error ORDER BY id DESC))[1], min(received_at), max(next_at), max(id)
        FROM bursar.inbox WHERE state = 'dead' AND fingerprint = ANY(%(causes)s) GROUP BY fingerprint""",
    "outbox": """
        SELECT 'outbox', fingerprint, count(*), min(queue), 'outbox', array_agg(DISTINCT kind), NULL,
               (array_agg(error_class ORDER BY id DESC))[1], (array_agg(error ORDER BY id DESC))[1],
               min(created_at), max(next_at), max(id)
        FROM bursar.outbox WHERE state = 'dead' AND fingerprint = ANY(%(causes)s) GROUP BY fingerprint""",
}
_TOLD = "SELECT key FROM bursar.outbox WHERE kind = 'mail.send' AND key = ANY(%(keys)s)"


def alert_dead_letters(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """One mail per cause of death, day and operator (MAIL-6). Without operators, the log and the metrics alone tell."""
    now, recipients = context.clock.now(), context.settings.operator_emails
    with context.engine.begin() as connection:
        causes = _causes(connection, slot_at - _LOOK_BACK)
        new = _not_told(connection, {key(*cause, to): cause for cause in causes for to in recipients})
        dead = _dead(connection, {cause[:2] for cause in new.values()})
        fitting = [row for row in rows(dead, recipients, now) if row["key"] in new]
        mails = sorted(fitting[: _MOST_MAILS * len(recipients)], key=itemgetter("key"))
        made = insert_rows(connection, OUTBOX, mails, once_by=("kind", "key"), returning=("id",)) if mails else []
    if made:
        log.warning("dead_letters_told", groups=len(causes), mails=len(made))
    return {"groups": len(causes), "mails": len(made)}


def alert_deliveries(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """One mail for all new conflicts, and one a day for events of the other mode. Without operators nothing is marked as told."""
    now, recipients = context.clock.now(), context.settings.operator_emails
    if not recipients:
        return {"conflicts": 0, "other_mode_types": 0, "mails": 0}
    with context.engine.begin() as connection:
        conflicts, of_conflicts = tell_conflicts(connection, recipients, slot_at, now)
        types, of_types = tell_other_mode(connection, context.settings.mode, recipients, slot_at, now)
    if of_conflicts + of_types:
        log.warning("deliveries_told", conflicts=conflicts, other_mode_types=types, mails=of_conflicts + of_types)
    return {"conflicts": conflicts, "other_mode_types": types, "mails": of_conflicts + of_types}


def alert_disputes(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """One mail about each new dispute and operator (DISPUTE-1). Without operators nothing is marked as told."""
    recipients = context.settings.operator_emails
    if not recipients:
        return {"disputes": 0, "mails": 0}
    with context.engine.begin() as connection:
        disputes, mails = disputes_mails.tell_new(connection, recipients, context.clock.now())
    if mails:
        log.warning("disputes_told", disputes=disputes, mails=mails)
    return {"disputes": disputes, "mails": mails}


def alert_clock_jumps(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Tell operators that money waits because the clock jumped. Without operators, the log and the doctor alone tell."""
    recipients = context.settings.operator_emails
    if not recipients:
        return {"jumps": 0, "mails": 0}
    with context.engine.begin() as connection:
        jumps, mails = tell_jumps(connection, recipients, context.clock.now())
    return {"jumps": jumps, "mails": mails}


def alert_run_failures(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """One mail per job that cannot do all that is due, day and operator. Without operators, doctor and metrics alone tell."""
    with context.engine.begin() as connection:
        stale = drop_stale(connection, context.clock.now())
    if stale:
        log.info("run_failures_forgotten", items=[f"{job} {item}" for job, item in stale[:20]], count=len(stale), cause="due no longer")
    recipients = context.settings.operator_emails
    if not recipients:
        return {"jobs": 0, "mails": 0}
    with context.engine.begin() as connection:
        jobs, mails = tell_failures(connection, recipients, context.clock.now())
    if mails:
        log.warning("run_failures_told", jobs=jobs, mails=mails)
    return {"jobs": jobs, "mails": mails}


def read_mail_reports(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """What came back to the mailbox for bounces (MAIL-3), by kind. Without such a mailbox nothing is read, and `doctor` says so."""
    return read_mailbox(context)


def alert_efacturas(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Tell operators of e-Facturas that were refused, are near their deadline or missed it, and of a login at ANAF that ends (TAX-3).

    Without operators nothing is marked as told; `bursar efactura ls --open` and the doctor show it.
    """
    recipients = context.settings.operator_emails
    if not recipients:
        return {"items": 0, "failed": 0, "logins": 0}
    told = work_pages(context, efacturas.alarms(recipients), slot_at)
    return {**told, "logins": efacturas.tell_of_login(context)}


def alert_fx_rates(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Tell operators of rates of exchange that were kept back (TAX-5).

    Without operators nothing is marked as told; the doctor and `bursar tax fx` show it.
    """
    recipients = context.settings.operator_emails
    if not recipients:
        return {"items": 0, "failed": 0}
    return work_pages(context, fx_rates.alarms(recipients), slot_at)


def alert_logins(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """One mail an hour to each operator while many logins fail (SEC-5). Without operators, the log alone tells."""
    settings = context.settings
    with context.engine.begin() as connection:
        found, mails = tell_logins(connection, settings.operator_emails, settings.login_failures_alert, context.clock.now())
    if found:
        log.warning("logins_fail", found=found, mails=mails)
    return {"found": found, "mails": mails}


def remind_dispute_deadlines(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Mails 7, 3 and 1 days before the deadline of a dispute that waits for our answer, each once (DISPUTE-3)."""
    with context.engine.begin() as connection:
        near, mails = disputes_mails.remind(connection, context.settings.operator_emails, context.clock.now())
    return {"near": near, "mails": mails}


def _causes(connection: Connection, since: datetime) -> list[tuple[str, str, datetime]]:
    """Table, fingerprint, and when the newest of them died."""
    bound = {"since": since, "most": _MOST_CAUSES}
    return [(table, row[0], row[1]) for table, sql in _CAUSES.items() for row in connection.exec_driver_sql(sql, bound)]


def _dead(connection: Connection, causes: set[tuple[str, str]]) -> list[DeadGroup]:
    found = []
    for table, sql in _DEAD.items():
        if wanted := [fingerprint for of, fingerprint in causes if of == table]:
            found += [DeadGroup(*row) for row in connection.exec_driver_sql(sql, {"causes": wanted})]
    return sorted(found, key=lambda group: (-group.count, group.fingerprint))


def _not_told(
    connection: Connection, wanted: dict[str, tuple[str, str, datetime]]
) -> dict[str, tuple[str, str, datetime]]:
    told = set(connection.exec_driver_sql(_TOLD, {"keys": list(wanted)}).scalars())
    return {one: cause for one, cause in wanted.items() if one not in told}
