"""`billing.credits.*`: what the app buys, spends, gives back and grants, and what a person sets right."""

from __future__ import annotations

from billing.operations.adjust_credits import adjust_credits, grant_bonus
from billing.operations.buy_package import buy_package
from billing.operations.spend_credits import give_back_spent, spend_credits
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.credits import (
    AdjustCredits,
    BuyPackage,
    CreditsTold,
    GiveBackCredits,
    GrantCredits,
    PackageTold,
    SpendCredits,
    SpendTold,
)
from billing.rules.facts.event import Event
from core.ids import public_id
from models.credit_account import CreditAccount
from models.credit_spend import CreditSpend
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def spend(unit: UnitOfWork, command: SpendCredits) -> SpendTold:
    """An operation costs credits."""
    return _told(*spend_credits(unit, command))


def give_back(unit: UnitOfWork, command: GiveBackCredits) -> SpendTold:
    """The operation failed."""
    return _told(*give_back_spent(unit, command))


def grant(unit: UnitOfWork, command: GrantCredits) -> CreditsTold:
    """Bonus credits."""
    account, lot = grant_bonus(unit, command)
    return CreditsTold(subscriber_ref=account.external_id, balance=account.balance or 0, amount=lot.amount or 0)


def adjust(unit: UnitOfWork, command: AdjustCredits) -> CreditsTold:
    """A person sets it right."""
    account = adjust_credits(unit, command)
    return CreditsTold(subscriber_ref=account.external_id, balance=account.balance or 0, amount=command.amount)


def buy(unit: UnitOfWork, command: BuyPackage) -> PackageTold:
    """A package is ordered."""
    row = buy_package(unit, command)
    return PackageTold(
        invoice=public_id(row.PUBLIC_PREFIX, row.id), reference=row.external_id, status=row.status or "pending",
        credits=row.package_credits or 0, total_minor=row.total_minor or 0, currency=row.currency or "",
        expires_at=(row.expires_at or unit.now).isoformat(),
    )  # fmt: skip


def _told(spent: CreditSpend, account: CreditAccount) -> SpendTold:
    return SpendTold(
        reference=spent.external_id, spent=(spent.amount or 0) - (spent.given_back or 0), balance=account.balance or 0,
        low_percent=min(account.warned or [], default=None),
    )  # fmt: skip
