"""`bursar journal`: what is booked of a fact, an account's balance with its newest legs, and all accounts at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from billing.operations.catch_up_journal import BOOKED, catch_up_journal
from billing.rules.money import AmountError, amount_text
from cli.billing_rows import JSON, rows
from cli.printing import json_line, table
from cli.reason import reason_said
from cli.roles import action, actor
from cli.surroundings import acting
from cli.trouble import PROBLEMS, TroubleError, nothing
from workers.context import Context
from workers.unit import Unit

_COLUMNS = "j.id, j.fact, j.kind, j.leg, j.debit, j.credit, j.amount_minor, j.currency, j.posted_at, j.inbox_id"
# A fact by its whole name, by what it ends in (an external id has no colon), or by the inbox row that told of it.
_SHOW = f"""
    SELECT {_COLUMNS} FROM bursar.journal j
    WHERE j.fact = %(id)s OR j.fact = ANY(%(facts)s) OR j.inbox_id = %(row)s ORDER BY j.posted_at, j.id LIMIT 1000"""  # noqa: S608 - our own names
_LEGS = f"""
    (SELECT {_COLUMNS} FROM bursar.journal j WHERE j.debit = %(code)s AND j.posted_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
     ORDER BY j.posted_at DESC, j.id DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT {_COLUMNS} FROM bursar.journal j WHERE j.credit = %(code)s AND j.posted_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
     ORDER BY j.posted_at DESC, j.id DESC LIMIT %(limit)s)
    ORDER BY posted_at DESC, id DESC LIMIT %(limit)s"""  # noqa: S608 - our own names
# Debits less credits of each account, each side read along its own index.
_BALANCES = """
    SELECT a.code AS account, a.currency, a.class, a.normal, a.provider, a.owner, d.sum AS debit_minor, c.sum AS credit_minor,
           CASE a.normal WHEN 'debit' THEN d.sum - c.sum ELSE c.sum - d.sum END AS balance_minor
    FROM bursar.journal_account a
    CROSS JOIN LATERAL (SELECT coalesce(sum(j.amount_minor), 0)::bigint AS sum FROM bursar.journal j
        WHERE j.debit = a.code AND j.currency = a.currency AND j.posted_at <= coalesce(%(as_of)s::timestamptz, 'infinity')) AS d
    CROSS JOIN LATERAL (SELECT coalesce(sum(j.amount_minor), 0)::bigint AS sum FROM bursar.journal j
        WHERE j.credit = a.code AND j.currency = a.currency AND j.posted_at <= coalesce(%(as_of)s::timestamptz, 'infinity')) AS c
    WHERE (%(code)s::text IS NULL OR a.code = %(code)s) AND (d.sum > 0 OR c.sum > 0)
    ORDER BY a.currency, a.provider, a.owner NULLS FIRST, a.class, a.code"""
_PAGE = 200
_UNBOOKED = """SELECT id, source, external_id, coalesce(provider_created_at, updated_at) FROM bursar.{table}
               WHERE booked IS NULL AND versions <> '{{}}' AND id > %(after)s ORDER BY id LIMIT %(page)s"""
_AGGREGATES = (
    "charge", "payment", "refund", "dispute", "transfer", "payout", "application_fee", "balance_transaction", "payment_request",
    "transfer_request",
)  # fmt: skip
_SOURCES = ("stripe", "paypal", "manual")

_AS_OF = click.option(
    "--as-of", "as_of", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"]), metavar="INSTANT",
    help="What was booked up to then, its instant included (UTC unless it says otherwise); by default all.",
)  # fmt: skip


@click.group()
def journal() -> None:
    """The books: every movement of money as transfers between two accounts."""


@journal.command("show")
@click.argument("id_", metavar="ID")
@JSON
@action("viewer")
def show(id_: str, as_json: bool) -> None:
    """Show what is booked of a fact: a provider's id (`ch_...`), a whole fact, or the row id of an event."""
    known = [f"{aggregate}:{source}:{id_}" for aggregate in _AGGREGATES for source in _SOURCES]
    row = int(id_) if id_.isascii() and id_.isdigit() and len(id_) < 19 else None
    found = rows(_SHOW, id=id_, facts=known, row=row)
    if not found:
        raise nothing(
            f"nothing is booked of {id_!r}",
            "give a charge's, refund's, payout's, ... id as the provider writes it; `bursar inbox ls --object ID` shows its events",
        )
    _legs(found, as_json)


