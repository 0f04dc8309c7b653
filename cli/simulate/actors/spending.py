"""Credits that are bought, spent and given back."""

from __future__ import annotations

from cli.simulate.people import Customer
from cli.simulate.stage import Stage


def package(stage: Stage, one: Customer) -> bool:
    """Buys a package: charged at once where a method is stored; else it is to be paid within 48 hours, and is given up now and then."""
    if not one.begun:
        return False
    reference = f"{one.ref}-p{one.next('package')}"
    automatic = one.pays in ("card", "debit")
    stage.say(
        "credits.buy", subscriber_ref=one.ref, reference=reference, product="credits-500", currency="EUR", collect=automatic,
    )  # fmt: skip
    if not automatic and one.chance.random() < 0.2:
        stage.then(lambda: _give_up(stage, one, reference))
    return True


def _give_up(stage: Stage, one: Customer, reference: str) -> None:
    stage.did("packages given up")
    stage.say("invoices.cancel_by_customer", subscriber_ref=one.ref, invoice_ref=reference)


def spend(stage: Stage, one: Customer) -> bool:
    """Spends some on an operation; one in ten fails, and gives them back."""
    if not one.begun:
        return False
    reference = f"{one.ref}-o{one.next('spend')}"
    stage.say(
        "credits.spend", subscriber_ref=one.ref, reference=reference, amount=one.chance.randint(1, 60), site="studio", operation="summary",
    )  # fmt: skip
    if one.chance.random() < 0.1:
        stage.then(lambda: _failed(stage, one, reference))
    return True


def _failed(stage: Stage, one: Customer, reference: str) -> None:
    stage.say("credits.give_back", subscriber_ref=one.ref, reference=reference, reason="the model was down")
