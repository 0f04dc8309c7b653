"""The payments queue's scheduled runs: `<job>(context, slot_at) -> result`, called for one claimed slot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from billing.operations.decide_bank_transfer import expire_bank_transfer
from billing.rules.commands.bank_transfer import SOURCE
from core.clock import monotonic_s
from models.bank_transfer import BankTransfer
from models.payment import Payment
from tasks.payments.refund_batches import make_batches
from workers.context import Context
from workers.unit import Unit

log = structlog.get_logger(__name__)

_PAGE = 200
_BUDGET_S = 10.0
_UNANSWERED = """SELECT external_id FROM bursar.bank_transfer
                 WHERE status IN ('pending_approval', 'submitted') AND submitted_at <= %(before)s AND source = %(source)s
                 ORDER BY submitted_at LIMIT %(page)s"""


def expire_bank_transfers(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Let transfers expire that nobody has decided about in time (PAY-8). Who approves at this moment wins: it is his row then."""
    after, expired, end = timedelta(days=context.settings.bank_transfer_days), 0, monotonic_s() + _BUDGET_S
    while True:
        with context.engine.begin() as connection:
            now = context.clock.now()
            bound = {"before": now - after, "page": _PAGE, "source": SOURCE}
            found = [row[0] for row in connection.exec_driver_sql(_UNANSWERED, bound)]
            unit = Unit(connection, context.keys, now=now, actor="bursar", reason="expire_bank_transfers")
            unit.load((name, SOURCE, reference) for reference in found for name in (Payment.NAME, BankTransfer.NAME))
            done = sum(expire_bank_transfer(unit, reference, after) for reference in found)
            unit.flush()
        expired += done
        if len(found) < _PAGE or not done or monotonic_s() > end:
            if expired:
                log.warning("bank_transfers_expired", expired=expired, next_step="one whose money comes late can still be approved")
            return {"expired": expired}


def refund_batches(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Make the refunds of batches that were asked for (REFUND-10): open them, refund item by item, close those that are through."""
    return make_batches(context)
