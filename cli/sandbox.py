"""`bursar sandbox ...`: a Stripe of one's own to play with: take money, dispute it, pay it out, let things go wrong."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import click
import requests

from cli.entries import run as run_entry
from cli.printing import facts, json_line, table
from cli.roles import action
from cli.sandbox_address import environment
from cli.sandbox_anaf import anaf
from cli.sandbox_fx import fx
from cli.sandbox_paypal import paypal
from cli.sandbox_vies import vies
from cli.surroundings import settings
from cli.trouble import UNAVAILABLE, USAGE, TroubleError
from providers.sandbox.control import Control, SandboxRefused
from providers.sandbox.http.faults import KINDS

_UNTOUCHED = "nothing was done"


@click.group()
def sandbox() -> None:
    """Stand-ins on this machine: of Stripe, PayPal, VIES, ANAF and two central banks. Amounts are in the currency's smallest unit."""


sandbox.add_command(anaf)
sandbox.add_command(fx)
sandbox.add_command(paypal)
sandbox.add_command(vies)


@sandbox.command()
@click.option("--port", type=click.IntRange(1024, 65535), default=12111, show_default=True, help="Where it listens on the loopback.")
@action("process")
def run(port: int) -> None:
    """Serve until Ctrl-C. Only where no copy runs by `bursar up`, which has its own."""
    given = environment(port)
    click.echo("\n".join(f"export {name}={value}" for name, value in given.items()))
    base, key = given.values()
    try:
        run_entry("sandbox", settings().model_copy(update={"stripe_api_base": base, "stripe_api_key": key}))
    except OSError as error:
        raise TroubleError(
            UNAVAILABLE, f"the sandbox cannot listen on port {port}: {error.strerror}", effect="it does not run",
            then="choose another one by --port",
        ) from error  # fmt: skip


@sandbox.command()
@click.argument("amount", type=click.IntRange(1))
@click.argument("currency", default="eur")
@click.option("--method", default="pm_card_visa", show_default=True, help="A test method, such as pm_card_chargeDeclined.")
@click.option("--to", "account", help="A connected account that gets the money.")
@click.option("--fee", type=click.IntRange(0), help="What the platform keeps of it.")
@click.option("--customer", help="Who pays.")
@action("operator")
def charge(amount: int, currency: str, method: str, account: str | None, fee: int | None, customer: str | None) -> None:
    """Take AMOUNT of CURRENCY from a card, as somebody in the dashboard would."""
    more: dict[str, Any] = {"payment_method": method, "customer": customer, "application_fee_amount": fee}
    if account:
        more["transfer_data"] = {"destination": account}
    _show(_told(lambda control: control.paid(amount, currency, **more)), "id", "status", "latest_charge", "amount", "currency")


@sandbox.command()
@click.argument("charge_id", metavar="CHARGE")
@click.argument("amount", type=click.IntRange(1), required=False)
@action("operator")
def refund(charge_id: str, amount: int | None) -> None:
    """Give CHARGE back, or AMOUNT of it."""
    params = {"charge": charge_id, "amount": amount}
    _show(_told(lambda control: control.api("POST", "/v1/refunds", params)), "id", "status", "amount", "currency")


@sandbox.command()
@click.argument("charge_id", metavar="CHARGE")
@click.option("--amount", type=click.IntRange(1), help="A part of it only.")
@click.option("--reason", default="fraudulent", show_default=True)
@click.option("--warning", is_flag=True, help="An inquiry, which takes no money.")
@action("operator")
def dispute(charge_id: str, amount: int | None, reason: str, warning: bool) -> None:
    """Let the payer dispute CHARGE."""
    status = "warning_needs_response" if warning else "needs_response"
    found = _told(lambda control: control.dispute(charge_id, amount=amount, reason=reason, status=status))
    _show(found, "id", "status", "reason", "amount", "currency")


@sandbox.command()
@click.argument("dispute_id", metavar="DISPUTE")
@click.argument("how", type=click.Choice(["won", "lost", "warning_closed", "prevented"]))
@action("operator")
def decide(dispute_id: str, how: str) -> None:
    """Let the bank decide DISPUTE."""
    _show(_told(lambda control: control.end_dispute(dispute_id, how)), "id", "status", "amount", "currency")


@sandbox.command()
@click.option("--country", default="DE", show_default=True)
@action("operator")
def account(country: str) -> None:
    """Make a connected account that can do everything."""
    click.echo(_told(lambda control: control.ready_account(country)))


