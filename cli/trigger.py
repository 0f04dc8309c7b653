"""`bursar trigger SOURCE TYPE`: posts a signed sample event to the running receiver, as the provider would."""

from __future__ import annotations

import http.client
import json
from typing import Any

import click

from cli.printing import table
from cli.roles import action
from cli.surroundings import settings
from cli.trouble import PROBLEMS, UNAVAILABLE, USAGE, TroubleError, nothing
from core.clock import SystemClock
from core.settings import Settings
from providers.sandbox.samples import body_of, event, types
from providers.sandbox.sign import stripe_headers, zoom_headers

_TIMEOUT_S = 10.0
_SIGNERS = {"stripe": stripe_headers, "zoom": zoom_headers}
_UNSENT = "nothing was sent"


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("event_type", metavar="[TYPE]", required=False)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change a field of the event's object (`amount=100`, `customer=cus_1`) or of its envelope (`event.created=1`). JSON, else a text.",
)
@click.option(
    "--count",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="So many events, each with fresh ids.",
)
@click.option("--print", "only_print", is_flag=True, help="Print the event and send nothing.")
@action("operator")
def trigger(source: str, event_type: str | None, changes: tuple[str, ...], count: int, only_print: bool) -> None:
    """Send sample events of SOURCE (stripe, zoom) to the receiver, signed with its own secret. Without TYPE: list them."""
    _check_source(source)
    if event_type is None:
        click.echo("\n".join(types(source)))
        return
    if event_type not in types(source):
        raise nothing(
            f"there is no sample of {source} {event_type}",
            f"`bursar trigger {source}` lists the types that there are samples of",
        )
    made = [_made(source, event_type, dict(_change(text) for text in changes)) for _ in range(count)]
    if only_print:
        for one in made:
            click.echo(body_of(one))
        return
    answers = [_post(settings(), source, body_of(one)) for one in made]
    _report(source, made, answers)


def _check_source(source: str) -> None:
    if source == "paypal":
        raise TroubleError(
            USAGE,
            "a PayPal event cannot be made here: PayPal signs with a private key of its own, which nobody else has",
            effect=_UNSENT,
            then="use the simulator of PayPal's sandbox, or let the sandbox send a real one to this receiver",
        )
    if source not in _SIGNERS:
        raise TroubleError(
            USAGE,
            f"no samples are written for a source {source!r}",
            effect=_UNSENT,
            then=f"the sources are: {', '.join(_SIGNERS)}",
        )


def _change(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not path or not equals:
        raise click.BadParameter(f"{text!r} is not of the form PATH=VALUE", param_hint="--set")
    try:
        return path, json.loads(value)
    except ValueError:
        return path, value


def _made(source: str, event_type: str, changes: dict[str, Any]) -> dict[str, Any]:
    try:
        return event(source, event_type, SystemClock().now(), changes)
    except KeyError as error:
        raise click.BadParameter(str(error.args[0]), param_hint="--set") from error


def _post(chosen: Settings, source: str, body: bytes) -> tuple[int, str]:
    """(status, body) of the receiver's answer."""
    if chosen.mode == "live":
        raise TroubleError(
            USAGE,
            "this installation is for live events (BURSAR_MODE)",
            effect=_UNSENT,
            then="try samples on an installation of mode test",
        )
    held = {"stripe": chosen.stripe_webhook_secrets, "zoom": chosen.zoom_webhook_secrets}[source]
    if source not in chosen.sources or not held:
        raise TroubleError(
            USAGE,
            f"the door of {source} is not open here, or its secret is not known to this command",
            effect=_UNSENT,
            then=f"set BURSAR_{source.upper()}_WEBHOOK_SECRETS as the receiver has it, "
            "or name a running copy: `bursar --home DIR trigger ...`",
        )
    headers = _SIGNERS[source](held[0].get_secret_value(), body, SystemClock().now())
    wire = http.client.HTTPConnection(chosen.receiver_host, chosen.receiver_port, timeout=_TIMEOUT_S)
    try:
        wire.request("POST", f"/webhooks/{source}", body, headers)
        answer = wire.getresponse()
        return answer.status, answer.read(2000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise TroubleError(
            UNAVAILABLE,
            f"the receiver at {chosen.receiver_host}:{chosen.receiver_port} does not answer: {error}",
            effect="this event was not stored",
            then="start it (`python3 dev.py up`, or `bursar receiver`), or correct BURSAR_RECEIVER_HOST and BURSAR_RECEIVER_PORT",
        ) from error
    finally:
        wire.close()


def _report(source: str, made: list[dict[str, Any]], answers: list[tuple[int, str]]) -> None:
    rows = [
        (one.get("type", one.get("event")), one.get("id"), status)
        for one, (status, _) in zip(made, answers, strict=True)
    ]
    table(("TYPE", "EVENT", "ANSWER"), rows)
    refused = [(status, text) for status, text in answers if not 200 <= status < 300]
    if refused:
        click.echo(
            f"{len(refused)} of {len(made)} were refused; the first answer: {refused[0][0]} {refused[0][1].strip()[:300]}"
        )
        click.echo(
            "next: 401 means that the receiver has another secret or clock; 503 that it cannot store; `bursar doctor` says more"
        )
        raise click.exceptions.Exit(PROBLEMS)
    click.echo(f"next: bursar inbox ls --source {source}")
