"""Mails an account's owner what became of a payout: that it is paid, or that it came back (PAYOUT-6, PAYOUT-9).

Each once per payout and address, by the mail's business key. An account without an address gets none, and the log says so.
"""

from __future__ import annotations

import structlog

from billing.operations.send_mail import addressee_of, send_mail
from billing.operations.unit import UnitOfWork
from billing.rules.states_money_out import PAYOUT_GIVEN_BACK
from emails.told import PayoutCompleted, PayoutFailed
from emails.values import Amount, Day
from models.account import Account
from models.payout import Payout

log = structlog.get_logger(__name__)


def tell_payee(unit: UnitOfWork, payout: Payout, account_ref: str | None) -> None:
    """Send the mail of the status that the payout has just come into, if there is one."""
    if payout.status != "paid" and payout.status not in PAYOUT_GIVEN_BACK:
        return
    if not account_ref or payout.amount_minor is None or payout.currency is None or payout.status == "cancelled":
        return  # the platform's own payout; or one that somebody called back himself
    name = "payout_completed" if payout.status == "paid" else "payout_failed"
    email = unit.row(Account, payout.source, account_ref).email
    if not email:
        log.info("payee_not_told", mail=name, payout=payout.external_id, account=account_ref, cause="no address is known")
        return
    amount = Amount.of(payout.amount_minor, payout.currency, payout.source)
    context: PayoutCompleted | PayoutFailed
    if payout.status == "paid":
        on = Day.of(payout.arrival_on) if payout.arrival_on else None
        context = PayoutCompleted(amount=amount, payout=payout.external_id, arrival_on=on)
    else:
        context = PayoutFailed(amount=amount, payout=payout.external_id, reason=payout.failure_message, code=payout.failure_code)
    to = addressee_of(unit, email, None)
    send_mail(unit, name, to, context, payout.source, payout.external_id, lane=f"mail:{name}:{payout.external_id}")