@journal.command("balance")
@click.argument("account", required=False)
@_AS_OF
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most this many of its newest legs.")
@JSON
@action("viewer")
def balance(account: str | None, as_of: datetime | None, limit: int, as_json: bool) -> None:
    """Show an account's balance by currency and its newest legs; without ACCOUNT, what providers hold."""
    if account is None:
        held = [row for row in rows(_BALANCES, code=None, as_of=_utc(as_of)) if row["account"].endswith((":balance", ":in_transit"))]
        if not held:
            raise nothing("nothing is booked yet", "`bursar journal trial-balance` lists all accounts once there is something")
        _accounts(held, as_json)
        return
    found = rows(_BALANCES, code=account, as_of=_utc(as_of))
    if not found:
        raise nothing(f"nothing is booked on {account!r}", "`bursar journal trial-balance` lists the accounts that there are")
    _accounts(found, as_json)
    if not as_json:
        click.echo()
    _legs(rows(_LEGS, code=account, as_of=_utc(as_of), limit=limit), as_json)


@journal.command("trial-balance")
@_AS_OF
@JSON
@action("viewer")
def trial_balance(as_of: datetime | None, as_json: bool) -> None:
    """Show all accounts by currency. Debits equal credits, or the exit code is 1."""
    found = rows(_BALANCES, code=None, as_of=_utc(as_of))
    if not found:
        raise nothing("nothing was booked by then", "without --as-of it shows all that is booked")
    _accounts(found, as_json)
    off = False
    for currency in sorted({row["currency"] for row in found}):
        debit, credit = (sum(row[side] for row in found if row["currency"] == currency) for side in ("debit_minor", "credit_minor"))
        off = off or debit != credit
        if not as_json:
            said = "balanced" if debit == credit else f"OFF BY {debit - credit}"
            click.echo(f"{currency}: debits {_money('', debit, currency)}, credits {_money('', credit, currency)}: {said}")
    if off:
        raise TroubleError(
            PROBLEMS, "debits and credits differ, which no program of ours can bring about", effect="this command changed nothing",
            then="see docs/runbook/journal.md: somebody changed the table, or a backup was restored in part",
        )  # fmt: skip


@journal.command("catch-up")
@click.option("--reason", metavar="TEXT", required=True, help="Why; it goes into the audit.")
@action("finance")
def catch_up(reason: str) -> None:
    """Book rows of which nothing is booked yet: those recorded before this version had a journal. Safe to repeat and to stop."""
    reason = reason_said(reason)
    with acting() as context:
        for aggregate in BOOKED:
            booked = looked_at = 0
            after: UUID | None = UUID(int=0)
            while after is not None:
                looked, page, after = _book_page(context, aggregate, after, reason)
                booked, looked_at = booked + page, looked_at + looked
            click.echo(f"{aggregate}: {looked_at} without legs, {booked} of them booked now")


def _book_page(context: Context, aggregate: str, after: UUID, reason: str) -> tuple[int, int, UUID | None]:
    """One transaction: how many rows were looked at, how many booked, and where to go on (None: at the end)."""
    who, now = str(actor()), context.clock.now()
    with context.engine.begin() as connection:
        found = connection.exec_driver_sql(_UNBOOKED.format(table=aggregate), {"after": after, "page": _PAGE}).all()
        unit = Unit(connection, context.keys, now=now, actor=who, reason=reason)
        unit.load((aggregate, source, external_id) for _, source, external_id, _ in found)
        booked = 0
        for _, source, external_id, at in found:
            unit.about(now=at, actor=who, reason=reason, inbox_id=None)
            booked += catch_up_journal(unit, aggregate, source, external_id)
        if booked:
            unit.about(now=now, actor=who, reason=reason, inbox_id=None)
            unit.audit("journal.caught_up", aggregate, str(found[-1][0]), before=None, after={"booked": booked})
        unit.flush()
    return len(found), booked, found[-1][0] if len(found) == _PAGE else None


def _utc(at: datetime | None) -> str | None:
    return None if at is None else (at.isoformat() if at.tzinfo else f"{at.isoformat()}+00:00")


def _legs(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for row in found:
            json_line(row)
        return
    head = ("posted", "fact", "kind", "amount", "debit", "credit", "event")
    table(head, ((
        row["posted_at"], row["fact"], row["kind"], _money(row["debit"].partition(":")[0], row["amount_minor"], row["currency"]),
        row["debit"], row["credit"], row["inbox_id"],
    ) for row in found))  # fmt: skip


def _accounts(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for row in found:
            json_line(row)
        return
    head = ("account", "class", "debits", "credits", "balance")
    table(head, (_line(row) for row in found))


def _line(row: Mapping[str, Any]) -> tuple[object, ...]:
    amounts = (_money(row["provider"], row[name], row["currency"]) for name in ("debit_minor", "credit_minor"))
    balance_ = _money(row["provider"], row["balance_minor"], row["currency"])
    return row["account"], row["class"], *amounts, f"{balance_} {row['normal']}"


def _money(provider: str, amount_minor: int, currency: str) -> str:
    """As a text, in the unit in which that provider counts the currency."""
    try:
        return amount_text(amount_minor, currency, provider)
    except AmountError:
        return f"{amount_minor} {currency} (minor units)"
