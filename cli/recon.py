"""`bursar recon ...`: compare with a provider, see what was found, mend it or let it stand, explain a payout (RECON-1 to RECON-9)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import click

from billing.operations.accept_finding import accept_finding
from billing.operations.ask_recon import ask_recon
from billing.operations.refund_terms import terms
from billing.operations.repair_finding import repair_finding
from billing.operations.repair_wish import Wish
from billing.rules.commands.recon import RepairFinding
from billing.rules.purpose import PURPOSES
from billing.rules.recon_kinds import CHOICES, KINDS
from billing.rules.states_recon import FINDING
from cli.change import change, change_in
from cli.inbox.filters import Instant
from cli.printing import facts, json_line, table
from cli.reason import reason_said
from cli.roles import action, actor, demand
from cli.surroundings import acting, reading
from cli.trouble import PROBLEMS, TroubleError, nothing
from core.ids import new_id
from models.base import OWN_SOURCE
from providers.errors import Final, Retryable
from tasks.maintenance.recon.addresses import address
from tasks.maintenance.recon.explain import Explained, explain
from tasks.maintenance.recon.lists import LISTS, YOUNG
from tasks.maintenance.recon.run import turn

_LOOK = "`bursar recon findings --all` shows what there is"
_ALL_DAY_S = 86_400.0
_FINDINGS = """
    SELECT external_id AS finding, source, kind, severity, status, object_type, object_ref, account_ref, ours_minor, theirs_minor, currency,
           detail, repair, first_seen_at, last_seen_at, last_run, repair_asked_at, repair_how, repair_ref, accepted_by, accepted_reason
    FROM bursar.finding
    WHERE (%(status)s::text IS NULL OR status = %(status)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      AND (%(source)s::text IS NULL OR source = %(source)s)
    ORDER BY array_position(ARRAY['high', 'medium', 'low'], severity), last_seen_at DESC, external_id LIMIT %(limit)s"""
_RUN = """SELECT external_id AS run, source, status, since_at, until_at, objects, counts, requested_at, completed_at
          FROM bursar.recon_run WHERE external_id = %(run)s AND source = %(source)s"""


@click.group()
def recon() -> None:
    """Compare a provider's records with ours, both ways, and settle what differs."""


@recon.command()
@click.argument("source", type=click.Choice(tuple(LISTS)), default="stripe")
@click.option("--since", type=Instant(), metavar="TIME", help="Objects made from here on. Default: 8 days ago.")
@click.option("--until", type=Instant(), metavar="TIME", help="Up to here. Default, and latest: 15 minutes ago; PayPal: 3 hours.")
@click.option("--kind", "objects", multiple=True, metavar="OBJECT", help="Only these: charge, refund, payout, ... Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@action("operator")
def run(source: str, since: datetime | None, until: datetime | None, objects: tuple[str, ...], as_json: bool) -> None:
    """Compare with SOURCE (stripe, paypal) now. Two at once are one: the second says so and ends well."""
    if unknown := set(objects) - set(LISTS[source]):
        known = ", ".join(LISTS[source])
        raise click.BadParameter(f"{source} lists no {', '.join(sorted(unknown))}; it lists {known}", param_hint="--kind")
    with acting() as context:
        now = context.clock.now()
        end = min(until or now, now - YOUNG[source])
        begin = since or now - timedelta(days=8)
        if begin >= end:
            raise click.BadParameter(f"--since must lie before --until, which is at latest {YOUNG[source]} ago", param_hint="--since")
        chosen = [of for of in LISTS[source] if of in objects or not objects]
        reference = f"RUN-{new_id(now).hex[:20]}"
        change_in(
            context,
            lambda unit: ask_recon(
                unit, source, reference, since=begin, until=end, objects=chosen, actor=str(actor()), reason="command line"
            ), reason="asked for at the command line", look=_LOOK,
        )  # fmt: skip
        try:
            outcome = turn(context, budget_s=_ALL_DAY_S, reference=reference)
        except (Retryable, Final) as error:
            raise TroubleError(
                PROBLEMS, str(error), effect=f"{reference} stays where it is; no finding was changed by the part that failed",
                then="mend the cause; the scheduled run `reconcile` takes it up again by itself",
            ) from error  # fmt: skip
    if outcome.busy:
        click.echo(f"another reconciliation is at work; {reference} is asked for and comes after it")
        return
    with reading() as connection:
        row = dict(connection.exec_driver_sql(_RUN, {"run": reference, "source": source}).mappings().one())
    if as_json:
        json_line(row)
        return
    counts = row.pop("counts")
    facts(row.items())
    facts(counts.items())
    if set(counts) - {"listed"}:
        click.echo("next: bursar recon findings")


@recon.command()
@click.option("--state", "status", type=click.Choice(tuple(FINDING.order)), help="Default: open.")
@click.option("--all", "all_of_them", is_flag=True, help="In any state.")
@click.option("--kind", type=click.Choice(tuple(KINDS)), help="Of this kind.")
@click.option("--source", type=click.Choice((*LISTS, OWN_SOURCE)), help="At this provider; bursar: in our own papers.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def findings(status: str | None, all_of_them: bool, as_json: bool, **bound: Any) -> None:
    """What was found, worst first, with what mends it."""
    with reading() as connection:
        chosen = None if all_of_them else status or "open"
        rows = [dict(row) for row in connection.exec_driver_sql(_FINDINGS, bound | {"status": chosen}).mappings()]
    if not rows:
        raise nothing("no finding matches", "`bursar recon run` compares now; `bursar recon findings --all` shows what was closed")
    if as_json:
        for row in rows:
            json_line(row | {"choices": KINDS[row["kind"]].choices})
        return
    table(
        ("SEVERITY", "STATUS", "FINDING", "OURS", "THEIRS", "CUR", "LAST SEEN", "REPAIR"),
        (
            (row["severity"], row["status"], row["finding"], row["ours_minor"], row["theirs_minor"], row["currency"], row["last_seen_at"],
             _repair(row))
            for row in rows
        ),
    )  # fmt: skip
    kinds = sorted({row["kind"] for row in rows})
    for kind in kinds:
        click.echo(f"{kind}: {KINDS[kind].means}")
    for how in sorted({how for kind in kinds for how in KINDS[kind].choices}):
        click.echo(f"--as {how}: {CHOICES[how]}")


def _repair(row: dict[str, Any]) -> str:
    """What mends it by itself, or what a person may choose; or what was asked for."""
    if row["repair_asked_at"] is not None:
        return f"asked for: {row['repair_how']}" if row["repair_how"] else "asked for"
    choices = KINDS[row["kind"]].choices if row["repair"] == "decide" else ()
    return f"--as {'|'.join(choices)}" if choices else str(row["repair"])


@recon.command()
@click.argument("finding")
@click.option("--source", type=click.Choice(tuple(LISTS)), default="stripe", show_default=True, help="Where it was found.")
@click.option("--as", "how", type=click.Choice(tuple(CHOICES)), help="What a person decided, where one has to (bursar recon findings).")
@click.option("--customer", "customer_ref", metavar="ID", help="With --as adopt: the customer whose money it is.")
@click.option("--purpose", type=click.Choice(tuple(PURPOSES)), help="With --as adopt: what the customer gets for it.")
@click.option("--purpose-ref", metavar="ID", help="With --purpose: the app's id of it.")
@click.option("--reason", help="Why; goes into the audit. Needed with --as.")
@action("viewer")
def repair(finding: str, source: str, how: str | None, reason: str | None, **adopted: Any) -> None:
    """Ask for what mends FINDING.

    Without --as (role operator) no money moves: its object is read at the provider again and booked as any event's. With --as
    (role finance) what a person decided is done, by the same ways as without a finding.
    """
    demand("finance" if how else "operator")
    if how and not (reason or "").strip():
        raise click.UsageError("--as needs a --reason: it is kept in the audit")
    why = (reason or "repair").strip()
    command = {name: value for name, value in adopted.items() if value is not None}
    try:
        RepairFinding(source=source, finding=finding, reason=why, how=how, **command)  # type: ignore[arg-type]  # click has checked
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with acting() as context:
        wish = Wish(how=how, reason=why, terms=terms(context.settings), **adopted) if how else None
        row, asked = change_in(
            context, lambda unit: repair_finding(unit, source, finding, reason=why, address=partial(address, source), wish=wish),
            reason=why, look=_LOOK,
        )  # fmt: skip
    by = f" ({row.repair_ref})" if how and row.repair_ref else ""
    click.echo(f"{row.external_id}: {asked} asked for{by}; the next run closes it if that mends it (bursar recon run {source})")


@recon.command()
@click.argument("finding")
@click.option("--source", type=click.Choice((*LISTS, OWN_SOURCE)), default="stripe", show_default=True, help="Where it was found.")
@click.option("--reason", required=True, help="Why it may stand; goes into the audit.")
@action("finance")
def accept(finding: str, source: str, reason: str) -> None:
    """Let FINDING stand. It is open again when its amounts change."""
    reason = reason_said(reason)
    row = change(lambda unit: accept_finding(unit, source, finding, reason=reason), reason=reason, look=_LOOK)
    click.echo(f"{row.external_id}: accepted")


@recon.command("explain-payout")
@click.argument("payout")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@action("operator")
def explain_payout(payout: str, as_json: bool) -> None:
    """What PAYOUT (po_...) paid out, line by line read at Stripe and laid beside the journal, with the remainder."""
    with acting() as context:
        try:
            told = explain(context, payout)
        except (Retryable, Final) as error:
            raise TroubleError(
                PROBLEMS, str(error), effect="nothing was changed", then="check the payout's id, and the key of Stripe"
            ) from error
    if told is None:
        click.echo("a reconciliation is at work; ask again when it is done (bursar schedule ls)")
        return
    if as_json:
        json_line(asdict(told))
    else:
        _print_explained(told)
    if told.remainder_minor:
        raise click.exceptions.Exit(PROBLEMS)


def _print_explained(told: Explained) -> None:
    way = "automatic" if told.automatic else "on request: it is explained by its own entry in the journal"
    facts([("payout", told.payout), ("account", told.account), ("status", told.status), ("made", way)])
    if told.groups:
        table(
            ("CATEGORY", "TYPE", "LINES", "AMOUNT", "FEE", "NET", "EXPLAINED"),
            ([group[name] for name in ("category", "type", "lines", "amount", "fee", "net", "explained")] for group in told.groups),
        )
    for group in told.groups:
        for line in group["left_over"]:
            click.echo(f"not explained: {line['transaction']} of {line['source']}: {line['net']} {told.currency}")
    facts([("paid out", f"{told.amount_minor} {told.currency}"), ("remainder", f"{told.remainder_minor} {told.currency}")])
