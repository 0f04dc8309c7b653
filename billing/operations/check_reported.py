"""Lays PayPal's report of what moved the balance beside the fees that we mirrored and beside the journal (RECON-2, RECON-3, RECON-7).

Several movements may belong to one fact of ours (a payout goes out and comes back), and several facts to one movement (a capture
comes net of PayPal's fee). So both sides are summed by the charge, refund or payout that they belong to, and by currency. What
disputes take and give back names the disputed charge and not the dispute, so it is summed by that charge, apart from the charge
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from billing.operations.keep_findings import Scope, keep, keeping
from billing.operations.pair_payouts import MATCHED, UNKNOWN_AS
from billing.rules.reported_payout import NOT_SENT

_FEES = sql.SQL("""
    held AS (
        SELECT external_id, currency, sum(fee_minor)::bigint AS theirs, min(created_at) AS at
        FROM bursar.recon_staged
        WHERE object = 'movement' AND kind = 'payment' AND created_at >= %(since)s AND created_at < %(until)s
        GROUP BY external_id, currency),
    found AS (
        SELECT CASE WHEN coalesce(p.processor_fee_minor, 0) = 0 THEN 'processor_fee_missing' ELSE 'processor_fee_differs' END AS kind,
               'charge' AS object_type, k.external_id AS object_ref, NULL::text AS account_ref,
               coalesce(p.processor_fee_minor, 0) AS ours_minor, k.theirs AS theirs_minor, k.currency, '{{}}'::jsonb AS detail,
               k.at AS object_at
        FROM held k JOIN bursar.payment p ON p.source = %(source)s AND p.external_id = k.external_id AND p.currency = k.currency
        WHERE p.versions <> '{{}}' AND coalesce(p.processor_fee_minor, 0) <> k.theirs)""")

# Money that moved without any fact here (withdrawals, conversions, holds, fees of whole batches) is left out.
_MOVED = sql.SQL("""
    {matched},
    moved AS (
        SELECT CASE WHEN m.kind = 'payment' THEN 'charge' WHEN m.kind = 'refund' OR r.external_id IS NOT NULL THEN 'refund'
                    WHEN m.kind IN ('payout', 'payout_return') THEN 'payout'
                    WHEN m.kind IN ('refund_fee', 'fee_refund') THEN 'charge' ELSE 'dispute' END AS of,
               CASE WHEN m.kind IN ('payment', 'refund') OR r.external_id IS NOT NULL THEN m.external_id
                    WHEN m.kind = 'payout' THEN coalesce(k.item, {unknown} m.external_id)
                    WHEN m.kind = 'payout_return' THEN coalesce(k.item, p.external_id, {unknown} m.parent_ref)
                    ELSE coalesce(m.parent_ref, m.external_id) END AS root,
               m.external_id AS txn, m.said AS code, m.currency, m.amount_minor AS gross, m.fee_minor AS fee, m.created_at AS at
        FROM bursar.recon_staged m
        LEFT JOIN paired k ON k.txn = CASE m.kind WHEN 'payout' THEN m.external_id WHEN 'payout_return' THEN m.parent_ref END
        LEFT JOIN bursar.payout p ON m.kind = 'payout_return' AND p.source = %(source)s AND p.balance_transaction_ref = m.parent_ref
        LEFT JOIN bursar.refund r ON m.kind = 'reversal' AND r.source = %(source)s AND r.external_id = m.external_id
        WHERE m.object = 'movement' AND m.kind IN ('payment', 'refund', 'payout', 'payout_return', 'reversal', 'dispute', 'dispute_hold',
              'dispute_release', 'dispute_reversal', 'dispute_fee', 'refund_fee', 'fee_refund')),
    theirs AS (
        SELECT of, root, currency, sum(gross - fee)::bigint AS net, sum(gross)::bigint AS gross, bool_or(fee <> 0) AS with_fee,
               min(at) AS first_at, max(at) AS last_at, min(txn) AS txn, min(code) AS code
        FROM moved GROUP BY of, root, currency),
    legs AS (
        SELECT fact, kind, amount_minor AS amount, currency, posted_at FROM bursar.journal
        WHERE debit = %(source)s || ':balance' OR debit LIKE %(source)s || ':%%:balance'
        UNION ALL SELECT fact, kind, -amount_minor, currency, posted_at FROM bursar.journal
        WHERE credit = %(source)s || ':balance' OR credit LIKE %(source)s || ':%%:balance'),
    facts AS (
        SELECT split_part(fact, ':', 1) AS of, substring(fact FROM '^[^:]*:[^:]*:(.*)$') AS id, currency, sum(amount)::bigint AS net,
               coalesce(sum(amount) FILTER (WHERE kind = 'payout_fee'), 0)::bigint AS payout_fee,
               min(posted_at) AS first_at, max(posted_at) AS last_at
        FROM legs GROUP BY 1, 2, 3),
    ours AS (
        SELECT CASE f.of WHEN 'payment' THEN 'charge' ELSE f.of END AS of,
               coalesce(d.charge_ref, f.id) AS root, f.currency, sum(f.net)::bigint AS net, sum(f.payout_fee)::bigint AS payout_fee,
               min(f.first_at) AS first_at, max(f.last_at) AS last_at
        FROM facts f
        LEFT JOIN bursar.dispute d ON f.of = 'dispute' AND d.source = %(source)s AND d.external_id = f.id
        LEFT JOIN bursar.payout p ON f.of = 'payout' AND p.source = %(source)s AND p.external_id = f.id
        -- Booked as on its way, and PayPal has not sent it yet.
        WHERE p.id IS NULL OR p.balance_transaction_ref IS NOT NULL OR p.status <> ALL(ARRAY[{not_sent}])
           OR p.external_id IN (SELECT item FROM paired WHERE item IS NOT NULL)
        GROUP BY 1, 2, 3),
    beside AS (
        SELECT of, root, currency, coalesce(t.net, 0) AS theirs, t.gross, t.txn, t.code,
               -- Where PayPal takes the fees of a batch at once, the line of a payout shows none.
               coalesce(o.net, 0) - CASE WHEN of = 'payout' AND NOT coalesce(t.with_fee, true) THEN coalesce(o.payout_fee, 0) ELSE 0 END
                   AS ours,
               least(t.first_at, o.first_at) AS first_at, greatest(t.last_at, o.last_at) AS last_at
        FROM theirs t FULL JOIN ours o USING (of, root, currency)),
    differing AS (
        SELECT b.*, of = 'charge' AND ours = gross AS without_fee,
               (SELECT min(d.external_id) FROM bursar.dispute d
                WHERE b.of = 'dispute' AND d.source = %(source)s AND (d.charge_ref = b.root OR d.external_id = b.root)) AS dispute
        FROM beside b
        WHERE ours <> theirs AND first_at >= %(since)s - interval '35 days' AND last_at >= %(since)s AND last_at < %(until)s),
    found AS (
        SELECT CASE WHEN without_fee THEN 'processor_fee_missing' WHEN ours = 0 AND of = 'refund' THEN 'refund_unbooked'
                    WHEN ours = 0 AND of = 'dispute' THEN 'dispute_unbooked' ELSE 'journal_differs' END AS kind,
               of AS object_type, CASE WHEN of = 'dispute' THEN coalesce(dispute, code || ':' || txn, root) ELSE root END AS object_ref,
               NULL::text AS account_ref, CASE WHEN without_fee THEN 0 ELSE ours END AS ours_minor,
               CASE WHEN without_fee THEN gross - theirs ELSE theirs END AS theirs_minor, currency,
               CASE WHEN without_fee THEN '{{}}'::jsonb
                    ELSE jsonb_strip_nulls(jsonb_build_object('transaction', txn, 'code', code, 'root', root)) END AS detail,
               last_at AS object_at
        FROM differing)""").format(
    matched=MATCHED.format(object=sql.Literal("movement"), kind=sql.Literal("payout")), unknown=UNKNOWN_AS,
    not_sent=sql.SQL(", ").join(map(sql.Literal, sorted(NOT_SENT))),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Check:
    statement: bytes
    needs: frozenset[str]
    object_type: str
    kinds: list[str]


_JOURNAL_KINDS = ["refund_unbooked", "dispute_unbooked", "journal_differs", "processor_fee_missing"]
_FEE_KINDS = ["processor_fee_differs"]
"""Kinds that a check closes. Both find missing fees, under one name; the second one closes those that neither saw."""
_NEEDS = frozenset({"movement"})
_CHECKS: Mapping[str, _Check] = {
    "processor_fees": _Check(keeping(_FEES.format()), _NEEDS, "charge", _FEE_KINDS),
    "reported_movements": _Check(keeping(_MOVED), _NEEDS, "", _JOURNAL_KINDS),
}
CHECKS: Mapping[str, frozenset[str]] = {name: one.needs for name, one in _CHECKS.items()}
"""Check -> the objects that must have been listed for it."""


def check_reported(connection: psycopg.Connection[Any], name: str, scope: Scope) -> dict[str, int]:
    """Run one of CHECKS in the caller's transaction; how many findings of each kind there are."""
    one = _CHECKS[name]
    return keep(connection, one.statement, scope, one.object_type, one.kinds)
