"""Mails about a trial: before it ends and when it has ended, once each (TRIAL-4)."""

from __future__ import annotations

import structlog

from billing.operations.open_period import full_minor
from billing.operations.send_mail import addressee, send_mail
from billing.operations.unit import UnitOfWork
from emails.overdue import TrialTold
from emails.values import Amount, Moment
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from models.subscription import Subscription

log = structlog.get_logger(__name__)


def tell_trial(unit: UnitOfWork, row: Subscription, mail: str, *, plan: str, goes_on: bool) -> None:
    """Send `trial_ending` or `trial_ended`; where no address is known there is none, and the log says so."""
    subscriber = unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "")
    if not subscriber.email:
        log.info("subscriber_not_told", mail=mail, subscription=row.external_id, cause="no address is known")
        return
    currency = row.currency or ""
    context = TrialTold(
        plan=plan,
        ends_at=Moment.of(row.trial_end_at or unit.now),
        amount=Amount.of(full_minor(row), currency),
        goes_on=goes_on,
    )
    send_mail(unit, mail, addressee(subscriber), context, row.external_id, lane=f"mail:trial:{row.external_id}")
