"""Money that came for one of our invoices and that it did not need: the subscriber's credit, as long as that money is ours (INV-13)."""

from __future__ import annotations

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.money_credit import credit_key, grant_credit
from billing.operations.unit import UnitOfWork
from billing.rules.instants import iso
from models.base import OWN_SOURCE
from models.fulfilment import Fulfilment
from models.money_credit import MoneyCredit
from models.subscriber import Subscriber

_GIVEN, _WITHDRAWN, _WHOSE = "credited_minor", "withdrawn_minor", "credited_to"


def give_surplus(unit: UnitOfWork, row: Fulfilment, subscriber_ref: str, amount_minor: int, reason: str) -> None:
    """Once per payment: `row` is its fulfilment. The subscriber is to be locked."""
    grant_credit(unit, subscriber_ref, row.currency or "", amount_minor, fact=f"payment:{row.source}:{row.external_id}", reason=reason)
    row.metadata_ = {**(row.metadata_ or {}), _GIVEN: amount_minor, _WHOSE: subscriber_ref}
    announce_entitlements(unit, subscriber_ref)


def withdraw_surplus(unit: UnitOfWork, row: Fulfilment) -> None:
    """The payment's money went back to the payer: so does its credit, as far as it is unspent."""
    said = row.metadata_ or {}
    if not said.get(_GIVEN):
        return
    unit.row(Subscriber, OWN_SOURCE, said[_WHOSE])
    taken = min(said[_GIVEN], unit.row(MoneyCredit, OWN_SOURCE, credit_key(said[_WHOSE], row.currency)).balance_minor or 0)
    if taken:
        _adjust(unit, row, said[_WHOSE], -taken, "revoked", "its payment was given back")
        row.metadata_ = {**said, _GIVEN: said[_GIVEN] - taken, _WITHDRAWN: taken}


def restore_surplus(unit: UnitOfWork, row: Fulfilment) -> None:
    """It did not go back after all."""
    said = row.metadata_ or {}
    taken = said.get(_WITHDRAWN)
    if taken:
        unit.row(Subscriber, OWN_SOURCE, said[_WHOSE])
        _adjust(unit, row, said[_WHOSE], taken, "restored", "its payment is ours again")
        row.metadata_ = {**said, _GIVEN: said[_GIVEN] + taken, _WITHDRAWN: 0}


def _adjust(unit: UnitOfWork, row: Fulfilment, whose: str, delta_minor: int, why: str, reason: str) -> None:
    fact = f"payment:{row.source}:{row.external_id}:{why}:{iso(unit.now)}"
    grant_credit(unit, whose, row.currency or "", delta_minor, fact=fact, kind="adjusted", reason=reason)
    announce_entitlements(unit, whose)
