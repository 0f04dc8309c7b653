"""Checks that compare more than two rows of one object: fees, money that nobody asked for, numbers kept beside their rows.

Each is one statement over what the provider listed and what we hold (RECON-2, RECON-5, RECON-7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from billing.operations.keep_findings import Scope, keep, keeping

# PAY-4: what was agreed on stands in the request; what is kept of a share that is passed on later is no fee of the provider's;
# where there is none, a connected account's money owes the share that is set. What a person settled of it counts as taken.
_FEE = """
    owed AS (
        SELECT s.external_id, s.account_ref, coalesce(s.fee_minor, 0) + coalesce(h.fee_settled_minor, 0) AS theirs,
               h.fee_settled_minor AS settled, s.currency, s.created_at, s.kind AS destination,
               coalesce(CASE WHEN coalesce(p.payee_ref, c.payee_ref) IS NOT NULL THEN 0 END,
                        p.application_fee_minor, c.application_fee_minor,
                        CASE WHEN s.account_ref IS NOT NULL OR s.kind IS NOT NULL
                             THEN (s.amount_minor * %(basis_points)s + 5000) / 10000 ELSE 0 END) AS ours
        FROM bursar.recon_staged s
        LEFT JOIN bursar.charge h ON h.source = %(source)s AND h.external_id = s.external_id
        LEFT JOIN bursar.payment_request p ON p.source = %(source)s AND p.payment_ref = s.parent_ref
        LEFT JOIN bursar.checkout_request c ON c.source = %(source)s AND c.payment_ref = s.parent_ref
        WHERE s.object = 'charge' AND s.status = 'succeeded'),
    found AS (
        SELECT 'fee_leak' AS kind, 'charge' AS object_type, external_id AS object_ref, account_ref, ours AS ours_minor,
               theirs AS theirs_minor, currency,
               jsonb_strip_nulls(jsonb_build_object('destination', destination, 'settled', settled)) AS detail, created_at AS object_at
        FROM owed WHERE ours <> theirs)"""

_UNKNOWN_CHARGE = """
    found AS (
        SELECT 'unknown_charge' AS kind, 'charge' AS object_type, s.external_id AS object_ref, s.account_ref, NULL::bigint AS ours_minor,
               s.amount_minor AS theirs_minor, s.currency,
               jsonb_strip_nulls(jsonb_build_object('payment', s.parent_ref, 'customer', s.customer_ref)) AS detail,
               s.created_at AS object_at
        FROM bursar.recon_staged s
        WHERE s.object = 'charge' AND s.status = 'succeeded' AND s.request IS NULL AND s.amount_minor > coalesce(s.back_minor, 0)
          AND NOT EXISTS (SELECT FROM bursar.payment a
                          WHERE a.source = %(source)s AND a.external_id = coalesce(s.parent_ref, s.external_id) AND a.adopted IS NOT NULL)
          AND NOT EXISTS (SELECT FROM bursar.customer c
                          WHERE c.source = %(source)s AND c.external_id = s.customer_ref AND c.versions <> '{{}}')
          AND NOT EXISTS (SELECT FROM bursar.payment_request p WHERE p.source = %(source)s AND p.payment_ref = s.parent_ref)
          AND NOT EXISTS (SELECT FROM bursar.checkout c WHERE c.source = %(source)s AND c.payment_ref = s.parent_ref)
          AND NOT EXISTS (SELECT FROM bursar.recon_staged i
                          WHERE i.object = 'payment' AND i.external_id = s.parent_ref AND i.request IS NOT NULL))"""

_STRAY_TRANSFER = """
    found AS (
        SELECT 'stray_transfer' AS kind, 'transfer' AS object_type, s.external_id AS object_ref, s.parent_ref AS account_ref,
               NULL::bigint AS ours_minor, s.amount_minor AS theirs_minor, s.currency,
               jsonb_build_object('destination', s.parent_ref) AS detail, s.created_at AS object_at
        FROM bursar.recon_staged s
        WHERE s.object = 'transfer' AND s.request IS NULL AND s.amount_minor > coalesce(s.back_minor, 0)
          AND NOT EXISTS (SELECT FROM bursar.transfer a
                          WHERE a.source = %(source)s AND a.external_id = s.external_id AND a.adopted IS NOT NULL)
          AND NOT EXISTS (SELECT FROM bursar.transfer_request r WHERE r.source = %(source)s AND r.transfer_ref = s.external_id))"""

# What a person made at the provider is told by its refund alone; what we asked for is named by its request. What only shows another
# movement (a transfer's reversal, a capture that PayPal reversed for a dispute) is looked at there; what of an authorisation was never
# taken is none.
_UNASKED_REFUND = """
    found AS (
        SELECT 'refund_not_asked' AS kind, 'refund' AS object_type, r.external_id AS object_ref, r.account_ref, NULL::bigint AS ours_minor,
               r.amount_minor AS theirs_minor, r.currency,
               jsonb_strip_nulls(jsonb_build_object('payment', r.payment_ref, 'charge', r.charge_ref)) AS detail,
               r.provider_created_at AS object_at
        FROM bursar.refund r
        WHERE r.source = %(source)s AND r.versions <> '{{}}' AND r.provider_created_at >= %(since)s AND r.provider_created_at < %(until)s
          AND r.status NOT IN ('failed', 'cancelled') AND r.confirmed IS DISTINCT FROM false
          AND r.source_transfer_reversal_ref IS NULL AND r.reason IS DISTINCT FROM 'reversed'
          AND NOT EXISTS (SELECT FROM bursar.charge c WHERE c.source = r.source AND c.external_id = r.charge_ref AND c.source = 'stripe'
                          AND r.balance_transaction_ref IS NULL AND r.amount_minor = c.amount_minor - c.amount_captured_minor)
          AND NOT EXISTS (SELECT FROM bursar.refund_request q WHERE q.source = %(source)s AND q.refund_ref = r.external_id))"""

_REFUNDED = """
    counted AS (
        SELECT c.external_id, c.account_ref, c.currency, c.provider_created_at, c.refunded_minor,
               (SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM bursar.refund r
                WHERE r.source = c.source AND r.charge_ref = c.external_id AND r.status NOT IN ('failed', 'cancelled')
                  AND NOT (c.source = 'stripe' AND r.balance_transaction_ref IS NULL AND c.amount_captured_minor < c.amount_minor
                           AND r.amount_minor = c.amount_minor - c.amount_captured_minor)) AS summed
        FROM bursar.charge c
        WHERE c.source = %(source)s AND c.provider_created_at >= %(since)s AND c.provider_created_at < %(until)s),
    found AS (
        SELECT 'count_differs' AS kind, 'charge' AS object_type, external_id AS object_ref, account_ref, refunded_minor AS ours_minor,
               summed AS theirs_minor, currency, '{{"number": "refunded_minor"}}'::jsonb AS detail, provider_created_at AS object_at
        FROM counted WHERE coalesce(refunded_minor, 0) <> summed)"""

_OWED = """
    found AS (
        SELECT 'count_differs' AS kind, 'customer_balance' AS object_type, b.external_id AS object_ref, NULL::text AS account_ref,
               b.owed_minor AS ours_minor, coalesce(sum(e.delta_minor), 0)::bigint AS theirs_minor, b.currency,
               '{{"number": "owed_minor"}}'::jsonb AS detail, NULL::timestamptz AS object_at
        FROM bursar.customer_balance b LEFT JOIN bursar.customer_balance_entry e ON e.balance_id = b.id
        WHERE b.source = %(source)s GROUP BY b.id HAVING coalesce(b.owed_minor, 0) <> coalesce(sum(e.delta_minor), 0))"""


@dataclass(frozen=True, slots=True)
class _Check:
    statement: bytes
    needs: frozenset[str]
    object_type: str
    kinds: list[str]


def _check(comparison: LiteralString, needs: set[str], object_type: str, *kinds: str) -> _Check:
    return _Check(keeping(sql.SQL(comparison).format()), frozenset(needs), object_type, list(kinds))


_CHECKS: Mapping[str, _Check] = {
    "fees": _check(_FEE, {"charge"}, "charge", "fee_leak"),
    "unknown_charges": _check(_UNKNOWN_CHARGE, {"charge", "payment"}, "charge", "unknown_charge"),
    "stray_transfers": _check(_STRAY_TRANSFER, {"transfer"}, "transfer", "stray_transfer"),
    "unasked_refunds": _check(_UNASKED_REFUND, {"refund"}, "refund", "refund_not_asked"),
    "refunded": _check(_REFUNDED, {"refund"}, "charge", "count_differs"),
    "owed": _check(_OWED, {"payment"}, "customer_balance", "count_differs"),
}
CHECKS: Mapping[str, frozenset[str]] = {name: one.needs for name, one in _CHECKS.items()}
"""Check -> the objects that must have been listed for it."""


def check(connection: psycopg.Connection[Any], name: str, scope: Scope) -> dict[str, int]:
    """Run one of CHECKS in the caller's transaction; how many findings of each kind there are."""
    one = _CHECKS[name]
    return keep(connection, one.statement, scope, one.object_type, one.kinds)
