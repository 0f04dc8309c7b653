"""Credits and usage against the stand-in of Stripe: a package by the stored card, its refund, a renewal by card, and a provider's meter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.maintenance.check_invariants import check
from tests.factories.subscribers import LONG_AGO, do, price, product
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

JANUARY = datetime(2027, 1, 31, 9, 30, 15, tzinfo=UTC)


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """A plan with 200 credits, a package of 500, and Ann, who pays by card."""
    with SmtpServer() as mail:
        machine = Machine(database, **stripe_sandbox.settings(), smtp_url=mail.url)
        made = Billing(machine, stripe_sandbox.control)
        do(machine.context, lambda unit: (
            product(unit, "pro", limits={"calls": 10}), price(unit),
            product(unit, "credits-500", kind="credit_package", name="500 credits", credits=500),
            price(unit, "credits-500", 4_900, cycle_unit="once"),
        ))  # fmt: skip
        made.customer = made.created("ann")
        assert made.defines("ann", payment_method_ref="pm_card_visa")["state"] == "succeeded"
        yield made
        assert [str(one) for one in check(machine.context.engine, LONG_AGO, machine.clock.now())] == []
        machine.close()


def _pools(billing: Billing) -> dict[str, int]:
    told = billing.machine.one("SELECT bursar_api.credits('ann', %s)", billing.machine.clock.now())
    return {pool: one["balance"] for pool, one in told["pools"].items() if one["balance"]}


def _buys(billing: Billing, reference: str, **values: Any) -> dict[str, Any]:
    order = {"subscriber_ref": "ann", "reference": reference, "product": "credits-500", "currency": "EUR"}
    return billing.asks("billing.credits.buy.v1", order | values)


@pytest.mark.requirement("CRED-3", "CRED-4", "REFUND-13", "PAY-10")
def test_a_card_buys_a_package_a_renewal_resets_and_a_refund_takes_the_package_back(billing: Billing) -> None:
    assert _buys(billing, "pkg-1", product="pro")["code"] == "unknown_product"
    assert _buys(billing, "pkg-1", currency="USD")["code"] == "no_price"
    billing.starts("ann", "sub-1")
    billing.webhooks(twice=True)
    assert _pools(billing) == {"subscription": 200}

    told = _buys(billing, "pkg-1", collect=True)
    assert (told["state"], told["status"], told["credits"]) == ("succeeded", "pending", 500)
    billing.webhooks(twice=True)
    assert _buys(billing, "pkg-1", collect=True)["status"] == "paid"
    assert (_pools(billing), billing.charged()) == ({"subscription": 200, "purchased": 500}, [2_000, 4_900])

    spend = {"subscriber_ref": "ann", "reference": "op-1", "amount": 300, "site": "studio", "operation": "draw"}
    assert billing.asks("billing.credits.spend.v1", spend)["balance"] == 400
    payment = billing.machine.one("SELECT payment_ref FROM bursar.invoice WHERE external_id = 'pkg-1'")
    billing.asks("billing.refunds.request.v1", {
        "source": "stripe", "key": "r1", "payment_ref": payment, "acting_for": "platform", "reason": "cancellation",
    })  # fmt: skip
    billing.webhooks(twice=True)
    assert _pools(billing) == {}
    assert billing.machine.all("SELECT clawback_minor, clawback_shortfall_minor FROM bursar.fulfilment WHERE clawback_minor > 0") == [
        (4_900, 980)
    ]

    billing.at(billing.machine.one("SELECT next_billing_at FROM bursar.subscription"))
    assert billing.renews() == 1
    billing.webhooks(twice=True)
    assert _pools(billing) == {"subscription": 200}


@pytest.mark.requirement("USAGE-5", "USAGE-1")
def test_a_providers_meter_is_told_once_per_command_and_a_renewal_begins_anew(billing: Billing) -> None:
    billing.starts("ann", "sub-1")
    billing.webhooks()
    meter = {"meter": "calls", "title": "Calls", "category": "compute", "aggregation": "sum", "provider_event_name": "api_calls"}
    billing.asks("billing.meters.define.v1", meter)
    for number in (1, 2, 2):
        events = [{"subscriber_ref": "ann", "meter": "calls", "key": f"e{number}.{part}", "quantity": number} for part in (1, 2)]
        billing.asks("billing.usage.record.v1", {"events": events})
    machine = billing.machine
    assert machine.all("SELECT quantity, status FROM bursar.meter_report ORDER BY external_id") == [(2, "accepted"), (4, "accepted")]
    assert machine.all("SELECT used, max_used FROM bursar_api.usage('ann', %s)", machine.clock.now()) == [(6, 10)]

    billing.at(machine.one("SELECT next_billing_at FROM bursar.subscription"))
    assert billing.renews() == 1
    billing.webhooks()
    assert machine.all("SELECT used, max_used FROM bursar_api.usage('ann', %s)", machine.clock.now()) == [(0, 10)]

    with machine.connect() as connection:
        connection.execute("UPDATE bursar.subscriber SET pay_customer_ref = 'cus_gone'")
    billing.asks("billing.usage.record.v1", {"events": [{"subscriber_ref": "ann", "meter": "calls", "key": "e9"}]})
    assert machine.all("SELECT status, failure_code FROM bursar.meter_report WHERE quantity = 1") == [("failed", "resource_missing")]
    assert machine.all("SELECT value FROM bursar.usage_counter ORDER BY period_start") == [(6,), (1,)]
