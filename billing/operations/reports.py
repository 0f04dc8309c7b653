"""Reports for operators (RECON-6, PAY-13, PAY-14, PAYOUT-10): each one statement over what is mirrored and booked.

A row at a time comes out of the database, so that a year of payments needs no more memory than a day. Amounts are integers in
minor units beside their currency, never added across currencies. Instants are UTC, [since, until).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import uuid4

import psycopg


@dataclass(frozen=True, slots=True)
class Report:
    """A statement with the parameters since, until and basis_points, and what it tells."""

    tells: str
    sql: LiteralString


_PAYMENTS = """
    SELECT p.source, p.external_id AS payment, p.provider_created_at AS at, p.status, p.amount_minor, p.received_minor, p.refunded_minor,
           p.application_fee_minor, p.currency, p.customer_ref AS customer, c.external_ref AS app_customer, p.invoice_ref AS invoice,
           p.account_ref AS account, p.latest_charge_ref AS charge
    FROM bursar.payment p LEFT JOIN bursar.customer c ON c.id = p.customer_id
    WHERE p.provider_created_at >= %(since)s AND p.provider_created_at < %(until)s
    ORDER BY p.provider_created_at, p.source, p.external_id"""

_FAILED = """
    SELECT c.provider_created_at AS at, c.source, c.external_id AS charge, c.payment_ref AS payment, p.status AS payment_status,
           c.amount_minor, c.currency, c.failure_code, c.decline_code, c.failure_message, c.customer_ref AS customer,
           c.invoice_ref AS invoice, c.account_ref AS account
    FROM bursar.charge c LEFT JOIN bursar.payment p ON p.id = c.payment_id
    WHERE c.status = 'failed' AND c.provider_created_at >= %(since)s AND c.provider_created_at < %(until)s
    ORDER BY c.provider_created_at DESC, c.source, c.external_id"""

# What was agreed on stands in the request; where there is none, a connected account's money owes the share that is set (PAY-4).
_FEES = """
    SELECT c.source, c.external_id AS charge, c.provider_created_at AS at, coalesce(c.account_ref, p.transfer_destination_ref) AS account,
           c.amount_minor, coalesce(c.application_fee_minor, 0) AS application_fee_minor, owed.minor AS owed_minor,
           owed.minor - coalesce(c.application_fee_minor, 0) AS leaked_minor, b.fee_minor AS processor_fee_minor, c.currency,
           b.currency AS processor_fee_currency
    FROM bursar.charge c
    LEFT JOIN bursar.payment p ON p.id = c.payment_id
    LEFT JOIN bursar.payment_request r ON r.source = c.source AND r.payment_ref = c.payment_ref
    LEFT JOIN bursar.checkout_request k ON k.source = c.source AND k.payment_ref = c.payment_ref
    LEFT JOIN bursar.balance_transaction b ON b.source = c.source AND b.external_id = c.balance_transaction_ref
    CROSS JOIN LATERAL (
        SELECT coalesce(r.application_fee_minor, k.application_fee_minor,
                        CASE WHEN coalesce(c.account_ref, p.transfer_destination_ref) IS NULL THEN 0
                             ELSE (c.amount_minor * %(basis_points)s + 5000) / 10000 END) AS minor) owed
    WHERE c.status = 'succeeded' AND c.provider_created_at >= %(since)s AND c.provider_created_at < %(until)s
    ORDER BY c.provider_created_at, c.source, c.external_id"""

_REVENUE = """
    SELECT to_char(date_trunc('month', posted_at, 'UTC'), 'YYYY-MM') AS month, split_part(code, ':', 1) AS source,
           split_part(code, ':', 2) AS account, currency, sum(amount)::bigint AS amount_minor
    FROM (SELECT posted_at, credit AS code, amount_minor AS amount, currency FROM bursar.journal
          UNION ALL SELECT posted_at, debit, -amount_minor, currency FROM bursar.journal) sides
    JOIN bursar.journal_account a USING (code, currency)
    WHERE a.owner IS NULL AND a.class IN ('income', 'expense') AND posted_at >= %(since)s AND posted_at < %(until)s
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 4, 3"""

# Per subscription and month, half-up, in integers: a year is twelve months, a week 12/52 of one, a day 12/365.
_MRR = """
    WITH monthly AS (
        SELECT s.currency, greatest(s.started_at, s.trial_end_at) AS begins_at,
               CASE WHEN s.status IN ('cancelled', 'expired') THEN coalesce(s.ended_at, s.cancelled_at, s.updated_at) END AS ends_at,
               (SELECT coalesce(sum((i->>'unit_amount_minor')::bigint * coalesce((i->>'quantity')::bigint, 1)), 0)::bigint
                FROM jsonb_array_elements(coalesce(s.items, '[]')) i) AS amount,
               CASE s.cycle_unit WHEN 'year' THEN 1 WHEN 'month' THEN 1 WHEN 'week' THEN 52 WHEN 'day' THEN 365 END AS times,
               coalesce(s.cycle_count, 1) * CASE s.cycle_unit WHEN 'year' THEN 12 WHEN 'month' THEN 1 ELSE 12 END AS parts
        FROM bursar.subscription s
        WHERE s.versions <> '{}' AND s.currency IS NOT NULL AND s.started_at IS NOT NULL AND s.status <> 'pending'),
    each AS (
        SELECT currency, begins_at, ends_at, ((2 * amount * times + parts) / (2 * parts))::bigint AS mrr
        FROM monthly WHERE times IS NOT NULL),
    months AS (
        SELECT greatest(m, %(since)s) AS first, least(m + interval '1 month', %(until)s) AS last
        FROM generate_series(date_trunc('month', %(since)s::timestamptz, 'UTC'), %(until)s::timestamptz, interval '1 month') m
        WHERE m < %(until)s)
    SELECT to_char(first, 'YYYY-MM') AS month, currency,
           coalesce(sum(mrr) FILTER (WHERE begins_at < first AND (ends_at IS NULL OR ends_at >= first)), 0)::bigint AS opening_minor,
           coalesce(sum(mrr) FILTER (WHERE begins_at >= first AND begins_at < last), 0)::bigint AS new_minor,
           coalesce(sum(mrr) FILTER (WHERE ends_at >= first AND ends_at < last AND begins_at < last), 0)::bigint AS churned_minor,
           coalesce(sum(mrr) FILTER (WHERE begins_at < last AND (ends_at IS NULL OR ends_at >= last)), 0)::bigint AS closing_minor,
           count(*) FILTER (WHERE begins_at < last AND (ends_at IS NULL OR ends_at >= last)) AS subscriptions
    FROM months CROSS JOIN each GROUP BY first, last, currency ORDER BY first, currency"""

_PAYOUTS = """
    SELECT source, external_id AS payout, account_ref AS account, provider_created_at AS at, arrival_on, status, amount_minor, fee_minor,
           currency, automatic, failure_code, failure_message
    FROM bursar.payout WHERE provider_created_at >= %(since)s AND provider_created_at < %(until)s
    ORDER BY provider_created_at, source, external_id"""

_EARNINGS = """
    SELECT split_part(code, ':', 1) AS source, split_part(code, ':', 2) AS account, currency,
           coalesce(sum(amount) FILTER (WHERE cause = 'charge'), 0)::bigint AS charged_minor,
           coalesce(sum(amount) FILTER (WHERE cause = 'transfer'), 0)::bigint AS transferred_minor,
           coalesce(sum(amount) FILTER (WHERE cause = 'refund'), 0)::bigint AS refunded_minor,
           coalesce(sum(amount) FILTER (WHERE cause = 'application_fee'), 0)::bigint AS application_fees_minor,
           coalesce(sum(amount) FILTER (WHERE cause = 'processor_fee'), 0)::bigint AS processor_fees_minor,
           coalesce(sum(amount) FILTER (WHERE cause = 'dispute'), 0)::bigint AS disputes_minor,
           coalesce(sum(amount) FILTER (WHERE cause = 'payout'), 0)::bigint AS paid_out_minor,
           sum(amount)::bigint AS change_minor
    FROM (SELECT fact, kind, posted_at, debit AS code, amount_minor AS amount, currency FROM bursar.journal
          UNION ALL SELECT fact, kind, posted_at, credit, -amount_minor, currency FROM bursar.journal) sides
    CROSS JOIN LATERAL (SELECT CASE kind WHEN 'processor_fee' THEN kind ELSE split_part(fact, ':', 1) END AS cause) why
    WHERE code LIKE '%%:%%:balance' AND posted_at >= %(since)s AND posted_at < %(until)s
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""

