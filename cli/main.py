"""`bursar`: one command line for operators and for the processes themselves.

Each command's module is imported only when that command runs, so that `bursar --help` and the supervisor start at once.
A new command is one line in COMMANDS.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import click

from cli import runtime

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("cli.up:up", "Start everything on this machine and show events being processed."),
    "migrate": ("cli.migrate:migrate", "Bring the database to this version of the schema."),
    "receiver": ("cli.process_commands:receiver", "Run the webhook receiver."),
    "worker": ("cli.process_commands:worker", "Run one queue's worker group."),
    "calls": ("cli.process_commands:calls", "Run the workers that call the outside."),
    "beat": ("cli.process_commands:beat", "Run the clock that opens the schedules' slots."),
    "standby": ("cli.process_commands:standby", "Run the sweeps; processes events itself while the broker is away."),
    "flower": ("cli.process_commands:flower", "Run Flower, loopback and read-only."),
    "inbox": ("cli.inbox:inbox", "Events: list them, look at one, send them through again."),
    "audit": ("cli.audit:audit", "Verify the record of what was done; show an object's part of it."),
    "outbox": ("cli.outbox:outbox", "Calls to the outside: list them, look at one, try them again."),
    "submission": ("cli.submission:submission", "What is made or moved at providers: which outcomes are unknown, settle them."),
    "mail": ("cli.mail:mail", "Mails: what became of each, who gets none, how every mail looks."),
    "payout": ("cli.payout:payout", "Payouts to connected accounts: list, show, hold, release, statements."),
    "debt": ("cli.debt:debt", "What payees owe the platform: list, write off."),
    "privacy": ("cli.privacy:privacy", "What is stored of a customer: export, forget; who tries to sign in."),
    "subscriber": ("cli.subscriber:subscriber", "Who subscribes: what one may do, has and owes, and what comes next."),
    "organisation": ("cli.organisation:organisation", "Organisations: seats and members; where a provider bills another number."),
    "subscription": ("cli.subscription:subscription", "Subscriptions: which are due, owe or are parked; show one; unpark."),
    "invoice": ("cli.invoice:invoice", "Invoices: what is owed to us; show one; void."),
    "efactura": ("cli.efactura:efactura", "E-Facturas: what ANAF has, refused, or still waits for; the login there."),
    "document": ("cli.document:document", "Legal papers: invoices and credit notes by number; credit one."),
    "seller": ("cli.seller:seller", "Who issues them: show, define."),
    "credits": ("cli.credits:credits", "What subscribers have in credits: show, adjust."),
    "usage": ("cli.usage:usage", "What subscribers used of each meter, by period."),
    "payment": ("cli.payment:payment", "Payments that pay for nothing yet: list them, say what one was for."),
    "refund": ("cli.refund:refund", "Refunds: which wait for a second person, approve, reject, note."),
    "price": ("cli.price:price", "Prices: versions, who was told, who keeps what, moves; decide about a move."),
    "tax": ("cli.tax:tax", "VAT: rates, how a sale is taxed, VAT numbers and VIES, rates of exchange."),
    "promo": ("cli.promo:promo", "Promo codes: campaigns, codes, and who uses them for what."),
    "journal": ("cli.journal:journal", "The books: what is booked of a fact, an account's balance, all accounts at an instant."),
    "confirm": ("cli.confirm:confirm", "Enter what your own people saw: money that arrived by bank transfer."),
    "bank-transfer": ("cli.bank_transfer:bank_transfer", "Bank transfers: which wait for you, approve, reject."),
    "dunning": ("cli.dunning:dunning", "Failed payments: what is tried when, and what another ladder would recover."),
    "dispute": ("cli.dispute:dispute", "Disputes: deadlines, answers, notes."),
    "explain": ("cli.explain:explain", "The story of one payment, subscription, invoice, refund, payout or event, and what happens next."),
    "recon": ("cli.recon:recon", "Compare a provider's records with ours, settle what differs, explain payouts."),
    "report": ("cli.report:report_command", "Payments, fees, revenue, payouts, refunds as CSV or JSON."),
    "schedule": ("cli.schedule:schedule", "Scheduled runs: what runs when, and how it went."),
    "run-failures": ("cli.run_failures:run_failures", "What scheduled runs could not do, item by item; try it at once."),
    "simulate": ("cli.simulate:simulate", "Play months of billing under a virtual clock, and check that no rule breaks."),
    "sandbox": ("cli.sandbox:sandbox", "A stand-in of Stripe: take money, dispute it, pay it out, break things."),
    "trigger": ("cli.trigger:trigger", "Send signed sample events to the running receiver."),
    "doctor": ("cli.doctor:doctor", "Check settings, database, broker and processes, with the next step for each fault."),
    "requirements": ("cli.requirements:requirements", "Which tests prove which rule."),
    "generate": ("cli.generate:generate", "Write the files that are made from code."),
}
"""Name -> (where its click command is, its line in the help)."""

_NEEDS_NO_COPY = {"up", "generate", "simulate"}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name][0]} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path),
    help="Speak to the copy of Bursar that `up` runs with this home. Default: BURSAR_HOME, else `.bursar`. "
    "BURSAR_DATABASE_URL and the other variables always win.",
)
@click.pass_context
def main(ctx: click.Context, home: Path | None) -> None:
    """Bursar, the background half of a subscription business."""
    if home is not None:
        os.environ["BURSAR_HOME"] = str(home.absolute())
    if ctx.invoked_subcommand in _NEEDS_NO_COPY:
        return
    place = runtime.home()
    found = runtime.adopt(place)
    if home is not None and not found and not os.environ.get("BURSAR_DATABASE_URL"):
        raise click.ClickException(
            f"no running copy of Bursar has the home {place}: start it with `bursar --home {place} up`, "
            "or set BURSAR_DATABASE_URL"
        )


if __name__ == "__main__":
    main()
