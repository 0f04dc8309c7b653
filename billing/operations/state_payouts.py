"""Makes an account's statement of a month, from what is committed (PAYOUT-10, PAYOUT-11)."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.rules.commands.payouts import StatementMade, StatePayouts
from billing.rules.payout_schedule import month_bounds

_STATEMENT = """SELECT currency, transfers, earned_minor, taken_back_minor, fees_minor, payouts, paid_out_minor, came_back_minor
                FROM bursar.payee_statement(%(source)s, %(account)s, %(from_at)s, %(until_at)s) ORDER BY currency"""


def state_payouts(unit: UnitOfWork, command: StatePayouts) -> StatementMade:
    """The statement; an account of which nothing is known has an empty one."""
    from_at, until_at = month_bounds(command.month, command.zone)
    bound = {"source": command.source, "account": command.account_ref, "from_at": from_at, "until_at": until_at}
    found = {str(row.pop("currency")): row for row in unit.committed(_STATEMENT, bound)}
    return StatementMade(account_ref=command.account_ref, from_at=from_at.isoformat(), until_at=until_at.isoformat(), currencies=found)
