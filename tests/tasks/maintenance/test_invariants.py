"""Each invariant holds over the stories of the books, and finds the damage that it is there for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import FixedClock
from tasks.maintenance.check_invariants import InvariantBrokenError, check, rules, sweep_invariants
from tests.billing.operations.test_books import other_currency, own_money, payees_money
from tests.factories.telling import Teller
from tests.harness.cluster import Database
from workers.context import Context, make_context

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_LEGS = "ALTER TABLE bursar.journal DISABLE TRIGGER ALL"

_PRICE = """INSERT INTO bursar.price (id, source, external_id, versions, created_at, updated_at, product_ref, cycle_unit, cycle_count,
    currency, version, unit_amount_minor, notice_days) VALUES (gen_random_uuid(), 'bursar', 'pro:1month:EUR:v{0}', '{{"own": {{}}}}',
    '2026-03-02', '2026-03-02', 'pro', 'month', 1, 'EUR', {0}, {1}, 7)"""

_DOCUMENT = """INSERT INTO bursar.document (id, source, external_id, versions, created_at, updated_at, kind, series, year, no, number,
    issued_at, issued_on, tax_point_on, invoice_ref, subscriber_ref, country, currency, net_minor, tax_minor, total_minor, actor, template,
    content, locked_at) VALUES (gen_random_uuid(), 'bursar', 'invoice:in-1', '{"own": {}}', '2026-03-02', '2026-03-02', 'invoice', 'B',
    2026, 2, 'B-2026-000002', '2026-03-02', '2026-03-02', '2026-03-02', 'in-1', 'ann', 'DE', 'EUR', 84, 16, 100, 'test', 1,
    '{"number": "B-2026-000002", "total_minor": 99, "tax_minor": 16}', '2026-03-02')"""

DAMAGE = {
    "zero_sum": f"{_LEGS}; UPDATE bursar.journal SET currency = 'GBP' WHERE fact = 'charge:stripe:ch_1'",
    "charges_booked": f"{_LEGS}; UPDATE bursar.journal SET amount_minor = amount_minor + 1 WHERE kind = 'charge'",
    "payments_booked": "UPDATE bursar.charge SET booked = NULL",
    "refunds_booked": f"{_LEGS}; DELETE FROM bursar.journal WHERE kind = 'refund_failure'",
    "transfers_booked": "UPDATE bursar.transfer SET reversed_minor = reversed_minor - 1",
    "payouts_booked": f"{_LEGS}; DELETE FROM bursar.journal WHERE kind = 'payout_failure'",
    "disputes_booked": "UPDATE bursar.dispute SET funds_withdrawn_minor = 1",
    "possible_sides": f"{_LEGS}; UPDATE bursar.journal SET amount_minor = 1 WHERE kind = 'refund'",
    "payees_owed": f"{_LEGS}; DELETE FROM bursar.journal WHERE kind = 'transfer' AND debit LIKE '%:balance'",
    "carried_over": """
        INSERT INTO bursar.customer_balance (id, source, external_id, versions, created_at, updated_at, customer_ref, currency, owed_minor)
        VALUES (gen_random_uuid(), 'stripe', 'cus_1:EUR', '{"own": {}}', '2026-03-02', '2026-03-02', 'cus_1', 'EUR', 30)""",
    "money_credits": """
        INSERT INTO bursar.money_credit (id, source, external_id, versions, created_at, updated_at, subscriber_ref, currency, balance_minor)
        VALUES (gen_random_uuid(), 'bursar', 'c1:EUR', '{"own": {}}', '2026-03-02', '2026-03-02', 'c1', 'EUR', 30)""",
    "periods_opened": """
        INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, current_period_start)
        VALUES (gen_random_uuid(), 'bursar', 'sub-1', '{"own": {}}', '2026-03-02', '2026-03-02', 'active', '2026-03-01')""",
    "periods_settled": """
        INSERT INTO bursar.period_settlement (id, source, external_id, versions, created_at, updated_at, subscription_ref, period_start,
            because, invoice_ref)
        VALUES (gen_random_uuid(), 'bursar', 'sub-1:20260301T000000Z', '{"own": {}}', '2026-03-02', '2026-03-02', 'sub-1', '2026-03-01',
            'invoice_paid', 'sub-1:20260301T000000Z')""",
    "subscriptions_parked": """
        INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, parked_at, parked_because)
        VALUES (gen_random_uuid(), 'bursar', 'sub-2', '{"own": {}}', '2026-03-02', '2026-03-02', 'active', '2026-03-02', '17 periods')""",
    "dunning_open": """
        INSERT INTO bursar.dunning_case (id, source, external_id, versions, created_at, updated_at, status, subscriber_ref)
        VALUES (gen_random_uuid(), 'bursar', 'in-9', '{"own": {}}', '2026-03-02', '2026-03-02', 'open', 'ann')""",
    "dunning_suspends": """
        INSERT INTO bursar.subscriber (id, source, external_id, versions, created_at, updated_at, status, suspended_at, suspended_because)
        VALUES (gen_random_uuid(), 'bursar', 'bob', '{"own": {}}', '2026-03-02', '2026-03-02', 'suspended', '2026-03-02',
            'payment overdue')""",
    "trials_end": """
        INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, trial_end_at)
        VALUES (gen_random_uuid(), 'bursar', 'sub-3', '{"own": {}}', '2026-03-02', '2026-03-02', 'trialing', '2026-02-20')""",
    "prices_in_order": _PRICE.format(2, 2500),
    "periods_at_price": f"""{_PRICE.format(1, 2000)}; INSERT INTO bursar.subscription_period (id, source, subscription_ref, period_start,
        period_end, unit_price_minor, currency, price_ref, opened_at) VALUES (gen_random_uuid(), 'bursar', 'sub-4', '2026-03-02',
        '2026-04-02', 2100, 'EUR', 'pro:1month:EUR:v1', '2026-03-02')""",
    "raises_noticed": f"""{_PRICE.format(1, 2000)}; {_PRICE.format(2, 2500)}; WITH raised AS (
        INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, subscriber_ref, price_ref)
        VALUES (gen_random_uuid(), 'bursar', 'sub-5', '{{"own": {{}}}}', '2026-03-02', '2026-03-02', 'cancelled', 'a', 'pro:1month:EUR:v2')
        RETURNING id)
        INSERT INTO bursar.audit (uid, at, actor, reason, action, object_type, object_id, before, after, key_id, mac)
        SELECT gen_random_uuid(), '2026-03-02', 'bursar', 'test', 'subscription.repriced', 'subscription', id,
            '{{"price": "pro:1month:EUR:v1"}}', '{{"price": "pro:1month:EUR:v2", "because": "version", "at": "2026-03-02T00:00:00Z"}}',
            'k', decode(repeat('00', 32), 'hex') FROM raised""",
    "paid_is_granted": """
        INSERT INTO bursar.payment_request (id, source, external_id, versions, created_at, updated_at, status, purpose, payment_ref)
        VALUES (gen_random_uuid(), 'stripe', 'order:1', '{"own": {}}', '2026-03-02', '2026-03-02', 'succeeded', 'subscription', 'pi_1')""",
    "credits_balance": """
        INSERT INTO bursar.credit_account (id, source, external_id, versions, created_at, updated_at, balance, entries, open_lots)
        VALUES (gen_random_uuid(), 'bursar', 'ann', '{"own": {}}', '2026-03-02', '2026-03-02', 5, 0, '[]')""",
    "credit_lots": """
        INSERT INTO bursar.credit_lot (id, source, external_id, versions, created_at, updated_at, status, subscriber_ref, pool, origin,
            amount, remaining, granted_at)
        VALUES (gen_random_uuid(), 'bursar', 'bonus:1', '{"own": {}}', '2026-03-02', '2026-03-02', 'active', 'ann', 'bonus', 'bonus', 5,
            5, '2026-03-02')""",
    "packages_granted": """
        INSERT INTO bursar.invoice (id, source, external_id, versions, created_at, updated_at, status, invoice_type, subscriber_ref,
            currency, total_minor, amount_paid_minor, package_credits)
        VALUES (gen_random_uuid(), 'bursar', 'pkg-1', '{"own": {}}', '2026-03-02', '2026-03-02', 'paid', 'credit_package', 'ann', 'EUR',
            4900, 4900, 500)""",
    "usage_counted": """
        INSERT INTO bursar.usage_counter (id, source, external_id, versions, created_at, updated_at, subscriber_ref, meter_ref, events,
            value, alerted, reports)
        VALUES (gen_random_uuid(), 'bursar', 'none:ann::m', '{"own": {}}', '2026-03-02', '2026-03-02', 'ann', 'm', 1, 1, '[]', 0)""",
    "renewals_on_time": """
        INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, next_billing_at)
        VALUES (gen_random_uuid(), 'bursar', 'sub-3', '{"own": {}}', '2026-03-02', '2026-03-02', 'active', '2026-02-01')""",
    "graces_on_time": """
        INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, grace_until)
        VALUES (gen_random_uuid(), 'bursar', 'sub-3', '{"own": {}}', '2026-03-02', '2026-03-02', 'pending', '2026-02-01')""",
    "invoices_end_on_time": """
        INSERT INTO bursar.invoice (id, source, external_id, versions, created_at, updated_at, status, invoice_type, subscriber_ref,
            currency, total_minor, expires_at)
        VALUES (gen_random_uuid(), 'bursar', 'in-1', '{"own": {}}', '2026-03-02', '2026-03-02', 'pending', 'custom', 'ann', 'EUR',
            100, '2026-03-01')""",
    "invoices_add_up": """
        INSERT INTO bursar.invoice (id, source, external_id, versions, created_at, updated_at, status, invoice_type, subscriber_ref,
            currency, total_minor, lines)
        VALUES (gen_random_uuid(), 'bursar', 'in-1', '{"own": {}}', '2026-03-02', '2026-03-02', 'pending', 'custom', 'ann', 'EUR',
            100, '[{"amount_minor": 90}]')""",
    "invoices_paid_by_something": """
        INSERT INTO bursar.invoice (id, source, external_id, versions, created_at, updated_at, status, invoice_type, subscriber_ref,
            currency, total_minor, amount_paid_minor)
        VALUES (gen_random_uuid(), 'bursar', 'in-1', '{"own": {}}', '2026-03-02', '2026-03-02', 'paid', 'custom', 'ann', 'EUR',
            100, 100)""",
    "periods_billed_once": """
        INSERT INTO bursar.invoice (id, source, external_id, versions, created_at, updated_at, status, invoice_type, subscriber_ref,
            currency, total_minor, subscription_ref, period_start, billing_reason)
        SELECT gen_random_uuid(), 'bursar', ref, '{"own": {}}', '2026-03-02', '2026-03-02', 'pending', 'subscription', 'ann', 'EUR',
            100, 'sub-1', '2026-03-01', 'cycle' FROM unnest(ARRAY['in-1', 'in-2']) AS ref""",
    "periods_in_order": """
        INSERT INTO bursar.subscription_period (id, source, subscription_ref, period_start, period_end, cycle_no, opened_at)
        VALUES (gen_random_uuid(), 'bursar', 'sub-1', '2026-03-01', '2026-04-01', 1, '2026-03-02'),
               (gen_random_uuid(), 'bursar', 'sub-1', '2026-03-05', '2026-04-05', 1, '2026-03-02')""",
    "one_plan_once": """
        INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, subscriber_ref, product_ref)
        SELECT gen_random_uuid(), 'bursar', ref, '{"own": {}}', '2026-03-02', '2026-03-02', 'active', 'ann', 'pro'
        FROM unnest(ARRAY['sub-1', 'sub-2']) AS ref""",
    "ended_is_over": """
        INSERT INTO bursar.subscription (id, source, external_id, versions, created_at, updated_at, status, ended_at, next_billing_at)
        VALUES (gen_random_uuid(), 'bursar', 'sub-1', '{}', '2026-03-02', '2026-03-02', 'cancelled', '2026-03-01', '2026-04-01')""",
    "reverse_charge_proven": _DOCUMENT.replace("in-1", "in-3").replace("000002", "000003").replace("2026, 2,", "2026, 3,")
    .replace('"tax_minor": 16', '"tax_minor": 16, "taxes": [{"tax": {"category": "K"}}]')
    + """; INSERT INTO bursar.document_buyer (document_id, content, keep_until)
        SELECT id, '{"vat_id": "DE136695976"}', '2037-12-31' FROM bursar.document WHERE external_id = 'invoice:in-3'""",
    "efacturas_sent": """
        INSERT INTO bursar.efactura (id, source, external_id, versions, created_at, updated_at, status, attempt, queued_at, sha256, cif,
            deadline_at)
        VALUES (gen_random_uuid(), 'anaf', 'invoice:in-9', '{"own": {}}', '2026-03-02', '2026-03-02', 'uploading', 1, '2026-03-02',
            repeat('0', 64), '18547290', '2026-03-09')""",
    "vat_numbers_told": """
        INSERT INTO bursar.vies_check (id, source, external_id, versions, created_at, updated_at, valid, checked_at)
        VALUES (gen_random_uuid(), 'vies', 'DE136695976', '{"own": {}}', '2026-03-02', '2026-03-02', true, '2026-03-02');
        INSERT INTO bursar.bill_to (id, source, external_id, versions, created_at, updated_at, vat_id)
        VALUES (gen_random_uuid(), 'bursar', 'ann', '{"own": {}}', '2026-03-02', '2026-03-02', 'DE136695976')""",
    "numbers_gap_free": _DOCUMENT,
    "papers_match": _DOCUMENT,
    "papers_issued": """
        INSERT INTO bursar.invoice (id, source, external_id, versions, created_at, updated_at, status, invoice_type, subscriber_ref,
            currency, total_minor, taxes)
        VALUES (gen_random_uuid(), 'bursar', 'in-1', '{"own": {}}', '2026-03-02', '2026-03-02', 'pending', 'custom', 'ann', 'EUR',
            100, '[]')""",
    "answers_settled": """
        INSERT INTO bursar.submission (source, operation, key, request_type, request_ref, request_id, attempt, kind, path, body, state,
            reserved_at, sent_at, submitted_at, outcome)
        VALUES ('stripe', 'refund.create', 'refund.create:rfr_1:1', 'refund_request', 'REF-1', gen_random_uuid(), 1, 'refund',
            '/v1/refunds', '{}', 'submitted', '2026-03-01', '2026-03-01', '2026-03-01', 'accepted')""",
    "slots_run": """
        INSERT INTO bursar.schedule_slot (job, slot_at, state, queue) VALUES ('renew_subscriptions', '2026-03-01', 'due', 'payments')""",
    "seats_counted": """
        INSERT INTO bursar.organisation (id, source, external_id, versions, created_at, updated_at, status, quantity_mode,
            members, seats_taken, seats_reserved, asked_quantity)
        VALUES (gen_random_uuid(), 'bursar', 'school', '{"own": {}}', '2026-03-01', '2026-03-01', 'active', 'follow', 1, 0, 0, 1)""",
    "seats_asked": """
        INSERT INTO bursar.organisation (id, source, external_id, versions, created_at, updated_at, status, quantity_mode,
            members, seats_taken, seats_reserved, asked_quantity)
        VALUES (gen_random_uuid(), 'bursar', 'school', '{"own": {}}', '2026-03-01', '2026-03-01', 'active', 'follow', 2, 2, 0, 1)""",
    "seats_of_members": """
        INSERT INTO bursar.organisation (id, source, external_id, versions, created_at, updated_at, status, quantity_mode,
            members, seats_taken, seats_reserved, asked_quantity)
        VALUES (gen_random_uuid(), 'bursar', 'school', '{"own": {}}', '2026-03-01', '2026-03-01', 'active', 'follow', 1, 0, 0, 1);
        INSERT INTO bursar.membership (id, source, external_id, versions, created_at, updated_at, status, organisation_ref, user_ref,
            role, seat)
        VALUES (gen_random_uuid(), 'bursar', 'school ann', '{"own": {}}', '2026-03-01', '2026-03-01', 'active', 'school', 'ann',
            'organizer', false)""",
    "refunds_bounded": "UPDATE bursar.refund SET status = 'succeeded', amount_minor = 100000000",
}
"""Rule -> what somebody did to the tables that only this rule, or it among others, can see."""


@pytest.fixture
def context(database: Database) -> Iterator[Context]:
    """A maintenance worker that has an operator to tell."""
    made = make_context(database.settings(operator_emails=["ops@example.com"]), clock=FixedClock(NOW))
    yield made
    made.engine.dispose()


@pytest.fixture
def stories(database: Database) -> None:
    """All three stories, told of the same objects one after the other."""
    teller = Teller(database)
    for story in (own_money(), payees_money(), other_currency()):
        for event in story.events:
            teller.tell(event)
    teller.close()


def test_the_list_of_damage_is_the_list_of_rules() -> None:
    assert DAMAGE.keys() == rules().keys()


@pytest.mark.usefixtures("stories")
def test_each_rule_holds_and_finds_its_damage(database: Database, context: Context) -> None:
    since = NOW - timedelta(days=3)
    assert [str(one) for one in check(context.engine, since, NOW)] == []
    blind = []
    with database.connect(autocommit=False) as connection:
        for name, damage in DAMAGE.items():
            connection.execute(damage.encode())
            if not connection.execute(rules()[name].sql, {"since": since, "settled_by": NOW}).fetchall():
                blind.append(name)
            connection.rollback()
    assert blind == []


@pytest.mark.usefixtures("stories")
def test_operators_are_told_once_a_day_and_the_run_fails(database: Database, context: Context) -> None:
    assert sweep_invariants(context, NOW) == {"rules": len(rules()), "broken": 0}
    with database.connect() as connection:
        connection.execute(DAMAGE["refunds_booked"].encode())
    for _ in range(2):
        with pytest.raises(InvariantBrokenError, match=r"refunds_booked .* refund re_2: failed 333 EUR, booked 333; next: "):
            sweep_invariants(context, NOW)
    with database.connect() as connection:
        mails = connection.execute("SELECT payload->>'mail', payload->'context'->>'rule' FROM bursar.outbox").fetchall()
    assert mails == [("invariant_alert", "refunds_booked")]