@sandbox.command()
@click.option("--account", "account_id", help="The connected account; without it the platform.")
@click.option("--fail", "failed", metavar="PAYOUT", help="Instead let this payout come back.")
@action("operator")
def payout(account_id: str | None, failed: str | None) -> None:
    """Pay out what is available, one payout per currency."""
    names = ("id", "status", "amount", "currency")
    if failed:
        _show(_told(lambda control: control.fail_payout(failed)), *names, "failure_code")
        return
    for made in _told(lambda control: control.automatic_payouts(account_id)):
        _show(made, *names)


@sandbox.command()
@click.argument("days", type=click.IntRange(0, 366), default=1)
@action("operator")
def advance(days: int) -> None:
    """Move the sandbox's clock on: money becomes available, payouts arrive, disputes run out."""
    _told(lambda control: control.advance(days=days))
    _balances()


@sandbox.command()
@action("viewer")
def balance() -> None:
    """What lies where."""
    _balances()


@sandbox.command()
@click.argument("kind", type=click.Choice(KINDS), required=False)
@click.option("--path", default="", help="Which calls: a regular expression. Default: all.")
@click.option("--times", type=click.IntRange(1), default=1, show_default=True)
@click.option("--clear", is_flag=True, help="Nothing goes wrong any more.")
@action("operator")
def faults(kind: str | None, path: str, times: int, clear: bool) -> None:
    """Let the next calls go wrong, or (without KIND) show what is ordered."""
    if clear:
        _told(lambda control: control.clear_faults())
    if kind:
        _told(lambda control: control.fault(kind, path, method=None, times=times))
    head = ("kind", "method", "path", "times", "struck")
    table([name.upper() for name in head], [[row[name] for name in head] for row in _told(lambda control: control.do("faults"))])


@sandbox.command()
@click.option("--loss", type=click.FloatRange(0, 1), help="Share of events that are never sent.")
@click.option("--duplicates", type=click.FloatRange(0, 1), help="Share that is sent twice.")
@click.option("--reorder", type=click.FloatRange(0, 1), help="Share that comes late.")
@click.option("--pause/--go-on", "paused", default=None, help="Hold all of them back, or send on.")
@action("operator")
def webhooks(**switches: float | bool | None) -> None:
    """Change how events are delivered, and show how the last ones were."""
    given = {name: value for name, value in switches.items() if value is not None}
    if given:
        _told(lambda control: control.switches(**given))
    last = _told(lambda control: control.deliveries())[-20:]
    table(("EVENT", "TYPE", "WHAT", "STATUS"), [[row["event"], row["type"], row["what"], row.get("status")] for row in last])


@sandbox.command()
@click.option("--kind", help="capture, refund, transfer, transfer_reversal, payout, ...")
@action("viewer")
def effects(kind: str | None) -> None:
    """What was really done, once each: one JSON object a line."""
    for row in _told(lambda control: control.effects(kind)):
        json_line(row)


@sandbox.command()
@click.argument("command")
@click.argument("told", metavar="[JSON]", default="{}")
@action("operator")
def do(command: str, told: str) -> None:
    """Any command of the control API (docs/sandbox.md), with its fields as JSON."""
    try:
        said = json.loads(told)
    except ValueError as error:
        raise click.UsageError(f"not JSON: {error}") from error
    click.echo(json.dumps(_told(lambda control: control.do(command, **said)), indent=2))


def _told(what: Any) -> Any:
    """What the sandbox answers.

    Raises:
        TroubleError: there is none, it refused, or the address is the real Stripe's.
    """
    base = settings().stripe_api_base
    if urlsplit(base).hostname not in ("127.0.0.1", "localhost"):
        raise TroubleError(
            USAGE, f"BURSAR_STRIPE_API_BASE is {base}, which is no sandbox", effect=_UNTOUCHED,
            then="start a copy by `bursar up` without a real key, or a sandbox by `bursar sandbox run`",
        )  # fmt: skip
    try:
        return what(Control(base))
    except requests.RequestException as error:
        raise TroubleError(
            UNAVAILABLE, f"the sandbox at {base} does not answer: {type(error).__name__}", effect=_UNTOUCHED,
            then="start it: `bursar up`, or `bursar sandbox run`",
        ) from error  # fmt: skip
    except SandboxRefused as error:
        raise TroubleError(USAGE, f"the sandbox refused: {error}", effect="no money moved in it", then="see docs/sandbox.md") from error


def _balances() -> None:
    rows = _told(lambda control: control.balances())
    table(
        ("ACCOUNT", "CURRENCY", "AVAILABLE", "PENDING"),
        [[account or "platform", currency, *sums] for (account, currency), sums in sorted(rows.items(), key=str)],
    )


def _show(found: dict[str, Any], *names: str) -> None:
    facts((name, found.get(name)) for name in names)
