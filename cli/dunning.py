"""`bursar dunning`: what is overdue and what happens next, and what another ladder would come to (DUN-1 to DUN-10)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import click

from billing.rules.dunning import HARD_DECLINES
from billing.rules.dunning_model import Curve, Played, curve_of, percent, play, read_curve, read_days, rounded, tenths
from billing.rules.money import amount_text
from billing.rules.states_dunning import DUNNING_CASE
from cli.printing import facts, json_line, table
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import USAGE, TroubleError, nothing

_CASES = """
    SELECT c.external_id AS invoice, c.status, c.subscriber_ref, c.subscription_ref, c.policy_ref, c.amount_minor, c.currency, c.opened_at,
           c.suspend_at, c.terminate_at, c.next_deadline_at, c.suspended_at, c.stopped_because, c.decline_code, c.closed_at,
           c.closed_because,
           (SELECT min(a.due_at) FROM bursar.dunning_attempt a WHERE a.case_ref = c.external_id AND a.status = 'pending') AS next_step_at
    FROM bursar.dunning_case c"""
_LS = f"{_CASES} WHERE c.status = %(status)s ORDER BY c.opened_at, c.id LIMIT %(limit)s"
_ONE = f"{_CASES} WHERE c.external_id = %(invoice)s"
_ATTEMPTS = """
    SELECT number, kind, status, due_at, started_at, completed_at, because, gateway_code, decline_code, method_ref, amount_minor, currency,
           mail, sent_at, run_ref
    FROM bursar.dunning_attempt WHERE case_ref = %(invoice)s ORDER BY due_at, kind, number"""
# Tries of the ladder by their day; the first failure of each case is number 0.
_HISTORY = """
    SELECT extract(epoch FROM a.due_at - c.opened_at)::bigint / 86400 AS day,
           count(*) FILTER (WHERE a.status = 'success') AS succeeded, count(*) FILTER (WHERE a.status = 'failed') AS failed
    FROM bursar.dunning_attempt a JOIN bursar.dunning_case c ON c.source = 'bursar' AND c.external_id = a.case_ref
    WHERE a.kind = 'ladder' AND a.started_at IS NOT NULL GROUP BY 1 ORDER BY 1"""
_FAILED = """
    SELECT currency, count(*) AS cases, sum(amount_minor)::bigint AS amount_minor,
           count(*) FILTER (WHERE decline_code = ANY (%(hard)s)) AS hard,
           coalesce(sum(amount_minor) FILTER (WHERE decline_code = ANY (%(hard)s)), 0)::bigint AS hard_minor
    FROM bursar.dunning_attempt WHERE kind = 'first' GROUP BY 1 ORDER BY 1"""
_NOMINAL = 1_000

_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, amounts in minor units.")


@click.group()
def dunning() -> None:
    """Invoices whose payment failed: what is tried when, and what another ladder would come to."""


@dunning.command("ls")
@click.option("--status", type=click.Choice(sorted(DUNNING_CASE.order)), default="open", show_default=True, help="Only those that are so.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many.")
@_JSON
@action("viewer")
def ls(status: str, limit: int, as_json: bool) -> None:
    """List cases, oldest first."""
    with reading() as connection:
        rows = [dict(row) for row in connection.exec_driver_sql(_LS, {"status": status, "limit": limit}).mappings()]
    if not rows:
        raise nothing(f"no dunning case is {status}", "`bursar dunning ls --status recovered` lists those that were paid")
    if as_json:
        for row in rows:
            json_line(row)
        return
    table(("OPENED", "INVOICE", "SUBSCRIBER", "AMOUNT", "POLICY", "NEXT STEP", "DEADLINE", "STOPPED", "SUSPENDED"), ((
        row["opened_at"], row["invoice"], row["subscriber_ref"], _money(row), row["policy_ref"], row["next_step_at"],
        row["next_deadline_at"], row["stopped_because"], row["suspended_at"],
    ) for row in rows))  # fmt: skip


@dunning.command()
@click.argument("invoice")
@_JSON
@action("viewer")
def show(invoice: str, as_json: bool) -> None:
    """Show one case with its steps, by its invoice's reference."""
    with reading() as connection:
        found = connection.exec_driver_sql(_ONE, {"invoice": invoice}).mappings().first()
        steps = [dict(row) for row in connection.exec_driver_sql(_ATTEMPTS, {"invoice": invoice}).mappings()]
    if found is None:
        raise nothing(f"no payment of the invoice {invoice!r} has failed", "`bursar dunning ls` lists the cases that are open")
    case = dict(found)
    if as_json:
        json_line(case | {"steps": steps})
        return
    amount = _money(case)
    shown = {name: value for name, value in case.items() if name not in ("amount_minor", "currency")}
    facts((name.replace("_", " "), value) for name, value in {**shown, "amount": amount}.items())
    click.echo()
    table(("STEP", "DUE", "STATUS", "BECAUSE", "DECLINED", "METHOD", "MAIL", "SENT", "RUN"), ((
        f"{step['kind']} {step['number']}", step["due_at"], step["status"], step["because"], step["decline_code"] or step["gateway_code"],
        step["method_ref"], step["mail"], step["sent_at"], step["run_ref"],
    ) for step in steps))  # fmt: skip


