"""What comes back: each report once, to the mail that it is about, and to its address where that gets no more mail (MAIL-3)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy import Connection

from core.settings import Settings
from providers.errors import Retryable
from providers.mail.mailbox import opened
from providers.mail.report import Report, read_report
from tasks.notifications.mail import track
from workers.context import Context

log = structlog.get_logger(__name__)

_AT_ONCE, _MOST = 200, 2_000
_SOFT_LIMIT = 3
"""So many different mails in a row that came back, within the days below, and the address gets no more."""
_SOFT_DAYS = 30
_MOST_RAW = 50_000

_NEW = """INSERT INTO bursar.mail_report (sha256, kind, mail_key, said, raw, received_at)
          VALUES (%(sha256)s, %(kind)s, %(key)s, %(said)s, %(raw)s, %(now)s) ON CONFLICT (sha256) DO NOTHING RETURNING kind"""
_OURS = """SELECT key, address, address_sha256, fate FROM bursar.mail WHERE reference = ANY (%(references)s)
           ORDER BY array_position(%(references)s, reference) LIMIT 1 FOR UPDATE"""
_CAME_BACK = """UPDATE bursar.mail SET fate = %(fate)s, answer = %(said)s, fate_at = %(now)s
                WHERE key = %(key)s AND (fate <> 'complained' OR %(fate)s = 'complained')"""
# Newest first; a mail that stayed with the address ends the row of those that came back.
_LATELY = """SELECT fate FROM bursar.mail WHERE address_sha256 = %(digest)s AND fate_at > %(now)s - make_interval(days => %(days)s)
             AND fate IN ('sent', 'bounced') ORDER BY id DESC LIMIT %(most)s"""


def take(context: Context, connection: Connection, raw: bytes) -> str:
    """Record one message from the mailbox: `bounce`, `soft_bounce`, `complaint`, `other`, or `known`. What is nobody's changes nothing."""
    report, now = read_report(raw), context.clock.now()
    found = connection.exec_driver_sql(_OURS, {"references": list(report.references)}).one_or_none() if report.references else None
    understood = found is not None and report.kind != "other"
    bound = {
        "sha256": hashlib.sha256(raw).digest(), "kind": report.kind, "key": found.key if found else None, "said": report.said or None,
        "raw": None if understood else raw[:_MOST_RAW], "now": now,
    }  # fmt: skip
    if connection.exec_driver_sql(_NEW, bound).scalar() is None:
        return "known"
    if found is None or report.kind == "other":
        if report.kind != "other":
            log.warning(
                "mail_report_of_nobody", kind=report.kind, said=report.said, effect="no address is suppressed: it names no mail of ours"
            )
        return report.kind if report.kind == "other" else "nobodys"
    _apply(context, connection, report, found._mapping)
    return report.kind


def _apply(context: Context, connection: Connection, report: Report, mail: Any) -> None:
    about = {"address": mail["address"], "sha256": mail["address_sha256"], "key": mail["key"], "said": report.said}
    now = context.clock.now()
    if report.kind == "soft_bounce":
        return  # the other server goes on trying; it says so again when it gives up
    fate = "complained" if report.kind == "complaint" else "bounced"
    connection.exec_driver_sql(_CAME_BACK, {"fate": fate, "said": report.said, "now": now, "key": mail["key"]})
    if report.kind == "complaint" or report.gone:
        track.block(context, connection, because=fate, **about)
        return
    bound = {"digest": mail["address_sha256"], "now": now, "days": _SOFT_DAYS, "most": _SOFT_LIMIT}
    lately = list(connection.exec_driver_sql(_LATELY, bound).scalars())
    if lately == ["bounced"] * _SOFT_LIMIT:
        track.block(context, connection, because="bounced", **about)


def take_all(context: Context, messages: Iterable[tuple[str, bytes]]) -> tuple[list[str], Counter[str]]:
    """Each in a transaction of its own, so that one that breaks holds up no other: what was recorded, and of which kinds."""
    done, kinds = [], Counter[str]()
    for name, raw in messages:
        with context.engine.begin() as connection:
            kinds[take(context, connection, raw)] += 1
        done.append(name)
    return done, kinds


def read_mailbox(context: Context) -> dict[str, int]:
    """All that waits in the mailbox for bounces, at most 2,000 of it; the counts. Without a mailbox, nothing."""
    settings: Settings = context.settings
    url, kinds = settings.mail_reports_url.get_secret_value(), Counter[str]()
    if not url:
        return {}
    try:
        with opened(url, settings.smtp_timeout_s) as mailbox:
            while sum(kinds.values()) < _MOST:
                done, counted = take_all(context, mailbox.some(_AT_ONCE))
                mailbox.drop(done)
                kinds += counted
                if len(done) < _AT_ONCE:
                    break
    except (Retryable, ValueError) as error:
        log.error("mail_reports_not_read", error=str(error), effect="bounces wait; addresses that bounced still get mail")
        return dict(kinds) | {"failed": 1}
    return dict(kinds)
