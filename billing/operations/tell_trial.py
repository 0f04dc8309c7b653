"""Mails about a trial: before it ends and when it has ended, once each (TRIAL-4)."""

from __future__ import annotations

from dataclasses import asdict

import structlog

from billing.operations.open_period import full_minor
from billing.operations.unit import UnitOfWork
from billing.rules.money import amount_text
from emails.catalogue import outbox_key
from emails.overdue import TrialTold
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
        ends_at=f"{row.trial_end_at:%Y-%m-%d %H:%M} UTC",
        amount=amount_text(full_minor(row), currency),
        goes_on=goes_on,
    )
    unit.send(
        "mail.send",
        outbox_key(mail, subscriber.email, row.external_id),
        {"mail": mail, "to": subscriber.email, "context": asdict(context)},
        queue="notifications",
        lane=f"mail:trial:{row.external_id}",
    )
