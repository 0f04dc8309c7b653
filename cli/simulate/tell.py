"""What a simulation prints: a calendar of what was done, month by month, and a table of what came of it. All from the rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from billing.rules.money import format_minor

if TYPE_CHECKING:
    from cli.simulate.play import Play

_COUNTED: Mapping[str, str] = {
    "renewals": "SELECT opened_at AS at FROM bursar.subscription_period WHERE cycle_no > 0",
    "charges": "SELECT completed_at AS at FROM bursar.payment_request WHERE status = 'succeeded'",
    "declined": "SELECT p.provider_created_at AS at FROM bursar.charge p WHERE p.status = 'failed'",
    "transfers booked": "SELECT updated_at AS at FROM bursar.bank_transfer WHERE status = 'completed'",
    "refunds": "SELECT completed_at AS at FROM bursar.refund_request WHERE status = 'succeeded'",
    "ended": "SELECT ended_at AS at FROM bursar.subscription WHERE source = 'bursar' AND ended_at IS NOT NULL",
}
_SUMS: Mapping[str, str] = {
    "invoiced": """SELECT sum(total_minor), count(*) FROM bursar.invoice WHERE source = 'bursar' AND status <> 'void'""",
    "money in": """SELECT sum(received_minor), count(*) FROM bursar.payment
                   WHERE status IN ('succeeded', 'partially_refunded', 'refunded', 'disputed')""",
    "recovered": """SELECT sum(i.amount_paid_minor), count(*) FROM bursar.invoice i
                    WHERE i.source = 'bursar' AND i.status = 'paid' AND i.attempt_count > 0""",
    "refunded": "SELECT sum(amount_minor), count(*) FROM bursar.refund WHERE status = 'succeeded'",
    "lost in disputes": "SELECT sum(amount_minor), count(*) FROM bursar.dispute WHERE status = 'lost'",
    "void": "SELECT sum(total_minor), count(*) FROM bursar.invoice WHERE source = 'bursar' AND status = 'void'",
    "open at the end": "SELECT sum(amount_remaining_minor), count(*) FROM bursar.invoice WHERE source = 'bursar' AND status = 'pending'",
    "MRR at the end": """SELECT sum(unit_price_minor * quantity / CASE cycle_unit WHEN 'year' THEN 12 * cycle_count
                                    WHEN 'month' THEN cycle_count ELSE 1 END), count(*)
                         FROM bursar.subscription WHERE source = 'bursar' AND status IN ('active', 'past_due', 'pending_renewal')
                           AND unit_price_minor > 0""",
    "churned": """SELECT sum(unit_price_minor * quantity / CASE cycle_unit WHEN 'year' THEN 12 * cycle_count
                             WHEN 'month' THEN cycle_count ELSE 1 END), count(*)
                  FROM bursar.subscription WHERE source = 'bursar' AND status IN ('cancelled', 'expired') AND unit_price_minor > 0""",
}
_STATUSES = "SELECT status, count(*) FROM bursar.subscription WHERE source = 'bursar' GROUP BY 1 ORDER BY 1"
_DECIMALS = 2


def calendar(play: Play, acts: Counter[tuple[str, str]]) -> list[str]:
    """A line per month and a column per action."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for (month, what), count in acts.items():
        table[month][what] += count
    for what, sql in _COUNTED.items():
        for (at,) in play.all(sql):
            if at is not None:
                table[at.strftime("%Y-%m")][what] += 1
    names = [*_COUNTED, *sorted({what for _, what in acts} - set(_COUNTED))]
    lines = ["month    " + "  ".join(names)]
    for month, counts in sorted(table.items()):
        lines.append(f"{month}  " + "  ".join(f"{counts[name]:>{len(name)}}" for name in names))
    total = Counter[str]()
    for counts in table.values():
        total.update(counts)
    lines.append("all      " + "  ".join(f"{total[name]:>{len(name)}}" for name in names))
    return lines


def summary(play: Play, subscription_days: int) -> list[str]:
    """What came of it, in money."""
    lines = [f"{'':<20}{'EUR':>16}{'count':>9}"]
    for what, sql in _SUMS.items():
        amount, count = play.all(sql)[0]
        lines.append(f"{what:<20}{format_minor(int(amount or 0), _DECIMALS):>16}{count:>9}")
    for status, count in play.all(_STATUSES):
        lines.append(f"{'subscriptions ' + str(status):<36}{count:>9}")
    lines.append(f"{'subscription-days':<36}{subscription_days:>9}")
    return lines
