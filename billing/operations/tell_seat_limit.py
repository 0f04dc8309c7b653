"""Tells an organisation that somebody got no seat, once per limit and month (MAIL-5).

Called after the refused command was taken back, so nothing here may rest on what that command had changed.
"""

from __future__ import annotations

from datetime import UTC

import structlog

from billing.operations.send_mail import addressee, send_mail
from billing.operations.unit import UnitOfWork
from emails.occasions import SeatLimit
from models.base import OWN_SOURCE
from models.subscriber import Subscriber

log = structlog.get_logger(__name__)


def tell_seat_limit(unit: UnitOfWork, organisation_ref: str, told: SeatLimit) -> None:
    """To the organisation's own address; its subscriber is locked already."""
    subscriber = unit.row(Subscriber, OWN_SOURCE, organisation_ref)
    if not subscriber.email:
        log.info(
            "subscriber_not_told", mail="seat_limit", subscriber=organisation_ref, cause="no address is known", taken=told.taken,
            limit=told.limit,
        )  # fmt: skip
        return
    about = (organisation_ref, str(told.limit), f"{unit.now.astimezone(UTC):%Y-%m}")
    send_mail(unit, "seat_limit", addressee(subscriber), told, *about, lane=f"mail:seat_limit:{organisation_ref}")
