"""`bursar inbox backfill`: events that a provider produced and we never stored (INBOX-6)."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from cli.hinting import send_hints
from cli.inbox.filters import Instant
from cli.printing import facts, json_line
from cli.roles import action
from cli.surroundings import acting
from cli.trouble import PROBLEMS, TroubleError
from providers.errors import Final, Retryable
from tasks.maintenance.recon.backfill import backfill_stripe
from tasks.maintenance.recon.backfill_paypal import backfill_paypal

_KEPT = timedelta(days=30)


@click.command()
@click.argument("source", type=click.Choice(("stripe", "paypal")))
@click.option("--since", type=Instant(), metavar="TIME", required=True, help="Made from here on: 3d, 2h or ISO 8601; 30 days are kept.")
@click.option("--until", type=Instant(), metavar="TIME", help="Made before this time. Default: now.")
@click.option("--failed", is_flag=True, help="Only those that Stripe could not deliver: quicker, enough after an outage. Not at PayPal.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@action("operator")
def backfill(source: str, since: datetime, until: datetime | None, failed: bool, as_json: bool) -> None:
    """Read SOURCE's list of events to its end and take in what the inbox lacks, as if it had been delivered.

    Of PayPal what the missing events are about is looked up instead; that is what `injected` counts.
    """
    if failed and source == "paypal":
        raise click.UsageError("PayPal does not say which events it could not deliver; leave --failed out")
    with acting() as context:
        if since < context.clock.now() - _KEPT:
            click.echo("Providers list events of the last 30 days only; what older ones told is found by `bursar recon run`", err=True)
        try:
            if source == "paypal":
                done = backfill_paypal(context, since=since, until=until)
            else:
                done = backfill_stripe(context, since=since, until=until, failed_only=failed)
        except (Retryable, Final) as error:
            raise TroubleError(
                PROBLEMS, str(error), effect="what was taken in so far stays; nothing is lost or doubled",
                then="mend the cause and run the same command again",
            ) from error  # fmt: skip
        send_hints(context.settings, done.rows)
    if done.refused:
        click.echo(f"{source} does not show us the events of {', '.join(done.refused)}: nothing of these was looked at", err=True)
    told = {"source": source, "looked_at": done.looked_at, "known": done.known, "injected": done.injected}
    if as_json:
        json_line(told)
    else:
        facts(told.items())