_REFUNDS = """
    SELECT r.source, coalesce(r.reason, 'unspecified') AS reason,
           coalesce(r.account_ref, p.transfer_destination_ref, 'platform') AS account, r.currency, count(*) AS refunds,
           sum(r.amount_minor)::bigint AS amount_minor,
           count(*) FILTER (WHERE r.status = 'failed') AS failed
    FROM bursar.refund r LEFT JOIN bursar.payment p ON p.id = r.payment_id
    WHERE r.versions <> '{}' AND r.provider_created_at >= %(since)s AND r.provider_created_at < %(until)s
    GROUP BY 1, 2, 3, 4 ORDER BY 6 DESC, 1, 2, 3, 4"""

# What was given back of an operation is not used. What was granted in the time is no part of it: lots are spent later.
_CREDIT_USAGE = """
    SELECT site, operation, coalesce(model, '') AS model, count(*) AS operations, count(DISTINCT subscriber_ref) AS subscribers,
           sum(amount)::bigint AS spent, sum(given_back)::bigint AS given_back, sum(amount - given_back)::bigint AS used
    FROM bursar.credit_spend WHERE versions <> '{}' AND spent_at >= %(since)s AND spent_at < %(until)s
    GROUP BY 1, 2, 3 ORDER BY 8 DESC, 1, 2, 3"""

