"""Every scheduled run on one screen. Adding a run is adding a row here and a function `tasks/<queue>/runs.py::<job>`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class Daily:
    """Once per local date, at a wall-clock time; exact over DST (see slot_times)."""

    at: time
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Run:
    """One scheduled run.

    `late`: what happens to slots that were missed: `skip` runs the newest only, `catch_up` runs each, oldest first.
    `money`: it moves money by the clock, or gives up a claim to it; after a jump of the clock it waits for a person's consent.
    """

    job: str
    queue: str
    every: timedelta | Daily
    late: Literal["skip", "catch_up"]
    why: str
    money: bool = False


TABLE: tuple[Run, ...] = (
    Run("sweep", "maintenance", timedelta(seconds=10), "skip", "finds what hints missed, should the standby be down"),
    Run("seal_audit", "maintenance", timedelta(minutes=1), "skip", "chains new audit rows"),
    Run(
        "alert_dead_letters", "notifications", timedelta(minutes=1), "skip", "tells operators of dead events and calls"
    ),
    Run(
        "alert_deliveries",
        "notifications",
        timedelta(minutes=1),
        "skip",
        "tells operators of other bytes under a known id, and of events of the other mode",
    ),
    Run(
        "reopen_ignored",
        "maintenance",
        timedelta(minutes=10),
        "skip",
        "opens ignored events whose type has a handler since",
    ),
    Run(
        "make_payload_months",
        "maintenance",
        Daily(time(1, 0)),
        "skip",
        "payload partitions exist before they are needed",
    ),
    Run(
        "retention",
        "maintenance",
        Daily(time(3, 10)),
        "skip",
        "drops payloads past their age, never one that is not final",
    ),
    Run("pay_out_due", "payouts", timedelta(minutes=15), "skip", "opens the turn of accounts whose payout date has come", money=True),
    Run("poll_stuck_payouts", "payouts", timedelta(minutes=15), "skip", "asks for payouts of which nothing was heard for too long"),
    Run("refresh_balances", "payouts", timedelta(hours=1), "skip", "asks for balances of accounts that were not told for a day"),
    Run("pull_balance_transactions", "maintenance", timedelta(minutes=10), "skip", "books what only balance transactions tell: fees"),
    Run("refund_batches", "payments", timedelta(minutes=1), "skip", "makes the refunds of cancelled events, one by one", money=True),
    Run("expire_bank_transfers", "payments", timedelta(hours=1), "skip", "lets transfers expire that nobody has decided about", money=True),
    Run("expire_promo_reservations", "payments", timedelta(minutes=5), "skip", "gives back uses of promo codes that nobody paid in time"),
    Run("recount_promo_uses", "payments", Daily(time(3, 40)), "skip", "counts the uses of promo codes anew from their rows"),
    Run("expire_invoices", "payments", timedelta(minutes=5), "skip", "voids unpaid invoices for packages whose end has come", money=True),
    Run("remind_of_invoices", "payments", timedelta(minutes=15), "skip", "reminds customers a day before an invoice ends"),
    Run("write_off_stale_invoices", "payments", Daily(time(4, 20)), "skip", "gives up what nobody has paid for months", money=True),
    Run("issue_waiting_documents", "payments", timedelta(hours=1), "skip", "issues legal papers that waited for a rate"),
    Run("renew_subscriptions", "payments", timedelta(minutes=15), "skip", "bills the periods that have begun, each once", money=True),
    Run("end_trials", "payments", Daily(time(2, 0)), "skip", "charges trials that are over, or lets them expire", money=True),
    Run("tell_of_trials", "payments", timedelta(hours=1), "skip", "tells subscribers that their trial ends"),
    Run("expire_cards", "payments", Daily(time(5, 0)), "skip", "puts other methods in the place of cards whose month is over"),
    Run("warn_of_cards", "payments", Daily(time(5, 10)), "skip", "warns customers before a card that is charged expires"),
    Run("recheck_vat_numbers", "payments", timedelta(minutes=15), "skip", "asks VIES again about VAT numbers whose proof grows old"),
    Run("fetch_fx_rates", "payments", timedelta(hours=1), "skip", "asks the central bank for rates of exchange that papers need"),
    Run("collect_due", "payments", timedelta(minutes=15), "skip", "tries failed payments again at the days of their policy", money=True),
    Run("enforce_dunning", "payments", timedelta(minutes=15), "skip", "suspends, and in the end ends, what was not paid", money=True),
    Run("expire_manual_renewals", "payments", timedelta(hours=1), "skip", "ends renewals not paid in their grace", money=True),
    Run("end_with_period", "payments", timedelta(minutes=15), "skip", "has PayPal end what is to end, before it bills", money=True),
    Run("sync_seats", "payments", timedelta(minutes=1), "skip", "sets subscriptions to the seats taken, once per window", money=True),
    Run("expire_invitations", "payments", timedelta(minutes=15), "skip", "ends invitations in time; their seats are free again"),
    Run("repair_seats", "payments", Daily(time(3, 50)), "skip", "counts seats anew, sets quantities that differ", money=True),
    Run("expire_credits", "payments", Daily(time(0, 20)), "skip", "voids credits whose validity has ended", money=True),
    Run("reset_credits", "payments", timedelta(minutes=15), "skip", "sets plans' credits anew in each paid month", money=True),
    Run("relink_products", "payments", timedelta(minutes=1), "skip", "links providers' subscriptions with products named anew"),
    Run("tell_price_changes", "payments", timedelta(hours=1), "skip", "tells subscribers in time that they are to pay more"),
    Run("end_kept_prices", "payments", Daily(time(5, 10)), "skip", "ends kept and agreed prices, told of 30 days ahead", money=True),
    Run("migrate_prices", "payments", timedelta(minutes=1), "skip", "moves a version's subscribers to another, at its rate", money=True),
    Run("return_disputed_shares", "payments", timedelta(hours=1), "skip", "gives payees back what disputes took", money=True),
    Run("alert_clock_jumps", "notifications", timedelta(minutes=1), "skip", "tells operators that money waits after the clock jumped"),
    Run("alert_run_failures", "notifications", timedelta(minutes=1), "skip", "tells operators what runs could not do, once a day"),
    Run("read_mail_reports", "notifications", timedelta(minutes=5), "skip", "reads bounces and complaints, and suppresses their addresses"),
    Run("alert_disputes", "notifications", timedelta(minutes=1), "skip", "tells operators of new disputes and their deadlines"),
    Run("remind_dispute_deadlines", "notifications", timedelta(hours=1), "skip", "reminds operators 7, 3 and 1 days before a deadline"),
    Run("alert_logins", "notifications", timedelta(minutes=1), "skip", "tells operators when many logins fail"),
    Run("clean_tokens", "maintenance", timedelta(hours=1), "skip", "deletes expired tokens of links, and what the limiter has forgotten"),
    Run("clean_sessions", "maintenance", timedelta(hours=1), "skip", "deletes sessions that are over, and login records past their age"),
    Run("erase_customers", "maintenance", timedelta(minutes=1), "skip", "forgets customers who asked for it, page by page"),
    Run("forget_old_papers", "maintenance", Daily(time(4, 30)), "skip", "erases buyers of papers that the law no longer wants"),
    Run("reconcile", "maintenance", timedelta(minutes=2), "skip", "compares providers' records with ours, each day, in turns"),
    Run("backfill_events", "maintenance", timedelta(hours=1), "skip", "takes in events that a provider produced and that never came"),
    Run("send_efacturas", "maintenance", timedelta(minutes=1), "skip", "sends issued documents to ANAF, or says why not"),
    Run("ask_efacturas", "maintenance", timedelta(minutes=1), "skip", "asks ANAF what became of documents, keeps its answers"),
    Run("alert_efacturas", "notifications", timedelta(minutes=5), "skip", "tells operators of refused and late e-Facturas"),
    Run("alert_fx_rates", "notifications", timedelta(minutes=5), "skip", "tells operators of rates of exchange that were kept back"),
    Run("renew_anaf_token", "maintenance", Daily(time(4, 10)), "skip", "refreshes the token for ANAF two weeks before it ends"),
    Run("check_invariants", "maintenance", timedelta(hours=1), "skip", "compares rows with the journal, tells operators what differs"),
    Run("verify_audit", "maintenance", timedelta(minutes=10), "skip", "checks the MACs and the chain of the audit, a part each time"),
)
