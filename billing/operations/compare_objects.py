"""Compares what a provider listed with our rows, both ways, set by set (RECON-1, RECON-3, RECON-7).

One FULL JOIN per kind of object: PostgreSQL hashes the one side and spills to disk what does not fit, so a million rows on
either side take its working memory and none of ours. Rows younger than the window's end are left alone: their events are
on their way. Payouts of PayPal, which its report shows under other ids, are paired first (`pair_payouts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from billing.operations import pair_payouts
from billing.operations.keep_findings import Scope, keep, keeping

KINDS = ["missing_here", "missing_there", "amount_differs", "currency_differs", "status_differs", "edited_row"]


@dataclass(frozen=True, slots=True)
class _Mirror:
    """Where we keep a kind of object, and which of its columns are compared."""

    back: LiteralString = "NULL::bigint"
    said_back: LiteralString = "NULL"
    """What went back of it, in the provider's object."""
    status: LiteralString = "status"
    account: LiteralString = "account_ref"
    only: LiteralString = "true"
    shown: LiteralString = "true"
    """Which of our rows the provider has to list; of the others only what it lists is compared."""


MIRRORS: Mapping[str, _Mirror] = {
    "payment": _Mirror(status="intent_status", only="coalesce(kind, 'payment_intent') = 'payment_intent'"),
    "charge": _Mirror(back="amount_refunded_minor", said_back="said->>'amount_refunded'"),
    "refund": _Mirror(),
    "dispute": _Mirror(),
    "transfer": _Mirror(back="reversed_minor", said_back="said->>'amount_reversed'", account="NULL::text"),
    "payout": _Mirror(),
    "application_fee": _Mirror(
        back="refunded_minor", said_back="said->>'amount_refunded'", status="NULL::text", account="NULL::text"
    ),
    "balance_transaction": _Mirror(back="fee_minor", said_back="said->>'fee'", status="NULL::text"),
}
"""Kind of object, which is also the name of its table -> how it is compared."""

_AT_PAYPAL: Mapping[str, _Mirror] = {
    # The report shows what moved the balance, and what a look-up calls the reversal of a capture as no refund.
    "charge": _Mirror(shown="status = 'succeeded'"),
    "refund": _Mirror(shown="status = 'succeeded' AND reason IS DISTINCT FROM 'reversed'"),
    # PayPal lists no older ones (providers/paypal/dispute_list.py).
    "dispute": _Mirror(shown="provider_created_at >= %(now)s - interval '179 days'"),
}

_THERE = sql.SQL("there AS (SELECT * FROM bursar.recon_staged WHERE object = {of})")
# The report has a line for each state, whose time is the movement's; of a payment that was declined, we need not know.
_REPORTED = sql.SQL("""
    there AS (
        SELECT * FROM (SELECT DISTINCT ON (external_id) * FROM bursar.recon_staged WHERE object = {of}
                       ORDER BY external_id, status = 'pending', created_at DESC) AS newest
        WHERE EXISTS (SELECT FROM bursar.{table} h WHERE h.source = %(source)s AND h.external_id = newest.external_id
                        AND (newest.created_at >= %(since)s AND newest.created_at < %(until)s
                             OR h.provider_created_at >= %(since)s AND h.provider_created_at < %(until)s))
           OR (status <> 'failed' AND created_at >= %(since)s AND created_at < %(until)s))""")
_HERE = sql.SQL("""
    here AS (
        SELECT external_id, {account} AS account_ref, amount_minor, coalesce({back}, 0) AS back_minor, currency, {status} AS status,
               versions = '{{}}' AS stub, provider_created_at, coalesce({shown}, false) AS shown
        FROM bursar.{table}
        WHERE source = %(source)s AND {only} AND gone_at IS NULL
          AND (provider_created_at IS NULL OR provider_created_at >= %(since)s AND provider_created_at < %(until)s {or_paired}))""")