# A row per paper and rate of tax. What a credit note takes back is below zero. Papers are dated by the seller's days, so a month is his:
# an end at midnight is the day that is not counted any more; one within a day counts all that was issued before it.
_PAPERS = """
    SELECT d.number, d.kind, d.issued_at AS at, d.issued_on, d.tax_point_on, d.subscriber_ref AS subscriber, d.invoice_ref AS invoice,
           d.content ->> 'corrects' AS corrects, b.content -> 'address' ->> 'country' AS buyer_country,
           (b.content ->> 'business')::boolean AS business, b.content ->> 'vat_id' AS buyer_vat_id,
           t.part -> 'tax' ->> 'category' AS category, trim_scale((t.part -> 'tax' ->> 'rate')::numeric / 10000)::text AS percent,
           sign.of * (t.part ->> 'taxable_minor')::bigint AS taxable_minor,
           sign.of * (t.part ->> 'tax_minor')::bigint AS tax_minor, d.currency
    FROM bursar.document d
    JOIN bursar.document_buyer b ON b.document_id = d.id
    CROSS JOIN LATERAL (SELECT CASE d.kind WHEN 'credit_note' THEN -1 ELSE 1 END AS of) sign
    CROSS JOIN LATERAL jsonb_array_elements(d.content -> 'taxes') AS t(part)
    WHERE d.issued_on >= (%(since)s AT TIME ZONE 'UTC')::date AND (d.issued_on < (%(until)s AT TIME ZONE 'UTC')::date
          OR (d.issued_at < %(until)s AND date_trunc('day', %(until)s, 'UTC') < %(until)s))
    ORDER BY d.series, d.year, d.no"""

_BY_RATE = """
    SELECT to_char(tax_point_on, 'YYYY-MM') AS month, buyer_country, business, category, percent, currency,
           count(DISTINCT number) AS papers, sum(taxable_minor)::bigint AS taxable_minor, sum(tax_minor)::bigint AS tax_minor
    FROM papers GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6"""
_VAT = f"WITH papers AS ({_PAPERS}) {_BY_RATE}"

REPORTS: Mapping[str, Report] = {
    "payments": Report("every payment, oldest first (PAY-13)", _PAYMENTS),
    "failed-payments": Report("charges that failed, newest first, with the provider's words (PAY-14)", _FAILED),
    "fees": Report("per charge the application fee, what it should have been, and what the processor kept (RECON-2)", _FEES),
    "revenue": Report("income and expenses by month, account of the journal and currency", _REVENUE),
    "mrr": Report("monthly recurring revenue by month: opening, new, churned, closing", _MRR),
    "payouts": Report("every payout", _PAYOUTS),
    "earnings": Report("what each connected account's balance gained and lost, by cause (PAYOUT-10)", _EARNINGS),
    "refunds": Report("refunds by reason, account and currency (RECON-6)", _REFUNDS),
    "papers": Report("issued invoices and credit notes in the order of their numbers, a row per rate of tax", _PAPERS),
    "vat": Report("net and tax by month of the tax point, buyer's country, category and rate, for returns and OSS", _VAT),
    "credit-usage": Report("credits used by site, operation and model (RECON-6, CRED-7)", _CREDIT_USAGE),
}
"""Name -> report."""

_PAGE = 2_000


def report(
    connection: psycopg.Connection[Any], name: str, *, since: datetime, until: datetime, basis_points: int
) -> Iterator[tuple[str, ...] | tuple[Any, ...]]:
    """The report's column names, then its rows, read from the server a page at a time.

    Raises:
        KeyError: there is no such report.
    """
    with connection.transaction(), connection.cursor(f"report_{uuid4().hex}") as cursor:
        cursor.itersize = _PAGE
        cursor.execute(REPORTS[name].sql, {"since": since, "until": until, "basis_points": basis_points})
        yield tuple(column.name for column in cursor.description or ())
        yield from cursor
