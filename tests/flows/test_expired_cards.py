"""Cards whose month is over: marked, replaced here and at the stand-in of Stripe, told of before and after (PAY-6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.payments.runs import expire_cards, warn_of_cards
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

APRIL = datetime(2027, 4, 1, 6, tzinfo=UTC)
_MAILS = "SELECT payload ->> 'mail', payload -> 'context' ->> 'instead' FROM bursar.outbox WHERE kind = 'mail.send' ORDER BY id"
_CARDS = "SELECT external_id, expired_at IS NOT NULL FROM bursar.payment_method ORDER BY provider_created_at, external_id"


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """Ann, a customer at Stripe."""
    with SmtpServer() as mail:
        made = Billing(Machine(database, **stripe_sandbox.settings(), smtp_url=mail.url), stripe_sandbox.control)
        made.customer = made.created("ann")
        yield made
        made.machine.close()


def _posts(sandbox: Sandbox, path: str, **form: Any) -> str:
    """A second after what was before: of two changes of one second Stripe says not which was the later."""
    sandbox.control.advance(seconds=1)
    return str(sandbox.control.api("POST", path, form)["id"])


def _attach(billing: Billing, sandbox: Sandbox, name: str) -> str:
    method = _posts(sandbox, f"/v1/payment_methods/{name}/attach", customer=billing.customer)
    billing.webhooks()
    return method


def _expires(billing: Billing, method: str, year: int, month: int) -> None:
    with billing.machine.connect() as connection:
        connection.execute("UPDATE bursar.payment_method SET exp_year = %s, exp_month = %s WHERE external_id = %s", [year, month, method])


def _runs(billing: Billing, at: datetime) -> None:
    """Both runs, twice: the second time there is nothing left."""
    billing.at(at)
    billing.stripe.advance(seconds=1)
    for _ in range(2):
        for run in (warn_of_cards, expire_cards):
            assert run(billing.machine.context, at)["failed"] == 0, billing.machine.all("SELECT * FROM bursar.run_failure")
    billing.machine.settle(timedelta(hours=1))
    billing.webhooks()


@pytest.mark.requirement("PAY-6")
def test_an_expired_default_gives_way_to_another_card_of_the_customer(billing: Billing, stripe_sandbox: Sandbox) -> None:
    old, new = _attach(billing, stripe_sandbox, "pm_card_visa"), _attach(billing, stripe_sandbox, "pm_card_mastercard")
    _posts(stripe_sandbox, f"/v1/customers/{billing.customer}", invoice_settings={"default_payment_method": old})
    billing.webhooks()
    billing.defines("ann", payment_method_ref=old)
    _expires(billing, old, 2027, 3)
    machine = billing.machine

    _runs(billing, APRIL - timedelta(days=31))
    assert machine.all(_MAILS) == []
    _runs(billing, APRIL - timedelta(days=29))
    assert machine.all(_MAILS) == [("card_expiring", None)]
    assert dict(machine.all(_CARDS))[old] is False

    _runs(billing, APRIL)
    assert dict(machine.all(_CARDS)) == {old: True, new: False}
    assert machine.one("SELECT default_payment_method_ref FROM bursar.customer") == new, "as Stripe says it"
    assert machine.one("SELECT payment_method_ref FROM bursar.subscriber") == new
    assert machine.all("SELECT status, method_ref FROM bursar.default_method_request") == [("done", new)]
    assert [row[0] for row in machine.all(_MAILS)] == ["card_expiring", "card_expired"]
    assert machine.all(_MAILS)[1][1].endswith("4444")


@pytest.mark.requirement("PAY-6")
def test_without_another_card_the_default_is_unset(billing: Billing, stripe_sandbox: Sandbox) -> None:
    old, spare = _attach(billing, stripe_sandbox, "pm_card_visa"), _attach(billing, stripe_sandbox, "pm_card_mastercard")
    _posts(stripe_sandbox, f"/v1/customers/{billing.customer}", invoice_settings={"default_payment_method": old})
    billing.webhooks()
    for method in (old, spare):
        _expires(billing, method, 2027, 3)
    _runs(billing, APRIL)
    machine = billing.machine
    assert dict(machine.all(_CARDS)) == {old: True, spare: True}
    assert machine.one("SELECT default_payment_method_ref FROM bursar.customer") is None
    assert machine.all(_MAILS) == [("card_expired", None)], "of what nobody charges nobody is told"
