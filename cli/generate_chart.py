"""Renders docs/chart-of-accounts.md: the chart from its table, and what each kind of fact books from the rules themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from billing.rules import bookings
from billing.rules.chart import CHART
from billing.rules.journal import Leg

_PAGE = """<!-- Made by `bursar generate`. Do not edit; a test compares it. -->
# Chart of accounts

Every account of the journal. An account is `<provider>:<name>` for the platform's own and `<provider>:<account>:<name>` for a
connected account's, each per currency. [The journal](journal.md) says how they are used and read.

`other side`: whether the account may stand on the side that is not its normal one. Where it may not, `check_invariants` tells
operators if it does.
"""
_KINDS = """
## What each rule books

Made by calling the functions of `billing/rules/bookings.py`: each leg goes from the account that is credited to the one that is
debited. A negative amount is the same the other way round. `ID` is a connected account; the second column is the platform's own
money, the third a connected account's.
"""
_OWNERS = {"platform": "ours", "account": "connected accounts'", "both": "ours, connected accounts'"}
_PAYEES = frozenset({"account", "payer", "destination", "payee"})


def render_chart() -> str:
    """The text of docs/chart-of-accounts.md."""
    lines = [_PAGE, "| account | class | normal side | other side | whose | holds |", "|---|---|---|---|---|---|"]
    for account in CHART:
        other = "never" if account.strict else "possible"
        lines.append(f"| `{account.name}` | {account.kind} | {account.normal} | {other} | {_OWNERS[account.scope]} | {account.why} |")
    lines += [_KINDS, "| rule | ours | a connected account's | when |", "|---|---|---|---|"]
    for name, rule in _rules():
        said = " ".join((inspect.getdoc(rule) or "").split("\n\n")[0].split())
        lines.append(f"| `{name}` | {_shown(rule, None)} | {_shown(rule, 'ID')} | {said} |")
    return "\n".join(lines) + "\n"


def _rules() -> Iterator[tuple[str, Callable[..., tuple[Leg, ...]]]]:
    for name, rule in vars(bookings).items():
        if inspect.isfunction(rule) and rule.__module__ == bookings.__name__ and not name.startswith("_"):
            yield name, rule


def _shown(rule: Callable[..., tuple[Leg, ...]], owner: str | None) -> str:
    """The legs for money of that owner; a dash where the rule is not about such money."""
    names = list(inspect.signature(rule).parameters)
    whose = next((name for name in names if name == "owner" or name in _PAYEES), None)
    if (whose is None and owner) or (whose in _PAYEES and owner is None):
        return "-"
    values: dict[str, Any] = {"provider": "P", "amount_minor": 1, "currency": "EUR", "said": (1, "EUR"), "settled": (1, "USD")}
    legs = rule(**{name: owner if name == whose else values[name] for name in names})
    return "<br>".join(f"`{_short(leg.credit)}` to `{_short(leg.debit)}`{_currency(rule, leg)}" for leg in legs)


def _short(code: str) -> str:
    return code.removeprefix("P:")


def _currency(rule: Callable[..., Any], leg: Leg) -> str:
    return f" ({'the fact' if leg.currency == 'EUR' else 'the balance'}'s currency)" if rule is bookings.conversion else ""
