"""The link to the PDF of a provider's own invoice is asked for each time, and an old one is never shown (INV-11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from cli.invoice_link import pdf_link
from tests.harness.cluster import Database
from tests.harness.environment import settings_env
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox

_COMMAND = "billing.invoices.pdf_link.v1"


@pytest.fixture
def shop(database: Database, stripe_sandbox: Sandbox) -> Iterator[Machine]:
    """A machine that mirrors one invoice of Stripe's."""
    machine = Machine(database, **stripe_sandbox.settings())
    machine.deliver({
        "id": "evt_1", "object": "event", "type": "invoice.finalized", "created": 1_790_000_000,
        "data": {"object": _at_stripe(stripe_sandbox, "https://pay.stripe.com/invoice/a/pdf")},
    })  # fmt: skip
    _work(machine)
    yield machine
    machine.close()


def _at_stripe(sandbox: Sandbox, pdf: str | None) -> dict[str, Any]:
    """The invoice as Stripe shows it from now on."""
    world = sandbox.standin.api.world
    shown: dict[str, Any] = {
        "id": "in_1", "object": "invoice", "created": 1_790_000_000, "status": "open", "currency": "eur", "total": 500, "subtotal": 500,
        "amount_due": 500, "amount_paid": 0, "amount_remaining": 500, "customer": None, "invoice_pdf": pdf, "hosted_invoice_url": None,
    }  # fmt: skip
    with world.lock:
        known = world.find("invoice", "in_1")
        if known is None:
            world.add(dict(shown))
        else:
            known.update(shown)
    return shown


def _work(machine: Machine) -> None:
    while machine.work():
        pass


def _ask(machine: Machine) -> dict[str, Any]:
    key = machine.submit(_COMMAND, {"source": "stripe", "invoice_ref": "in_1"})
    _work(machine)
    outcome: dict[str, Any] = machine.status(key)["outcome"]
    return outcome


def _later(machine: Machine) -> None:
    machine.clock.move_to(machine.clock.now() + timedelta(minutes=1))


@pytest.mark.requirement("INV-11")
def test_each_wish_asks_the_provider_and_a_link_is_shown_for_an_hour(shop: Machine, stripe_sandbox: Sandbox) -> None:
    first = _ask(shop)
    assert (first["status"], first["url"], first["settled"]) == ("told", "https://pay.stripe.com/invoice/a/pdf", True)
    _at_stripe(stripe_sandbox, "https://pay.stripe.com/invoice/b/pdf")
    _later(shop)
    assert _ask(shop)["url"] == "https://pay.stripe.com/invoice/b/pdf"
    with shop.context.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE bursar.invoice_link SET told_at = '2020-01-01'")
    assert (
        shop.one("SELECT status || coalesce(url, '') FROM bursar.request_outcome WHERE request_type = 'invoice_link'")
        == "ended"
    )
    _at_stripe(stripe_sandbox, None)
    _later(shop)
    third = _ask(shop)
    assert (third["status"], third["url"]) == ("none", None)


def test_a_link_that_is_not_secure_is_not_passed_on(shop: Machine, stripe_sandbox: Sandbox) -> None:
    _at_stripe(stripe_sandbox, "http://pay.stripe.com/invoice/a/pdf")
    assert _ask(shop)["status"] == "none"


def test_a_person_asks_at_the_terminal(
    shop: Machine, stripe_sandbox: Sandbox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings_env(database.settings(**stripe_sandbox.settings())).items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(pdf_link, ["stripe:in_1"], catch_exceptions=False)
    assert (told.exit_code, told.stdout.strip()) == (0, "https://pay.stripe.com/invoice/a/pdf")
    _at_stripe(stripe_sandbox, None)
    assert "has no PDF" in CliRunner().invoke(pdf_link, ["stripe:in_1"]).stderr
    assert "bursar document pdf" in CliRunner().invoke(pdf_link, ["in_1"]).stderr
    assert CliRunner().invoke(pdf_link, ["stripe:in_2"]).exit_code == 3


def test_an_invoice_that_nobody_told_of_is_refused(shop: Machine) -> None:
    told = shop.run(_COMMAND, {"source": "stripe", "invoice_ref": "in_2"})
    assert (told["state"], told["code"]) == ("rejected", "unknown_invoice")
    assert shop.one("SELECT count(*) FROM bursar.outbox WHERE kind = 'stripe.fetch'") == 0
