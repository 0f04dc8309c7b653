"""The row of each mail: written before the server is talked to, and again when its fate is known (MAIL-3).

Written before, because a mail of which only the server knows comes back by its reference too; and a mail that was sent
is not sent again, should its call be tried anew after a death between the server's answer and the call's own settlement.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection

from billing.rules.mail_address import digest, normalised
from core.ids import new_id
from emails.catalogue import CATALOGUE
from models.audit import AUDIT, audit_row
from models.bulk import insert_rows
from workers.context import Context

log = structlog.get_logger(__name__)

_BEGIN = """
    INSERT INTO bursar.mail AS m (key, reference, name, language, address, address_sha256, subscriber_ref, fate, tries, created_at, fate_at)
    VALUES (%(key)s, %(reference)s, %(name)s, %(language)s, %(address)s, %(digest)s, %(subscriber)s, 'sending', 1, %(now)s, %(now)s)
    ON CONFLICT (key) DO UPDATE SET tries = m.tries + 1, fate_at = %(now)s, address = excluded.address,
        fate = CASE WHEN m.fate IN ('sent', 'bounced', 'complained') THEN m.fate ELSE 'sending' END
    RETURNING fate, answer"""
_BLOCKED = """SELECT because FROM bursar.mail_block WHERE address_sha256 = %(digest)s AND scope = '*' AND lifted_at IS NULL
              UNION ALL SELECT 'unsubscribed' FROM bursar.mail_leaving
              WHERE source = 'bursar' AND external_id = %(leaving)s AND left_at IS NOT NULL AND back_at IS NULL LIMIT 1"""
_END = """UPDATE bursar.mail SET fate = %(fate)s, answer = %(answer)s, fate_at = %(now)s,
                 sent_at = CASE WHEN %(fate)s = 'sent' THEN %(now)s ELSE sent_at END
          WHERE key = %(key)s AND fate = 'sending'"""
_BLOCK = """INSERT INTO bursar.mail_block (address, address_sha256, scope, because, mail_key, said, created_at)
            VALUES (%(address)s, %(digest)s, %(scope)s, %(because)s, %(key)s, %(said)s, %(now)s)
            ON CONFLICT (address_sha256, scope) WHERE lifted_at IS NULL DO NOTHING RETURNING id"""
_BACK = """UPDATE bursar.mail_leaving SET back_at = %(now)s, updated_at = %(now)s
           WHERE external_id = ANY (%(keys)s) AND source = 'bursar' AND left_at IS NOT NULL AND back_at IS NULL RETURNING mail"""
_LIFT = """UPDATE bursar.mail_block SET lifted_at = %(now)s WHERE address_sha256 = %(digest)s AND lifted_at IS NULL
           RETURNING id, scope, because"""
EVERYTHING = "*"
_MOST_CHARS = 300


def begin(connection: Connection, *, key: str, reference: str, mail: str, language: str, to: str, subscriber: str | None,
          transactional: bool, now: datetime) -> tuple[str, str]:  # fmt: skip
    """The row of a mail that is about to be sent: (fate, why). Only `sending` is to be sent; what was sent is not, nor what is blocked."""
    values = {
        "key": key, "reference": reference, "name": mail, "language": language, "address": normalised(to), "digest": digest(to),
        "subscriber": subscriber, "now": now,
    }  # fmt: skip
    fate, answer = connection.exec_driver_sql(_BEGIN, values).one()
    if fate != "sending":
        return fate, answer or ""
    leaving = "" if transactional else f"{digest(to).hex()}:{mail}"
    blocked = connection.exec_driver_sql(_BLOCKED, {"digest": values["digest"], "leaving": leaving}).scalar()
    if blocked is None:
        return "sending", ""
    end(connection, key, "suppressed", str(blocked), now)
    return "suppressed", str(blocked)


def end(connection: Connection, key: str, fate: str, answer: str, now: datetime) -> None:
    """What became of it, with the server's words; what a report said meanwhile stays."""
    connection.exec_driver_sql(_END, {"key": key, "fate": fate, "answer": answer[:_MOST_CHARS], "now": now})


def block(
    context: Context, connection: Connection, *, address: str | None, sha256: bytes, because: str, scope: str = EVERYTHING,
    key: str | None = None, said: str = "", actor: str = "bursar", reason: str = "",
) -> bool:  # fmt: skip
    """Send nothing more, or nothing of this name, to the address; audited without it (AUDIT-1). Whether it was this call that did."""
    now = context.clock.now()
    bound = {
        "address": address, "digest": sha256, "scope": scope, "because": because, "key": key, "now": now,
        "said": said[:_MOST_CHARS] or None,
    }  # fmt: skip
    row_id = connection.exec_driver_sql(_BLOCK, bound).scalar()
    if row_id is None:
        return False
    after = {"scope": scope, "because": because, "mail": key}
    _audit(context, connection, "mail_address.suppressed", (row_id, actor, reason or because), after)
    log.warning("mail_address_suppressed", block=row_id, because=because, scope=scope, mail=key, effect="no mail goes there any more")
    return True


def lift(context: Context, connection: Connection, address: str, *, actor: str, reason: str) -> int:
    """Send to the address again; how many blocks were lifted. Audited."""
    now = context.clock.now()
    found = connection.exec_driver_sql(_LIFT, {"digest": digest(address), "now": now}).all()
    for row_id, scope, because in found:
        _audit(context, connection, "mail_address.lifted", (row_id, actor, reason), {"scope": scope, "because": because})
    keys = [f"{digest(address).hex()}:{name}" for name in CATALOGUE]
    back = connection.exec_driver_sql(_BACK, {"keys": keys, "now": now}).scalars().all()
    for name in back:
        _audit(context, connection, "mail_address.lifted", (0, actor, reason), {"scope": name, "because": "unsubscribed"})
    return len(found) + len(back)


def _audit(context: Context, connection: Connection, action: str, who: tuple[int, str, str], after: dict[str, Any]) -> None:
    now, (row_id, actor, reason) = context.clock.now(), who
    row = audit_row(
        context.keys, uid=new_id(now), at=now, actor=actor, reason=reason, action=action, object_type="mail_block", object_id=str(row_id),
        before=None, after=after, inbox_id=None,
    )  # fmt: skip
    insert_rows(connection, AUDIT, [row])
