"""The payments queue's scheduled runs: `<job>(context, slot_at) -> result`, called for one claimed slot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from billing.operations.decide_bank_transfer import expire_bank_transfer
from billing.operations.retry_transfer import retry_for_balance
from billing.rules.commands.bank_transfer import SOURCE
from core.clock import monotonic_s
from models.account import Account
from models.bank_transfer import BankTransfer
from models.payee import Payee
from models.payment import Payment
from models.transfer_request import TransferRequest
from providers.fx.client import asks
from tasks.payments import cards, documents, dunning, invoices, prices, products, seats, subscriptions, tax, trials
from tasks.payments import credits as credit_runs
from tasks.payments.promo import expire_reservations, recount_uses
from tasks.payments.refund_batches import make_batches
from workers.context import Context
from workers.one_by_one import one_by_one
from workers.paging import work_pages
from workers.unit import Unit

log = structlog.get_logger(__name__)

_PAGE = 200
_BUDGET_S = 10.0
_UNANSWERED = """SELECT external_id FROM bursar.bank_transfer
                 WHERE status IN ('pending_approval', 'submitted') AND submitted_at <= %(before)s AND source = %(source)s
                 ORDER BY submitted_at LIMIT %(page)s"""
# Bounded by age, so that what was just refused is not asked for in a circle. Nothing is locked here: rows are locked one by one,
# in the order in which everything locks them, and looked at again.
_OWED_AGAIN = """SELECT source, external_id, account_ref, payment_ref FROM bursar.transfer_request
                 WHERE status = 'failed' AND failure_code = 'balance_insufficient' AND updated_at <= %(before)s
                   AND (external_id LIKE 'dispute:%%' OR external_id LIKE 'refund:%%')
                 ORDER BY updated_at LIMIT %(page)s"""
_WAIT = timedelta(minutes=30)


def return_disputed_shares(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Ask again for what payees have coming after a dispute that was won, or a refund that failed, and that the platform's
    balance could not pay yet (DISPUTE-4, REFUND-4). What they owe is netted first, so less may be asked for, or nothing.

    Raises:
        Exception: whatever the first share raised that failed by a fault of ours, after the others.
    """
    with context.engine.connect() as connection:
        found = connection.exec_driver_sql(_OWED_AGAIN, {"before": context.clock.now() - _WAIT, "page": _PAGE}).all()
    went = one_by_one(
        found, lambda one: _ask_again(context, *one), name="owed_share", effect="it stays owed to its payee; it is tried again",
        end_s=monotonic_s() + _BUDGET_S,
    )  # fmt: skip
    went.or_raise()
    return {"asked": went.done, "put_back": went.put_back}


def _ask_again(context: Context, source: str, reference: str, account_ref: str, payment_ref: str | None) -> bool:
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=context.clock.now(), actor="bursar", reason="return_disputed_shares")
        named = [(Account.NAME, account_ref), (Payee.NAME, account_ref), (TransferRequest.NAME, reference)]
        named += [(Payment.NAME, payment_ref)] if payment_ref else []
        unit.load((name, source, ref) for name, ref in named)
        asked = retry_for_balance(unit, source, reference)
        unit.flush()
    return asked


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


