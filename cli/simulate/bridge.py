"""From what was invoiced to the money that came in, line by line: it sums to the last cent, or the play ends there.

Three sides are compared. Invoices say what was paid of them; payments say what money came; the stand-ins say what they really
moved. What a provider has moved may still be on its way to us; what we have and no provider moved must not be.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from billing.rules.money import format_minor
from cli.simulate.found import Line

if TYPE_CHECKING:
    from cli.simulate.play import Play

ON_ITS_WAY = timedelta(days=4)
"""What the providers tell is here by then, lost webhooks included."""
_DECIMALS = 2
_OURS = "SELECT sum({}), count(*) FROM bursar.invoice WHERE source = 'bursar' AND {}"
# What was paid of one that ended unpaid is credit: it is counted there.
_VOID = """
    SELECT sum(i.total_minor - coalesce(i.credit_applied_minor, 0) - coalesce(i.amount_paid_minor, 0) + coalesce(part.given, 0)), count(*)
    FROM bursar.invoice i LEFT JOIN LATERAL (
        SELECT least(i.amount_paid_minor, sum(e.delta_minor)) AS given FROM bursar.fulfilment f
        JOIN bursar.money_credit_entry e ON e.fact = 'payment:' || f.source || ':' || f.external_id AND e.kind = 'granted'
        WHERE f.purpose = 'invoice' AND f.purpose_ref = i.external_id AND i.amount_paid_minor > 0) AS part ON true
    WHERE i.source = 'bursar' AND i.status IN ('void', 'uncollectible')"""
# A request takes along what is owed, and keeps it while it may be tried again.
_CARRIED = """
    SELECT sum(owed.minor), count(*) FROM (
        SELECT owed_minor AS minor FROM bursar.customer_balance WHERE owed_minor > 0
        UNION ALL
        SELECT r.carried_minor FROM bursar.payment_request r WHERE r.carried_minor > 0 AND r.status <> 'succeeded' AND NOT EXISTS (
            SELECT FROM bursar.customer_balance_entry e
            WHERE e.fact = 'payment_request:' || r.source || ':' || r.external_id AND e.kind = 'given_back')) AS owed"""
_INVOICED: tuple[tuple[str, int, str], ...] = (
    ("invoiced by us", 1, _OURS.format("total_minor", "status <> 'draft'")),
    ("void or written off", -1, _VOID),
    ("still open", -1, _OURS.format("amount_remaining_minor", "status = 'pending'")),
    ("paid by credit", -1, _OURS.format("credit_applied_minor", "credit_applied_minor > 0 AND status <> 'draft'")),
)  # fmt: skip
_CAME_IN: tuple[tuple[str, int, str], ...] = (
    ("more than was owed, now credit", 1,
     "SELECT sum(delta_minor), count(*) FROM bursar.money_credit_entry WHERE fact LIKE 'payment:%%' AND kind = 'granted'"),
    ("too small to charge yet", -1, _CARRIED),
    ("invoiced by Stripe, and paid", 1,
     "SELECT sum(amount_paid_minor), count(*) FROM bursar.invoice WHERE source = 'stripe' AND amount_paid_minor > 0"),
    ("paid at Stripe, payment not told yet", -1,
     """SELECT sum(i.amount_paid_minor), count(*) FROM bursar.invoice i WHERE i.source = 'stripe' AND i.amount_paid_minor > 0
        AND NOT EXISTS (SELECT FROM bursar.payment p WHERE p.source = i.source AND p.external_id = i.payment_ref
                        AND p.status = 'succeeded' AND p.received_minor > 0)"""),
    ("for no invoice that we know of", 1,
     """SELECT sum(p.received_minor), count(*) FROM bursar.payment p WHERE p.status = 'succeeded' AND p.received_minor > 0
        AND NOT EXISTS (SELECT FROM bursar.fulfilment f WHERE f.source = p.source AND f.external_id = p.external_id)
        AND NOT EXISTS (SELECT FROM bursar.invoice i WHERE i.source = p.source AND i.payment_ref = p.external_id
                        AND i.amount_paid_minor > 0)"""),
)  # fmt: skip
_MONEY_IN = "SELECT sum(received_minor), count(*) FROM bursar.payment WHERE status = 'succeeded' AND received_minor > 0"
_WENT_OUT: tuple[tuple[str, int, str], ...] = (
    ("refunded", -1, "SELECT sum(amount_minor), count(*) FROM bursar.refund WHERE status = 'succeeded'"),
    ("lost in disputes, or held by one", -1,
     """SELECT sum(funds_withdrawn_minor - coalesce(funds_reinstated_minor, 0)), count(*) FROM bursar.dispute
        WHERE funds_withdrawn_minor > 0"""),
)  # fmt: skip
_KNOWN = """SELECT c.external_id, c.amount_captured_minor FROM bursar.charge c WHERE c.source = 'stripe' AND c.status = 'succeeded'
            UNION ALL SELECT p.external_id, p.received_minor FROM bursar.payment p
            WHERE p.source = 'paypal' AND p.status = 'succeeded' AND p.received_minor > 0"""


class GapError(Exception):
    """The bridge does not reach the other side."""


def bridge(play: Play) -> list[Line]:
    """All lines, in order; those that begin with `=` say what the ones before come to.

    Raises:
        GapError: the lines do not come to the money that came in; or a provider and we do not know of the same money.
    """
    first = _lines(play, _INVOICED)
    paid = sum(line.amount or 0 for line in first)
    second = _lines(play, _CAME_IN)
    came, count = play.all(_MONEY_IN)[0]
    money, explained = int(came or 0), paid + sum(line.amount or 0 for line in second)
    if money != explained:
        said = "; ".join(f"{line.name} {_shown(line.amount or 0)}" for line in [*first, *second])
        raise GapError(f"{_shown(money)} came in, and {_shown(explained)} is explained: {said}")
    third = _lines(play, _WENT_OUT)
    waiting = _compared(play)
    kept = Line("= kept", money + sum(line.amount or 0 for line in third), None)
    return [
        *first, Line("= paid of our invoices", paid, None), *second, Line("= money in", money, count), *third, kept,
        Line("at a provider, not told yet", sum(waiting), len(waiting)),
    ]  # fmt: skip


def _lines(play: Play, table: tuple[tuple[str, int, str], ...]) -> list[Line]:
    found = []
    for name, sign, sql in table:
        amount, count = play.all(sql)[0]
        found.append(Line(name, sign * int(amount or 0), count))
    return found


def _compared(play: Play) -> list[int]:
    """Amounts that a provider has taken and that we do not know of yet."""
    known: dict[str, int] = {str(reference): int(amount) for (reference, amount) in play.all(_KNOWN)}
    latest, waiting, wrong = (play.now - ON_ITS_WAY).timestamp(), [], []
    for reference, amount, at in _taken(play):
        ours = known.pop(reference, None)
        if ours is None and at > latest:
            waiting.append(amount)
        elif ours != amount:
            wrong.append(f"{reference} took {_shown(amount)}, we know of {_shown(ours or 0)}")
    wrong += [f"{reference}: {_shown(amount)} came, says our book, and no provider took it" for reference, amount in known.items()]
    if wrong:
        raise GapError("; ".join(wrong[:20]))
    return waiting


def _taken(play: Play) -> list[tuple[str, int, float]]:
    told = [(one["id"], one["amount"], float(one["at"])) for one in play.api.world.effects if one["kind"] == "capture"]
    return told + [(one["id"], one["amount"], one["time"]) for one in play.paypal.taken()]


def _shown(minor: int) -> str:
    return format_minor(minor, _DECIMALS)
