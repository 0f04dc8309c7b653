"""Customers of PayPal: each invoice is a checkout, approved by the payer, captured by us; some give up, some are declined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.simulate.people import Customer

if TYPE_CHECKING:
    from cli.simulate.stage import Act, Stage

_OPEN = """SELECT amount_remaining_minor FROM bursar.invoice
           WHERE source = 'bursar' AND external_id = %s AND status = 'pending' AND amount_remaining_minor > 0"""
_TRIES = 3
_OUTCOMES = ("COMPLETED",) * 16 + ("PENDING", "PENDING", "INSTRUMENT_DECLINED", "DECLINED")


def pay(stage: Stage, one: Customer, invoice: str, tries: int = 1) -> None:
    """He is sent to PayPal for an open invoice."""
    for (amount,) in stage.play.all(_OPEN, invoice):
        stage.did("PayPal checkouts")
        key = stage.say(
            "checkout.start", source="paypal", reference=f"{invoice}:pp{tries}", purpose="invoice", purpose_ref=invoice,
            amount_minor=amount, currency="EUR", external_ref=one.ref, success_url="https://shop.example.com/back",
            cancel_url="https://shop.example.com/", description="Invoice",
        )  # fmt: skip
        stage.then(_approval(stage, one, invoice, tries, key))


def _approval(stage: Stage, one: Customer, invoice: str, tries: int, key: str) -> Act:
    return lambda: _approve(stage, one, invoice, tries, key)


def _approve(stage: Stage, one: Customer, invoice: str, tries: int, key: str) -> None:
    order, does = stage.play.outcome(key).get("object_ref"), one.chance.random()
    if does < 0.9 and order is not None:
        outcome = one.chance.choice(_OUTCOMES)
        if stage.play.paypal.approve(order, outcome) and outcome == "PENDING":
            stage.soon(one, 1, 4, lambda: stage.play.paypal.decide(order, one.chance.choice(("COMPLETED", "COMPLETED", "DECLINED"))))
    if tries < _TRIES:
        stage.soon(one, 2, 3, lambda: pay(stage, one, invoice, tries + 1))
