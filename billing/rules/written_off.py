"""What writing off books, of an object that its provider says does not exist (RECON-8)."""

from __future__ import annotations

from collections.abc import Iterable

from billing.rules.chart import code, read
from billing.rules.journal import Leg, undone

_RESULT = frozenset({"income", "expense"})


def written_off(provider: str, legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The legs that take back what was booked.

    Buckets and claims stand afterwards as if it had never been booked. Income and expense stay as they were reported, and what
    they are wrong by goes to `losses`, so that a reader of the books finds it in one line.
    """
    found = ((_side(provider, leg.debit), _side(provider, leg.credit), leg) for leg in undone(legs))
    return tuple(Leg(debit, credit, leg.amount_minor, leg.currency) for debit, credit, leg in found if debit != credit)


def _side(provider: str, account: str) -> str:
    return code(provider, None, "losses") if read(account).account.kind in _RESULT else account
