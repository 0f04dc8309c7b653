"""What a simulation prints: a calendar of what was done, a table of what came of it, and what was refused. All from the rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cli.simulate import papers
from cli.simulate.actors.table import ACTORS
from cli.simulate.bridge import bridge
from cli.simulate.found import Found, Line

if TYPE_CHECKING:
    from cli.simulate.play import Play
    from cli.simulate.year import Year

_COUNTED: Mapping[str, str] = {
    "renewals": "SELECT opened_at AS at FROM bursar.subscription_period WHERE cycle_no > 0",
    "renewals by Stripe": """SELECT provider_created_at AS at FROM bursar.invoice
                             WHERE source = 'stripe' AND billing_reason = 'subscription_cycle'""",
    "charges": "SELECT completed_at AS at FROM bursar.payment_request WHERE status = 'succeeded'",
    "declined": "SELECT p.provider_created_at AS at FROM bursar.charge p WHERE p.status = 'failed'",
    "PayPal captures": "SELECT provider_created_at AS at FROM bursar.payment WHERE source = 'paypal' AND status = 'succeeded'",
    "transfers booked": "SELECT updated_at AS at FROM bursar.bank_transfer WHERE status = 'completed'",
    "refunds": "SELECT completed_at AS at FROM bursar.refund_request WHERE status = 'succeeded'",
    "trials converted": """SELECT at FROM bursar.audit WHERE action = 'subscription.status'
                           AND before->>'status' = 'trialing' AND after->>'status' = 'active'""",
    "seats accrued": "SELECT at FROM bursar.audit WHERE action = 'subscription.seats_accrued'",
    "prices changed": "SELECT at FROM bursar.audit WHERE action = 'subscription.repriced'",
    "ended": "SELECT ended_at AS at FROM bursar.subscription WHERE source = 'bursar' AND ended_at IS NOT NULL",
}
_MONTHLY = """sum(unit_price_minor * quantity
                   / CASE cycle_unit WHEN 'year' THEN 12 * cycle_count WHEN 'month' THEN cycle_count ELSE 1 END)"""
_SUMS: Mapping[str, str] = {
    "recovered": """SELECT sum(i.amount_paid_minor), count(*) FROM bursar.invoice i
                    WHERE i.source = 'bursar' AND i.status = 'paid' AND i.attempt_count > 0""",
    "discounts": """SELECT sum(discount_minor), count(*) FROM bursar.invoice
                    WHERE source = 'bursar' AND status = 'paid' AND discount_minor > 0""",
    "credit at the end": "SELECT sum(balance_minor), count(*) FROM bursar.money_credit WHERE balance_minor > 0",
    "MRR at the end": f"""SELECT {_MONTHLY}, count(*) FROM bursar.subscription
                          WHERE source = 'bursar' AND status IN ('active', 'past_due', 'pending_renewal') AND unit_price_minor > 0""",  # noqa: S608
    "churned": f"""SELECT {_MONTHLY}, count(*) FROM bursar.subscription
                   WHERE source = 'bursar' AND status IN ('cancelled', 'expired') AND unit_price_minor > 0""",  # noqa: S608
}
_COUNTS: Mapping[str, str] = {
    "": "SELECT source || ' ' || status, count(*) FROM bursar.subscription GROUP BY 1 ORDER BY 1",
    "invoices ": "SELECT source || ' ' || coalesce(invoice_type || ' ', '') || status, count(*) FROM bursar.invoice GROUP BY 1 ORDER BY 1",
    "memberships ": "SELECT status, count(*) FROM bursar.membership GROUP BY 1 ORDER BY 1",
    "price notices ": "SELECT status, count(*) FROM bursar.price_notice GROUP BY 1 ORDER BY 1",
    "promo codes ": "SELECT status, count(*) FROM bursar.promo_redemption GROUP BY 1 ORDER BY 1",
    "usage events": "SELECT '', count(*) FROM bursar.usage_event",
}
_REFUSED = """SELECT i.event_type, r.code, count(*) FROM bursar.command_result r JOIN bursar.inbox i ON i.id = r.inbox_id
              WHERE r.code IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"""


def found(year: Year) -> Found:
    """All of it, as plain values."""
    play = year.play
    return Found(
        _calendar(play, year.script.acts), bridge(play), _summary(play, year.subscription_days),
        papers.summary(play) if year.wanted.papers else [],
    )  # fmt: skip


def told(came: Found) -> list[str]:
    """As it is printed."""
    header = f"{'EUR':>16}{'count':>9}"
    lines = [*_months(came.calendar), "", f"{'':<38}{header}", *map(str, came.bridge), "", f"{'':<38}{header}"]
    lines += [str(line) for group in came.summary for line in group]
    if came.papers:
        lines += ["", f"{'papers':<38}{header}", *(str(line) for group in came.papers for line in group)]
    return lines


def _calendar(play: Play, acts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """What people did, then what came of it."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for (month, what), count in acts.items():
        table[what][month] += count
    for what, sql in _COUNTED.items():
        for (at,) in play.all(sql):
            if at is not None:
                table[what][at.strftime("%Y-%m")] += 1
    return {what: dict(months) for what, months in table.items()}


def _months(table: Mapping[str, Mapping[str, int]]) -> list[str]:
    """A line per action and a column per month."""
    people = [actor.name for actor in ACTORS if actor.name in table]
    people += sorted(table.keys() - {*people, *_COUNTED})
    months = sorted({month for counts in table.values() for month in counts})
    lines = [f"{'':<22}" + "".join(f"{month:>9}" for month in months) + f"{'all':>9}"]
    for what in [*people, *(name for name in _COUNTED if name in table)]:
        counts = table[what]
        cells = [*(counts.get(month, 0) for month in months), sum(counts.values())]
        lines.append(f"{what:<22}" + "".join(f"{cell or '':>9}" for cell in cells))
    return lines


def _summary(play: Play, subscription_days: int) -> list[list[Line]]:
    """What came of it, in money and in rows; and the commands that the rules refused, by why."""
    sums = [(what, play.all(sql)[0]) for what, sql in _SUMS.items()]
    return [
        [Line(what, int(amount or 0), count) for what, (amount, count) in sums],
        *([Line(what + str(name), None, count) for name, count in play.all(sql)] for what, sql in _COUNTS.items()),
        [Line("subscription-days", None, subscription_days)],
        [Line(f"refused {name.removeprefix('billing.')} {code}", None, count) for name, code, count in play.all(_REFUSED)],
    ]
