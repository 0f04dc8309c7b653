"""Erases what was told of one customer: mails in the outbox, bytes in the inbox (SEC-6). Rows, keys and digests stay.

Providers' events are looked up. Mails, and what people and the app said, are read once, page by page, by their ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from billing.operations.erase_rows import Person
from models.bulk import as_json

PAGE = 5_000
_REACH = 40
"""A turn goes on over at most so many pages' ids, so that it ends soon where he has many events and nobody sends commands."""

_MAILS = """
    WITH page AS MATERIALIZED (
        SELECT id, kind, state, payload FROM bursar.outbox WHERE id > %(after)s ORDER BY id LIMIT %(page)s),
    his AS MATERIALIZED (
        SELECT id, state FROM page WHERE kind = 'mail.send' AND payload ->> 'erased' IS NULL
           AND (payload ->> 'subscriber' = %(ref)s OR lower(trim(payload ->> 'to')) = ANY (%(emails)s))),
    gone AS (
        UPDATE bursar.outbox o SET payload = jsonb_build_object('mail', o.payload -> 'mail', 'erased', true), result = o.result - 'answer',
               error = CASE WHEN o.state = 'dead' THEN 'its recipient was erased' END
        FROM his WHERE o.id = his.id AND o.state IN ('done', 'dead') RETURNING 1)
    SELECT (SELECT max(id) FROM page) AS last, (SELECT count(*) FROM page) AS looked, (SELECT count(*) FROM gone) AS gone,
           (SELECT min(id) FROM his WHERE state NOT IN ('done', 'dead')) AS open"""

_OBJECTS = """
    SELECT t.source || ':' || t.external_id FROM bursar.customer t WHERE t.id = ANY (%(customer_ids)s)
    UNION SELECT t.source || ':' || t.external_id FROM bursar.subscription t WHERE t.customer_id = ANY (%(customer_ids)s)
    UNION SELECT t.source || ':' || t.external_id FROM bursar.invoice t WHERE t.customer_id = ANY (%(customer_ids)s)
    UNION SELECT t.source || ':' || t.external_id FROM bursar.payment t WHERE t.customer_id = ANY (%(customer_ids)s)
    UNION SELECT t.source || ':' || t.external_id FROM bursar.charge t WHERE t.customer_id = ANY (%(customer_ids)s)
    UNION SELECT t.source || ':' || t.external_id FROM bursar.checkout t WHERE t.customer_id = ANY (%(customer_ids)s)
    UNION SELECT t.source || ':' || t.external_id FROM bursar.payment_method t WHERE t.customer_id = ANY (%(customer_ids)s)
    UNION SELECT t.source || ':' || t.external_id FROM bursar.tax_id t WHERE t.customer_id = ANY (%(customer_ids)s)
    UNION SELECT t.source || ':' || t.external_id FROM bursar.refund t JOIN bursar.payment p ON p.id = t.payment_id
          WHERE p.customer_id = ANY (%(customer_ids)s)
    UNION SELECT t.source || ':' || t.external_id FROM bursar.dispute t JOIN bursar.payment p ON p.id = t.payment_id
          WHERE p.customer_id = ANY (%(customer_ids)s)"""

