"""Tells a subscriber that his credits run low, once per threshold and period (CRED-8)."""

from __future__ import annotations

import structlog

from billing.operations.send_mail import addressee, send_mail
from billing.operations.unit import UnitOfWork
from billing.rules.credits import low_at
from core.settings import current
from emails.told import CreditsLow
from models.base import OWN_SOURCE
from models.credit_account import CreditAccount
from models.subscriber import Subscriber

log = structlog.get_logger(__name__)


def warn_low_credits(unit: UnitOfWork, account: CreditAccount) -> None:
    """Called after each deduction. Whoever passes two thresholds at once gets the mail of the lower one only."""
    reached = low_at(account.balance or 0, account.full_balance, current().credit_low_percents, account.warned or [])
    if not reached:
        return
    account.warned = sorted({*(account.warned or []), *reached})
    subscriber = unit.row(Subscriber, OWN_SOURCE, account.external_id)
    about = {"threshold": reached[0], "balance": account.balance, "of": account.full_balance}
    if not subscriber.email:
        log.info("subscriber_not_told", mail="credits_low", subscriber=account.external_id, cause="no address is known", **about)
        return
    period = f"{account.warned_from:%Y%m%dT%H%M%S}"
    context = CreditsLow(balance=account.balance or 0, percent=reached[0], full=account.full_balance or 0)
    named = (account.external_id, period, str(reached[0]))
    send_mail(unit, "credits_low", addressee(subscriber), context, *named, lane=f"mail:credits_low:{account.external_id}")
