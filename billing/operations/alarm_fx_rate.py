"""Tells operators of a rate of exchange that was kept back (TAX-5, MAIL-6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from billing.operations.unit import UnitOfWork
from emails.alerts import FxRateAlert
from emails.catalogue import outbox_key
from models.fx_held import FxHeld

MAIL = "fx_rate_alert"


def alarm_fx_rate(unit: UnitOfWork, row: FxHeld, recipients: Sequence[str]) -> None:
    """Send the mails, once for each rate that was told.

    Args:
        unit: the transaction.
        row: locked; one that was told of, or waits for nobody any more, is left alone.
        recipients: operators' addresses, at least one.
    """
    if row.told_at is not None or row.ended_at is not None:
        return
    context = FxRateAlert(
        bank=row.rate_source or "", pair=f"{row.base}/{row.quote}", rate=row.rate or "", valid_on=str(row.valid_on),
        last_rate=row.last_rate or "", last_on=str(row.last_on),
        record=f"bursar tax record-fx {row.rate_source} {row.base} {row.quote} RATE --valid-on {row.valid_on}",
    )  # fmt: skip
    for to in recipients:
        payload = {"mail": MAIL, "to": to, "context": asdict(context)}
        key = outbox_key(MAIL, to, row.external_id, context.rate)
        unit.send("mail.send", key, payload, queue="notifications", lane=f"mail:{MAIL}:{row.external_id}")
    row.told_at, row.updated_at = unit.now, max(row.updated_at, unit.now)