def expire_promo_reservations(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Give back uses of promo codes that were reserved and not paid for in time (PROMO-5, CLEAN-2)."""
    return expire_reservations(context, slot_at)


def recount_promo_uses(context: Context, _slot_at: datetime) -> Mapping[str, Any]:
    """Count the uses of promo codes anew from their rows (PROMO-5, RECON-5)."""
    return recount_uses(context)


def expire_invoices(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Void unpaid invoices whose end has come (INV-3)."""
    return work_pages(context, invoices.EXPIRE, slot_at)


def remind_of_invoices(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Remind customers a day before (INV-4)."""
    return work_pages(context, invoices.REMIND, slot_at)


def write_off_stale_invoices(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Count as uncollectible what nobody has paid for months (INV-12)."""
    return work_pages(context, invoices.stale(timedelta(days=context.settings.stale_invoice_days)), slot_at)


def renew_subscriptions(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Bill the periods that have begun, each once, however many were missed (SUB-3)."""
    return work_pages(context, subscriptions.RENEW, slot_at)


def expire_manual_renewals(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Let go of renewals and beginnings that were not paid in their grace (SUB-7)."""
    return work_pages(context, subscriptions.EXPIRE, slot_at)


def end_with_period(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Have PayPal end what is to end with its period, before it bills again; end access when the period is over (SUB-6)."""
    told = [work_pages(context, paged, slot_at) for paged in (subscriptions.END, subscriptions.END_ACCESS)]
    return {name: sum(one[name] for one in told) for name in ("items", "failed", "left")} | {"more": any(one["more"] for one in told)}


def sync_seats(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Set subscriptions to the seats that are taken, once per organisation and window (SEAT-1, SEAT-9)."""
    return work_pages(context, seats.SYNC, slot_at)


def expire_invitations(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """End invitations whose time is over (SEAT-5)."""
    return work_pages(context, seats.EXPIRE, slot_at)


def repair_seats(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Count members and seats anew, set quantities that differ (SEAT-3, RECON-5)."""
    return work_pages(context, seats.REPAIR, slot_at)


def expire_credits(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Void credits whose validity has ended (CRED-5)."""
    return work_pages(context, credit_runs.EXPIRE, slot_at)


def reset_credits(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Begin the credit months that are paid and whose day has come (CRED-3)."""
    return work_pages(context, credit_runs.RESET, slot_at)


def relink_products(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Link providers' subscriptions with products whose names there changed (SUB-8)."""
    return products.relink(context, slot_at)


def collect_due(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Try failed payments again at the days of their policy, as one auditable batch (DUN-1, DUN-5)."""
    return dunning.collect(context, slot_at)


def enforce_dunning(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Suspend, and in the end terminate, what was not paid (DUN-2)."""
    return work_pages(context, dunning.ENFORCE, slot_at)


def end_trials(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Convert trials that are over and can be charged, let the others expire (TRIAL-1, TRIAL-2)."""
    return work_pages(context, trials.END, slot_at)


def tell_of_trials(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Tell subscribers, once, that their trial ends (TRIAL-4)."""
    return work_pages(context, trials.TELL, slot_at)


def tell_price_changes(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Tell subscribers in time that they are to pay more (PRICE-3)."""
    return prices.tell(context, slot_at)


def end_kept_prices(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Tell of the end of kept and agreed prices 30 days ahead, and end them (PRICE-7)."""
    return prices.end_kept(context, slot_at)


def migrate_prices(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Move subscribers of a version to another, at the rate that was asked for (PRICE-4)."""
    return prices.migrate(context, slot_at)


def expire_cards(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Put other methods in the place of cards whose month is over (PAY-6)."""
    return work_pages(context, cards.EXPIRE, slot_at)


def warn_of_cards(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Warn customers, once, before a card that is charged expires (PAY-6)."""
    return work_pages(context, cards.WARN, slot_at)


def recheck_vat_numbers(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Ask VIES again about numbers whose proof grows old, or of which it could not say (TAX-1)."""
    return work_pages(context, tax.RECHECK, slot_at)


def fetch_fx_rates(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """Have the central bank asked for rates of exchange that papers need and that it has told by now (TAX-5)."""
    if not asks(context.settings):
        return {"items": 0, "failed": 0, "left": 0, "more": False}
    return work_pages(context, tax.fetch_fx(context.clock.now()), slot_at)


def issue_waiting_documents(context: Context, slot_at: datetime) -> Mapping[str, Any]:
    """TAX-5: papers that waited for a rate."""
    return work_pages(context, documents.WAITING, slot_at)
