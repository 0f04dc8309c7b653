"""Blanks the personal data of one customer in business rows, a page at a time (SEC-6). Amounts, ids and statuses stay as they are.

The statements are made of `billing.rules.personal_data`. Each finds only rows that still hold something, so it can be stopped and
begun again anywhere, and run twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from billing.rules.mail_address import digest
from billing.rules.personal_data import EMPTY_LIST, ERASED, KEPT_TAGS, NULL, OUR_TAGS

PAGE = 500

_CUSTOMER = "t.customer_id = ANY (%(customer_ids)s)"
_NAMED = "(t.customer_ref = ANY (%(customers)s) AND t.source = ANY (%(sources)s))"
_PAID = "{0} = ANY (%(payment_ids)s)"
_OWN = "t.source = 'bursar' AND t.external_id = %(ref)s"
_USER = "t.user_ref = %(ref)s"
_ADDRESS = "t.email = ANY (%(emails)s)"
_DIGEST = "t.address_sha256 = ANY (%(digests)s)"
_DISPUTED = "{0} = ANY (ARRAY(SELECT d.external_id FROM bursar.dispute d WHERE d.payment_id = ANY (%(payment_ids)s)))"
# Lists instead of joins: with OR between them a join would read the whole table, and a list is looked up in its index.

WHOSE: Mapping[str, str] = {
    "bill_to": _OWN,
    "charge": f"{_CUSTOMER} OR {_PAID.format('t.payment_id')}",
    "checkout": _CUSTOMER,
    "checkout_request": f"t.external_ref = %(ref)s OR {_NAMED}",
    "credit_note": _CUSTOMER,
    "customer": "t.id = ANY (%(customer_ids)s)",
    "customer_request": "t.external_ref = %(ref)s",
    "dispute": _PAID.format("t.payment_id"),
    "dispute_case": _DISPUTED.format("t.external_id"),
    "dispute_response": _DISPUTED.format("t.dispute_ref"),
    "invoice": f"t.source <> 'bursar' AND {_CUSTOMER}",
    "invoice_link": """t.external_id IN (SELECT i.external_id FROM bursar.invoice i
                       WHERE i.source = t.source AND i.customer_id = ANY (%(customer_ids)s))""",
    "login": _USER,
    "mail": f"t.subscriber_ref = %(ref)s OR {_DIGEST}",
    "mail_block": _DIGEST,
    "mail_report": """t.mail_key = ANY (ARRAY(SELECT m.key FROM bursar.mail m
                      WHERE m.subscriber_ref = %(ref)s OR m.address_sha256 = ANY (%(digests)s)))""",
    "meeting_participant": f"{_USER} OR {_ADDRESS}",
    "meeting_registrant": _ADDRESS,
    "payment": _PAID.format("t.id"),
    "payment_method": _CUSTOMER,
    "payment_request": f"t.subscriber_ref = %(ref)s OR {_NAMED}",
    "refund": _PAID.format("t.payment_id"),
    "refund_request": _PAID.format("t.payment_id"),
    "subscriber": _OWN,
    "subscription": f"t.source <> 'bursar' AND {_CUSTOMER}",
    "tax_id": _CUSTOMER,
    "user_session": _USER,
    "user_token": _USER,
}
"""Table -> which of its rows, `t`, are his."""

_KEPT = ", ".join(f"'{tag}'" for tag in KEPT_TAGS)
_TAGS = f"""(SELECT jsonb_object_agg(m.k, m.v) FROM jsonb_each(t.{{0}}) AS m(k, v)
             WHERE m.k LIKE 'bursar\\_%%' OR m.k IN ({_KEPT}))"""  # noqa: S608  # constants of this module
_BECOMES = {
    NULL: "NULL",
    OUR_TAGS: _TAGS,
    EMPTY_LIST: "CASE WHEN t.{0} IS NULL THEN NULL ELSE '[]'::jsonb END",
}
_KEYS = {"mail": "id", "mail_block": "id", "mail_report": "sha256"}


def _statement(table: str) -> str:
    becomes = {name: _BECOMES[how].format(name) for name, how in ERASED[table].items()}
    sets = ", ".join(f"{name} = {value}" for name, value in becomes.items())
    dirty = " OR ".join(f"t.{name} IS DISTINCT FROM {value}" for name, value in becomes.items())
    key = _KEYS.get(table, "id")
    return f"""UPDATE bursar.{table} t SET {sets} WHERE t.{key} = ANY (ARRAY(
        SELECT t.{key} FROM bursar.{table} t WHERE ({WHOSE[table]}) AND ({dirty}) ORDER BY t.{key} LIMIT %(page)s FOR UPDATE))"""  # noqa: S608  # constants of this module


_STATEMENTS = {table: _statement(table) for table in ERASED}

# Bodies that hold what a person typed; the others name ids and amounts.
_BODIES = """
    UPDATE bursar.submission s SET body = '{}' WHERE s.id = ANY (ARRAY(
        SELECT s.id FROM bursar.submission s WHERE s.state IN ('settled', 'abandoned') AND s.body <> '{}' AND s.request_id IN (
            SELECT t.id FROM bursar.customer_request t WHERE t.external_ref = %(ref)s
            UNION ALL SELECT t.id FROM bursar.payment_request t WHERE """ + WHOSE["payment_request"] + """
            UNION ALL SELECT t.id FROM bursar.checkout_request t WHERE """ + WHOSE["checkout_request"] + """
            UNION ALL SELECT t.id FROM bursar.dispute_response t WHERE """ + WHOSE["dispute_response"] + """)
        ORDER BY s.id LIMIT %(page)s FOR UPDATE))"""  # noqa: S608  # constants of this module

_CUSTOMERS = """SELECT id, source, external_id, email FROM bursar.customer
                WHERE external_ref = %(ref)s OR (source, external_id) IN (
                    SELECT s.pay_source, s.pay_customer_ref FROM bursar.subscriber s WHERE s.source = 'bursar' AND s.external_id = %(ref)s)
                ORDER BY source, external_id"""
# Also what paid our own invoices without a customer at a provider.
_PAYMENTS = """SELECT p.id FROM bursar.payment p WHERE p.customer_id = ANY (%(customer_ids)s)
               UNION SELECT p.id FROM bursar.payment_request r
                     JOIN bursar.payment p ON p.source = r.source AND p.external_id = r.payment_ref WHERE r.subscriber_ref = %(ref)s"""
_ADDRESSES = """
    SELECT email FROM bursar.subscriber WHERE source = 'bursar' AND external_id = %(ref)s
    UNION SELECT email FROM bursar.bill_to WHERE source = 'bursar' AND external_id = %(ref)s
    UNION SELECT email FROM bursar.customer_request WHERE external_ref = %(ref)s
    UNION SELECT email FROM bursar.user_token WHERE user_ref = %(ref)s"""


@dataclass(frozen=True, slots=True)
class Person:
    """By what a customer is found."""

    ref: str
    customer_ids: list[UUID]
    sources: list[str]
    customers: list[str]
    emails: list[str]
    payment_ids: list[UUID]

    def bound(self) -> dict[str, Any]:
        """For the statements."""
        return {
            "ref": self.ref, "customer_ids": self.customer_ids, "sources": self.sources, "customers": self.customers, "emails": self.emails,
            "payment_ids": self.payment_ids, "digests": [digest(one) for one in self.emails],
        }  # fmt: skip


def person(connection: Connection, ref: str, emails: list[str]) -> Person:
    """Who it is, with the addresses that are still known of him beside `emails`."""
    found = connection.exec_driver_sql(_CUSTOMERS, {"ref": ref}).all()
    known = {row.email for row in found} | set(connection.exec_driver_sql(_ADDRESSES, {"ref": ref}).scalars()) | set(emails)
    ids = [row.id for row in found]
    paid = list(connection.exec_driver_sql(_PAYMENTS, {"ref": ref, "customer_ids": ids}).scalars())
    return Person(
        ref, ids, [row.source for row in found], [row.external_id for row in found], sorted(one for one in known if one), paid
    )  # fmt: skip


def erase_rows(connection: Connection, who: Person, page: int = PAGE) -> dict[str, int]:
    """One page of each table; how many rows of which were blanked. Nothing: there is nothing left."""
    bound = {**who.bound(), "page": page}
    counts = {table: connection.exec_driver_sql(statement, bound).rowcount for table, statement in _STATEMENTS.items()}
    counts["submission"] = connection.exec_driver_sql(_BODIES, bound).rowcount
    return {table: count for table, count in counts.items() if count}


_FORGET = """
    UPDATE bursar.document_buyer SET content = NULL, erased_at = %(now)s WHERE document_id = ANY (ARRAY(
        SELECT document_id FROM bursar.document_buyer
        WHERE erased_at IS NULL AND keep_until < (%(now)s::timestamptz AT TIME ZONE 'UTC')::date
        ORDER BY keep_until LIMIT %(page)s FOR UPDATE SKIP LOCKED))"""


def forget_buyers(connection: Connection, now: datetime, page: int = PAGE) -> int:
    """Buyers of papers that the law no longer wants; how many."""
    return connection.exec_driver_sql(_FORGET, {"now": now, "page": page}).rowcount
