"""What belongs together in our own billing: which rows stand beside one, and the ledgers and periods that are no rows of their own.

Whose a thing is, and what it is for, is shown and not followed: else the story of one invoice were the story of its subscriber.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from billing.rules.instants import iso
from billing.rules.request_tag import request_named
from emails.catalogue import CATALOGUE, outbox_key
from models.base import AGGREGATES, OWN_SOURCE

Row = dict[str, Any]
Key = tuple[str, str, str]
Ask = Callable[..., list[Row]]

WIDE = frozenset({"subscriber", "organisation", "credit_account", "product", "price", "campaign", "promo_code", "price_migration"})
"""Asked for by name, these are shown with what stands beside them, and no further."""
ENDS = WIDE | {"subscription", "money_credit"}
"""Followed only where it is what was asked for."""

_OWN_FORWARD = {
    "subscriber_ref": "subscriber", "product_ref": "product", "price_ref": "price", "case_ref": "dunning_case",
    "organisation_ref": "organisation", "code_ref": "promo_code", "campaign_ref": "campaign", "migration_ref": "price_migration",
    "policy_ref": "dunning_policy", "corrects_ref": "document", "to_price_ref": "price", "promo_ref": "promo_redemption",
}  # fmt: skip
"""Columns that name a row of ours, whatever the source of the row that has them."""
COMPANIONS = {
    "subscriber": ["credit_account", "organisation", "credit_cycle"], "credit_account": ["subscriber"], "organisation": ["subscriber"],
    "invoice": ["dunning_case", "period_settlement"], "dunning_case": ["invoice"], "period_settlement": ["invoice"],
}  # fmt: skip
_OF = "subscriber_ref = %(ref)s"
CHILDREN: dict[str, tuple[tuple[str, str], ...]] = {
    "subscriber": (
        ("subscription", _OF), ("invoice", f"{_OF} AND status = 'pending'"), ("dunning_case", f"{_OF} AND status = 'open'"),
        ("credit_lot", f"{_OF} AND status = 'active'"), ("money_credit", _OF), ("price_assignment", f"{_OF} AND status = 'active'"),
        ("price_notice", _OF), ("membership", "user_ref = %(ref)s AND status = 'active'"),
    ),
    "subscription": (
        ("subscription_request", "source = %(source)s AND subscription_ref = %(ref)s"),
        ("invoice", "source = 'bursar' AND status = 'pending' AND subscription_ref = %(ref)s"),
        ("credit_lot", "subscription_source = %(source)s AND subscription_ref = %(ref)s"),
        ("price_move", "status = 'planned' AND subscription_ref = %(ref)s"),
    ),
    "invoice": (
        ("payment_request", "purpose = 'invoice' AND purpose_ref = %(ref)s"),
        ("bank_transfer", "purpose = 'invoice' AND purpose_ref = %(ref)s"), ("document", "invoice_ref = %(ref)s"),
        ("document_wait", "invoice_ref = %(ref)s AND ended_at IS NULL"),
    ),
    "document": (("efactura", "source = 'anaf' AND external_id = %(ref)s"),),
    "efactura": (("document", "source = 'bursar' AND external_id = %(ref)s"),),
    "dunning_case": (("dunning_attempt", "case_ref = %(ref)s"),),
    "credit_account": (("credit_lot", f"{_OF} AND status = 'active'"),),
    "organisation": (("invitation", "organisation_ref = %(ref)s AND status = 'pending'"),),
    "product": (("price", "product_ref = %(ref)s"),),
}  # fmt: skip
"""Kind -> the rows that name it, by which condition. Each has an index (a test looks)."""
MOST_BESIDE = 12

_PERIODS = """SELECT source, subscription_ref, period_start, period_end, cycle_no, quantity, unit_price_minor, currency, price_ref,
                     invoice_ref, opened_at FROM bursar.subscription_period
              WHERE source = %(source)s AND subscription_ref = %(ref)s ORDER BY period_start DESC LIMIT %(most)s"""
_LOT_ENTRIES = """SELECT at, fact, kind, lot_ref AS of, amount, NULL AS currency, balance_after, reason, actor FROM bursar.credit_entry
                  WHERE lot_ref = %(ref)s ORDER BY at DESC, seq DESC LIMIT %(most)s"""
_ENTRIES = """SELECT at, fact, kind, lot_ref AS of, amount, NULL AS currency, balance_after, reason, actor FROM bursar.credit_entry
              WHERE subscriber_ref = %(ref)s ORDER BY seq DESC LIMIT %(most)s"""
_MONEY_ENTRIES = """SELECT e.at, e.fact, e.kind, %(ref)s AS of, e.delta_minor AS amount, %(currency)s AS currency,
                           NULL::bigint AS balance_after, e.reason, e.created_by AS actor
                    FROM bursar.money_credit_entry e WHERE e.credit_id = %(id)s ORDER BY e.at DESC, e.id DESC LIMIT %(most)s"""
_LEDGER = {"credit_lot": _LOT_ENTRIES, "credit_account": _ENTRIES, "money_credit": _MONEY_ENTRIES}
SENT = """o.id, o.kind, o.key, o.state, o.attempts, o.created_at, o.done_at, o.next_at, o.error, o.inbox_id,
          o.payload ->> 'mail' AS mail, m.fate, m.fate_at
          FROM bursar.outbox o LEFT JOIN bursar.mail m ON o.kind = 'mail.send' AND m.key = o.key"""
"""A call, and what became of the mail that it sent."""
_MAILED = f"SELECT {SENT} WHERE o.kind = 'mail.send' AND o.key = ANY (%(keys)s) ORDER BY o.id LIMIT %(most)s"
_BUYERS = "SELECT content ->> 'email' AS email FROM bursar.document_buyer WHERE document_id = ANY (%(papers)s)"
_CHANGED = "subscription.changed"


def beside(ask: Ask, row: Row) -> list[Key]:
    """What of our own billing stands beside this row."""
    kind, source, ref = row["kind"], row["source"], row["external_id"]
    found = [(of, OWN_SOURCE, row[column]) for column, of in _OWN_FORWARD.items() if row.get(column)]
    if row.get("subscription_ref"):
        found.append(("subscription", row.get("subscription_source") or source, row["subscription_ref"]))
    if row.get("invoice_ref") and source == OWN_SOURCE:
        found.append(("invoice", OWN_SOURCE, row["invoice_ref"]))
    if row.get("latest_invoice_ref"):
        found.append(("invoice", source, row["latest_invoice_ref"]))
    if row.get("purpose") == "invoice" and row.get("purpose_ref"):
        found.append(("invoice", OWN_SOURCE, row["purpose_ref"]))
    named = request_named({"bursar_request": row["request"]}) if row.get("request") else None
    if named is not None and named.request_type in AGGREGATES:
        found.append((named.request_type, row.get("request_source") or source, named.reference))
    if row.get("request_ref") and row.get("request_source"):
        found.append(("payment_request", row["request_source"], row["request_ref"]))
    found += [(of, source, ref) for of in COMPANIONS.get(kind, ())] if source == OWN_SOURCE else []
    for child, where in CHILDREN.get(kind, ()) if kind != "invoice" or source == OWN_SOURCE else ():
        if child in AGGREGATES:
            rows = ask(child_sql(child, where), source=source, ref=ref, some=MOST_BESIDE)
            found += [(child, one["source"], one["external_id"]) for one in rows]
    if kind == "subscription":
        found += [("invoice", source, one["invoice_ref"]) for one in ask(_PERIODS, source=source, ref=ref, most=4) if one["invoice_ref"]]
    return [key for key in found if key[0] in AGGREGATES]


def child_sql(child: str, where: str) -> str:
    """The newest of them; not in the order of an index, which would be walked for them."""
    table = AGGREGATES[child].__tablename__
    return f"SELECT source, external_id FROM bursar.{table} WHERE {where} ORDER BY created_at DESC LIMIT %(some)s"  # noqa: S608 - our own words


def periods_of(ask: Ask, rows: Iterable[Row]) -> list[Row]:
    """The newest periods that were billed, of subscriptions that were asked for; oldest first."""
    return [
        one for row in rows if row["kind"] == "subscription"
        for one in reversed(ask(_PERIODS, source=row["source"], ref=row["external_id"], most=MOST_BESIDE))
    ]  # fmt: skip


def ledger_of(ask: Ask, rows: Iterable[Row]) -> list[Row]:
    """The newest entries of credits and of money credit; oldest first."""
    found = []
    for row in rows:
        if sql := _LEDGER.get(row["kind"]):
            bound = {"ref": row["external_id"], "id": row["id"], "currency": row.get("currency"), "most": MOST_BESIDE}
            found += ask(sql, **bound)
    return sorted({(one["fact"], one["kind"], one["of"]): one for one in found}.values(), key=lambda one: (one["at"], one["fact"]))


def mails_of(ask: Ask, rows: Sequence[Row], audit: Sequence[Row] = ()) -> list[Row]:
    """Mails about these rows, found by what makes one mail: runs send them without an event that they could be found by.

    `audit`: of these rows; a change of a subscription is told of once per change, and its instant is part of what makes that one mail.
    """
    addresses = {row["email"] for row in rows if row["kind"] == "subscriber" and row.get("email")}
    papers = [row["id"] for row in rows if row["kind"] == "document"]
    addresses |= {one["email"] for one in (ask(_BUYERS, papers=papers) if papers else ()) if one["email"]}
    own = [row for row in rows if row.get("subscriber_ref")]
    subjects: set[tuple[str, ...]] = {subject for row in own for subject in ((row["external_id"],), (row["source"], row["external_id"]))}
    changed = [(one["object_id"], iso(one["at"]) or "") for one in audit if one["action"] == _CHANGED]
    subjects |= {(row["source"], row["external_id"], at) for row in own for of, at in changed if of == str(row["id"])}
    keys = sorted(outbox_key(name, to, *subject) for name in CATALOGUE for to in addresses for subject in subjects)
    return ask(_MAILED, keys=keys) if keys else []
