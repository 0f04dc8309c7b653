"""Mails as operators name and see them: by the number of their call in the outbox, their addresses shortened (SEC-6)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from billing.rules.mail_address import digest
from cli.trouble import PROBLEMS, TroubleError, nothing

FATES = ("queued", "sending", "sent", "deferred", "unknown", "refused", "suppressed", "nothing", "bounced", "complained")
# A mail has a row of its own from its first try on; one whose call was dropped by retention has only that.
COLUMNS = """coalesce(o.id, 0) AS id, coalesce(o.created_at, m.created_at) AS created_at, coalesce(m.name, o.payload ->> 'mail') AS mail,
             CASE WHEN m.fate = 'sending' AND o.state = 'waiting' THEN 'deferred'
                  WHEN coalesce(m.fate, 'sending') = 'sending' AND o.state = 'dead' THEN 'refused'
                  ELSE coalesce(m.fate, 'queued') END AS fate, coalesce(m.tries, 0) AS tries,
             coalesce(m.language, o.payload ->> 'language') AS language, coalesce(m.address, lower(o.payload ->> 'to')) AS address,
             coalesce(m.subscriber_ref, o.payload ->> 'subscriber') AS subscriber, m.sent_at, coalesce(m.answer, o.error) AS answer,
             coalesce(m.key, o.key) AS key, m.reference, o.state AS call, o.next_at"""
_ONE = f"""SELECT {COLUMNS}, o.payload FROM bursar.outbox o LEFT JOIN bursar.mail m ON m.key = o.key
           WHERE o.kind = 'mail.send' AND o.id = %(id)s"""  # noqa: S608 - our own names
_BLOCKS = """SELECT id, scope, because, said, created_at, lifted_at, mail_key FROM bursar.mail_block
             WHERE address_sha256 = %(digest)s ORDER BY id"""


def one(connection: Connection, row_id: int) -> dict[str, Any]:
    """A mail by its call's number.

    Raises:
        TroubleError: there is none.
    """
    found = connection.exec_driver_sql(_ONE, {"id": row_id}).one_or_none()
    if found is None:
        raise no_mail(row_id)
    return dict(found._mapping)


def unerased(connection: Connection, row_id: int, effect: str) -> dict[str, Any]:
    """A mail whose words and address are still there.

    Raises:
        TroubleError: there is none, or they were erased with its customer.
    """
    row = one(connection, row_id)
    if row["payload"].get("erased"):
        raise TroubleError(
            PROBLEMS, f"mail {row_id} was erased with its customer: its words and its address are gone", effect=effect,
            then=f"see what became of it: bursar mail show {row_id}",
        )  # fmt: skip
    return row


def no_mail(row_id: int) -> TroubleError:
    """Nothing has that number."""
    return nothing(f"there is no mail {row_id}", "`bursar mail ls` lists the newest ones")


def blocks(connection: Connection, address: str) -> list[dict[str, Any]]:
    """What stands or stood against an address."""
    return [dict(row._mapping) for row in connection.exec_driver_sql(_BLOCKS, {"digest": digest(address)})]


def masked(address: str | None) -> str:
    """Enough to tell two addresses of one person apart, not enough to write to him."""
    if not address:
        return "(erased)"
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