@dunning.command()
@click.option("--policy", required=True, metavar="DAYS", help="The ladder: days from the original failure, such as 1,3,7,14,30.")
@click.option("--against", metavar="DAYS", help="Another one. What does not rise, such as 2,5,7,7, are gaps between tries; so is +2,+5.")
@click.option("--curve", metavar="DAY:PERCENT,...", help="A stated recovery curve, such as 1:20,7:45,30:60; else the history's.")
@_JSON
@action("viewer")
def simulate(policy: str, against: str | None, curve: str | None, as_json: bool) -> None:
    """What ladders would recover. A MODEL: of what failed a share could be collected by a day; the history says which, or --curve."""
    try:
        ladders = [read_days(text) for text in (policy, against) if text is not None]
        stated = read_curve(curve) if curve is not None else None
    except ValueError as error:
        raise TroubleError(USAGE, str(error), effect="nothing was computed", then="see `bursar dunning simulate --help`") from error
    base, told, failed = _base(stated)
    played = [play(base, days) for days, _ in ladders]
    texts = [text for text in (policy, against) if text is not None]
    if as_json:
        for text, one in zip(texts, played, strict=True):
            json_line(_as_json(text, one, failed) | {"model": told})
        return
    click.echo(f"MODEL, no promise: {told}")
    for text, (days, gaps) in zip(texts, ladders, strict=True):
        if gaps:
            click.echo(f"{text} are gaps between tries: days {', '.join(map(str, days))} from the failure")
    click.echo("curve: " + ", ".join(f"day {day} {percent(share)} %" for day, share in base.points))
    click.echo()
    _compare(texts, played, failed)


def _base(stated: Curve | None) -> tuple[Curve, str, list[Mapping[str, Any]]]:
    """The curve, where it is from, and what failed by currency."""
    if stated is not None:
        nominal: Mapping[str, Any] = {"currency": None, "cases": _NOMINAL, "amount_minor": 0}
        return stated, f"the stated recovery curve, on {_NOMINAL} failed payments", [nominal]
    with reading() as connection:
        tries = {int(row.day): (int(row.succeeded), int(row.failed)) for row in connection.exec_driver_sql(_HISTORY)}
        failed = [dict(row) for row in connection.exec_driver_sql(_FAILED, {"hard": sorted(HARD_DECLINES)}).mappings()]
    curve = curve_of(tries)
    if not curve.points:
        then = "state a curve: `bursar dunning simulate --policy 1,3,7 --curve 1:20,7:45,30:60`"
        raise nothing("no try of a ladder is recorded yet", then)
    count = sum(map(sum, tries.values()))
    hard = sum(int(row["hard"]) for row in failed)
    soft: list[Mapping[str, Any]] = [
        {"currency": row["currency"], "cases": row["cases"] - row["hard"], "amount_minor": row["amount_minor"] - row["hard_minor"]}
        for row in failed
    ]
    return curve, f"from {count} recorded tries; {hard} hard declines are left out, since no ladder tries them", soft


def _compare(texts: list[str], played: list[Played], failed: list[Mapping[str, Any]]) -> None:
    table(("POLICY", "LAST DAY", "TRIES", "RECOVERED", "OF", "SHARE", "DAYS TO MONEY", "MONEY"), ((
        text, one.days[-1], tenths(one.tries), rounded(one.recovered * _cases(failed)), _cases(failed), f"{percent(one.recovered)} %",
        tenths(one.days_to_money) if one.days_to_money is not None else None, ", ".join(_recovered(one, failed)) or None,
    ) for text, one in zip(texts, played, strict=True)))  # fmt: skip
    if len(played) == 2:
        gap = played[0].recovered - played[1].recovered
        click.echo()
        better, less = (texts[0], texts[1]) if gap >= 0 else (texts[1], texts[0])
        said = "both recover the same share" if not gap else f"{better} recovers {percent(abs(gap))} points more than {less}"
        click.echo(f"in this model {said}")


def _cases(failed: list[Mapping[str, Any]]) -> int:
    return sum(int(row["cases"]) for row in failed)


def _recovered(one: Played, failed: list[Mapping[str, Any]]) -> list[str]:
    return [
        amount_text(rounded(one.recovered * Fraction(row["amount_minor"])), row["currency"])
        for row in failed
        if row["currency"] is not None
    ]


def _as_json(text: str, one: Played, failed: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "policy": text, "days": list(one.days), "tries": tenths(one.tries), "cases": _cases(failed),
        "recovered": rounded(one.recovered * _cases(failed)), "share_percent": percent(one.recovered),
        "days_to_money": tenths(one.days_to_money) if one.days_to_money is not None else None,
        "recovered_minor": {
            row["currency"]: rounded(one.recovered * Fraction(row["amount_minor"])) for row in failed if row["currency"] is not None
        },
    }  # fmt: skip


def _money(row: Mapping[str, Any]) -> str:
    return amount_text(row["amount_minor"] or 0, row["currency"])