# Providers' events by their lane or object, each looked up. Commands, what persons entered and Zoom's events have lanes of their own
# kind, so the bytes are searched: for the app's id as a whole JSON text, and for addresses whatever their capitals. `encode`: bytes
# that are no UTF-8 stop nothing; most have no address at all, which is seen much quicker. The states are spelled out one by one,
# because each has its own partial index.
_EVENTS = """
    WITH newest AS MATERIALIZED (SELECT max(id) AS id FROM bursar.inbox),
    page AS MATERIALIZED (
        SELECT id, state, received_at FROM bursar.inbox WHERE source IN ('app', 'manual', 'zoom') AND id > %(after)s
        ORDER BY id LIMIT %(page)s),
    reach AS MATERIALIZED (
        SELECT least(newest.id, %(after)s + %(reach)s, CASE WHEN p.looked = %(page)s THEN p.last END) AS last, newest.id AS newest
        FROM newest, (SELECT count(*) AS looked, max(id) AS last FROM page) AS p),
    words AS (SELECT encode(convert_to(to_json(%(ref)s::text)::text, 'UTF8'), 'escape') AS ref),
    addresses AS (SELECT lower(encode(convert_to(one, 'UTF8'), 'escape')) AS address FROM unnest(%(emails)s::text[]) AS one),
    objects AS MATERIALIZED (SELECT one FROM json_array_elements_text(%(objects)s::json) AS one),
    known AS (
        SELECT i.id, i.state FROM objects CROSS JOIN LATERAL (
            SELECT id, state FROM bursar.inbox WHERE state IN ('done', 'ignored') AND lane = one AND id > %(after)s) AS i
        UNION ALL
        SELECT i.id, i.state FROM objects CROSS JOIN LATERAL (
            SELECT id, state FROM bursar.inbox WHERE object_id = substr(one, strpos(one, ':') + 1)
               AND source = split_part(one, ':', 1) AND id > %(after)s) AS i
        UNION ALL SELECT id, state FROM bursar.inbox WHERE state = 'received' AND lane IN (SELECT one FROM objects) AND id > %(after)s
        UNION ALL SELECT id, state FROM bursar.inbox WHERE state = 'processing' AND lane IN (SELECT one FROM objects) AND id > %(after)s
        UNION ALL SELECT id, state FROM bursar.inbox WHERE state = 'waiting' AND lane IN (SELECT one FROM objects) AND id > %(after)s
        UNION ALL SELECT id, state FROM bursar.inbox WHERE state = 'dead' AND lane IN (SELECT one FROM objects) AND id > %(after)s),
    his AS (
        SELECT id, state FROM known, reach WHERE id <= reach.last
        UNION
        SELECT p.id, p.state FROM reach JOIN page p ON p.id <= reach.last
        JOIN bursar.inbox_payload b ON b.inbox_id = p.id AND b.received_at = p.received_at
        CROSS JOIN words CROSS JOIN LATERAL (SELECT encode(b.body, 'escape') AS body) AS e
        WHERE strpos(e.body, words.ref) > 0 OR (
            position('@'::bytea IN b.body) > 0 AND EXISTS (SELECT FROM addresses a WHERE strpos(lower(e.body), a.address) > 0)))
    SELECT (SELECT last FROM reach) AS last, (SELECT last < newest FROM reach) AS more,
           (SELECT array_agg(id ORDER BY id) FROM his WHERE state IN ('done', 'ignored')) AS final,
           (SELECT array_agg(id ORDER BY id) FROM his) AS ids,
           (SELECT min(id) FROM his WHERE state NOT IN ('done', 'ignored')) AS open"""
_ERASE = "SELECT bursar.erase_payloads(%(erasure)s, %(ids)s, %(now)s)"


@dataclass(frozen=True, slots=True)
class Looked:
    """One page: up to which row, what was erased, the first row that is not final, and whether the table goes on."""

    after: int
    gone: int
    open: int | None
    more: bool


def erase_mails(connection: Connection, who: Person, after: int, page: int = PAGE) -> Looked:
    """Mails to him, behind `after`."""
    bound = {"ref": who.ref, "emails": who.emails, "after": after, "page": page}
    row = connection.exec_driver_sql(_MAILS, bound).one()
    return Looked(row.last or after, row.gone, row.open, row.looked == page)


def events_of(connection: Connection, who: Person, after: int, page: int = PAGE) -> tuple[list[int], int, bool]:
    """One page of the inbox: the ids of events about him, up to which row was looked, and whether the table goes on."""
    row = _look(connection, who, after, page)
    return list(row.ids or ()), row.last or after, bool(row.more)


def _look(connection: Connection, who: Person, after: int, page: int) -> Row[Any]:
    objects = list(connection.exec_driver_sql(_OBJECTS, {"customer_ids": who.customer_ids}).scalars())
    objects += [f"{source}:{customer}" for source, customer in zip(who.sources, who.customers, strict=True)] + [f"app:{who.ref}"]
    bound: dict[str, Any] = {
        "ref": who.ref, "emails": who.emails, "objects": as_json(sorted(set(objects))), "after": after, "page": page,
        "reach": page * _REACH,
    }  # fmt: skip
    return connection.exec_driver_sql(_EVENTS, bound).one()


def erase_events(connection: Connection, who: Person, erasure: UUID, after: int, now: datetime, page: int = PAGE) -> Looked:
    """Bytes of events about him, behind `after`."""
    row = _look(connection, who, after, page)
    gone = 0
    if row.final:
        gone = int(connection.exec_driver_sql(_ERASE, {"erasure": erasure, "ids": list(row.final), "now": now}).scalar_one())
    return Looked(row.last or after, gone, row.open, bool(row.more))
