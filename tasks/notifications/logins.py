"""Tells operators that many logins fail (SEC-5): of one user, from one address, or refused by the shared limiter. Once an hour.

The mail names users by the app's ids and addresses by their number only: it stays in the outbox longer than an address may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from core.redaction import scrub
from emails.alerts import LoginAlert
from emails.catalogue import outbox_key
from models.bulk import insert_rows
from models.outbox import OUTBOX

NAME = "login_alert"
WINDOW = timedelta(minutes=15)
FROM_ONE_ADDRESS = 10
"""Times the threshold of one user: behind one address there may be a whole school."""
_SHOWN = 10

_USERS = """SELECT user_ref, count(*) AS failed FROM bursar.login WHERE at > %(since)s AND outcome IN ('failed', 'locked')
            AND user_ref IS NOT NULL GROUP BY 1 HAVING count(*) >= %(many)s ORDER BY 2 DESC, 1"""
_ADDRESSES = """SELECT count(*) AS failed FROM bursar.login WHERE at > %(since)s AND outcome IN ('failed', 'locked')
                AND address IS NOT NULL GROUP BY address HAVING count(*) >= %(many)s ORDER BY 1 DESC"""
_REFUSED = """SELECT scope, sum(refused)::bigint AS refused, count(*) AS keys FROM bursar.rate_limit
              WHERE refused > 0 AND refused_last > %(since)s GROUP BY 1 HAVING max(refused) >= %(many)s ORDER BY 2 DESC, 1"""


def tell_logins(connection: Connection, recipients: Sequence[str], many: int, now: datetime) -> tuple[int, int]:
    """(what was found, mails made)."""
    bound = {"since": now - WINDOW, "many": many}
    users = connection.exec_driver_sql(_USERS, bound).all()
    addresses = connection.exec_driver_sql(_ADDRESSES, {**bound, "many": many * FROM_ONE_ADDRESS}).all()
    refused = connection.exec_driver_sql(_REFUSED, bound).all()
    lines = [f"user {scrub(row.user_ref)}: {row.failed} failed" for row in users]
    lines += [f"one address: {row.failed} failed" for row in addresses]
    lines += [f"limiter {scrub(row.scope)}: {row.refused} refused of {row.keys} keys" for row in refused]
    if not lines:
        return 0, 0
    parts = ((len(users), "user"), (len(addresses), "address"), (len(refused), "limiter"))
    context = LoginAlert(
        what=", ".join(f"{count} {word}{'' if count == 1 else 'es' if word == 'address' else 's'}" for count, word in parts if count),
        lines=lines[:_SHOWN], more=max(0, len(lines) - _SHOWN), first_at=_text(now - WINDOW), last_at=_text(now),
        look="bursar privacy logins --failed",
    )  # fmt: skip
    mails = sorted((_mail(context, to, now) for to in recipients), key=lambda mail: str(mail["key"]))
    made = insert_rows(connection, OUTBOX, mails, once_by=("kind", "key"), returning=("id",)) if mails else []
    return len(lines), len(made)


def _mail(context: LoginAlert, to: str, now: datetime) -> dict[str, Any]:
    hour = now.astimezone(UTC).strftime("%Y-%m-%dT%H")
    return {
        "kind": "mail.send", "key": outbox_key(NAME, to, hour), "queue": "notifications", "lane": f"mail:{NAME}",
        "payload": {"mail": NAME, "to": to, "context": asdict(context)}, "inbox_id": None,
        "created_at": now, "fair_at": now, "next_at": now,
    }  # fmt: skip


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