# `told` asks what our newest processed event said: if that is what the provider says now, only a hand can have changed our row.
_COMPARISON = sql.SQL("""
    {there},
    {here},
    differing AS MATERIALIZED (
        SELECT coalesce(t.external_id, h.external_id) AS object_ref, coalesce(t.account_ref, h.account_ref) AS account_ref,
               t.external_id IS NOT NULL AS is_there, h.external_id IS NOT NULL AND NOT h.stub AS is_here,
               h.amount_minor AS our_amount, t.amount_minor AS amount, h.back_minor AS our_back,
               coalesce(t.back_minor, h.back_minor, 0) AS back,
               h.currency AS our_currency, t.currency, h.status AS our_status, t.status, t.said AS word,
               coalesce(t.created_at, h.provider_created_at) AS object_at
        FROM there t FULL JOIN here h ON h.external_id = t.external_id
        WHERE (t.external_id IS NOT NULL AND (h.external_id IS NULL OR h.stub OR h.amount_minor IS DISTINCT FROM t.amount_minor
               OR h.currency IS DISTINCT FROM t.currency OR h.status IS DISTINCT FROM t.status
               OR h.back_minor <> coalesce(t.back_minor, h.back_minor)))
           OR (t.external_id IS NULL AND NOT h.stub AND h.provider_created_at IS NOT NULL AND h.shown
               AND (h.account_ref IS NULL OR h.account_ref = ANY(%(accounts)s)))),
    told AS (
        SELECT d.*, is_there AND is_here AS both_have,
               is_there AND is_here AND our_currency IS NOT DISTINCT FROM currency AS same_currency,
               coalesce(said->>'amount' = amount::text AND upper(said->>'currency') = currency
                        AND (said->>'status') IS NOT DISTINCT FROM word AND coalesce({said_back}, '0') = back::text, false) AS edited
        FROM differing d
        LEFT JOIN LATERAL (
            SELECT CASE WHEN position(convert_to('\\u0000', 'UTF8') IN p.body) = 0
                        THEN convert_from(p.body, 'UTF8')::jsonb #> '{{data,object}}' END AS said
            FROM bursar.inbox i JOIN bursar.inbox_payload p ON p.inbox_id = i.id AND p.received_at = i.received_at
            WHERE is_there AND is_here AND i.source = %(source)s AND i.object_id = d.object_ref AND i.state = 'done'
            ORDER BY i.occurred_at DESC NULLS LAST, i.id DESC LIMIT 1) newest ON true),
    named AS (
        SELECT told.*, CASE WHEN NOT is_here THEN 'missing_here' WHEN NOT is_there THEN 'missing_there' WHEN edited THEN 'edited_row'
                            ELSE what || '_differs' END AS kind,
               what, ours_minor, theirs_minor
        FROM told CROSS JOIN LATERAL (VALUES
            (NULL, NOT both_have, CASE WHEN is_here THEN our_amount END, amount),
            ('currency', both_have AND NOT same_currency, our_amount, amount),
            ('amount', same_currency AND our_amount IS DISTINCT FROM amount, our_amount, amount),
            ('amount', same_currency AND our_amount IS NOT DISTINCT FROM amount AND our_back <> back, our_back, back),
            ('status', both_have AND our_status IS DISTINCT FROM status, our_amount, amount)
            ) AS differs (what, holds, ours_minor, theirs_minor)
        WHERE differs.holds),
    found AS (
        SELECT DISTINCT ON (object_ref, kind) kind, {of} AS object_type, object_ref, account_ref, ours_minor, theirs_minor,
               coalesce(currency, our_currency) AS currency,
               jsonb_strip_nulls(jsonb_build_object(
                   'ours', our_status, 'theirs', status, 'their_word', word, 'our_back', nullif(our_back, back),
                   'their_back', nullif(back, our_back), 'our_currency', nullif(our_currency, currency), 'what', what)) AS detail,
               object_at
        FROM named ORDER BY object_ref, kind)""")


def _sides(of: LiteralString, mirror: _Mirror, there: sql.SQL) -> tuple[sql.Composable, sql.Composable]:
    here = _HERE.format(
        table=sql.Identifier(of), account=sql.SQL(mirror.account), back=sql.SQL(mirror.back), status=sql.SQL(mirror.status),
        only=sql.SQL(mirror.only), shown=sql.SQL(mirror.shown),
        or_paired=sql.SQL("OR external_id IN (SELECT external_id FROM there)" if there is _REPORTED else ""),
    )  # fmt: skip
    return there.format(of=of, table=sql.Identifier(of)), here


def _statement(of: LiteralString, mirror: _Mirror, sides: tuple[sql.Composable, sql.Composable] | None = None) -> bytes:
    there, here = sides or _sides(of, mirror, _THERE)
    return keeping(_COMPARISON.format(of=of, there=there, here=here, said_back=sql.SQL(mirror.said_back)))


_STATEMENTS = {
    **{("stripe", of): _statement(of, mirror) for of, mirror in MIRRORS.items()},
    **{("paypal", of): _statement(of, mirror, _sides(of, mirror, _REPORTED)) for of, mirror in _AT_PAYPAL.items()},
    ("paypal", "payout"): _statement("payout", MIRRORS["payout"], (pair_payouts.THERE, pair_payouts.HERE)),
}


def compare_objects(connection: psycopg.Connection[Any], of: str, scope: Scope) -> dict[str, int]:
    """Compare one kind of object, which was staged before, in the caller's transaction; how many findings of each kind there are."""
    return keep(connection, _STATEMENTS[scope.source, of], scope, of, KINDS)
