"""`bursar up`: the whole of Bursar on this machine, for a first look, for development and for trials.

The services are started first and the heavy imports done while they come up, so only light modules are imported here.
"""

from __future__ import annotations

import importlib
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from cli import runtime
from cli.embedded.errors import EmbeddedError
from cli.embedded.ground import settle
from cli.embedded.ports import remembered
from cli.mail_address import FOLDER, can_catch, mail_environment
from cli.sandbox_address import anaf_environment, environment, fx_environment, paypal_environment, vies_environment
from cli.supervisor.embedded_pair import EmbeddedPair
from cli.supervisor.ports import Ports, choose
from cli.supervisor.screen import LogWatch, say
from cli.supervisor.secrets import APP, APP_KEY_FILE, is_given, missing_secrets
from core.clock import monotonic_s

_OLD_LOG_BYTES = 10_000_000
_PAYPAL_GIVEN = ("CLIENT_ID", "CLIENT_SECRET", "API_BASE", "ENVIRONMENT", "TRUST_ANCHORS")
"""Whoever sets one of these has a PayPal of his own."""
_PLAYED = {"FX": "BNR, ECB"}
"""What people call a stand-in, where its setting says otherwise."""


@click.command()
@click.option("--home", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of the data, passwords and logs; made if missing. Default: BURSAR_HOME, else `.bursar`.")
@click.option("--port-base", type=click.IntRange(1024, 65531), metavar="N",
              help="Receiver on N, Flower on N+1, metrics, PostgreSQL and Redis on the next ones. "
              "Default: 8000, 5555 and free ones.")
@click.option("--story/--no-story", default=True, help="Post a few signed sandbox events and watch them.")
def up(home: Path | None, port_base: int | None, story: bool) -> None:
    """Start everything on this machine; Ctrl-C ends it and leaves no process behind.

    PostgreSQL and Redis are brought along, unless BURSAR_DATABASE_URL or BURSAR_BROKER_URL names yours.
    """
    began_at_s = monotonic_s()
    if home is not None:
        os.environ["BURSAR_HOME"] = str(home.absolute())
    place = runtime.home()
    try:
        ground = settle(place)
        lock = runtime.hold(place)
        if lock is None:
            raise EmbeddedError(f"a copy of Bursar with the home {place} is running: stop it, or name another --home")
        with lock:
            services = EmbeddedPair(ground, choose(place, port_base), _logs(place))
            _run(place, services, lock.fileno(), story=story, began_at_s=began_at_s)
    except (EmbeddedError, ValueError) as error:
        # ValueError: a setting that does not fit; pydantic's text names it.
        raise click.ClickException(str(error)) from error


def _run(place: Path, services: EmbeddedPair, lock: int, *, story: bool, began_at_s: float) -> None:
    say(f"Bursar: home {place}")
    supervisor: Any = None
    try:
        services.start()
        played, caught = _sandbox(place), _mails(place)
        chosen = _adopt_environment(place, services, played | caught)
        module = importlib.import_module("cli.supervisor.supervise")
        module.preload()
        settings = importlib.import_module("core.settings").current()
        ran = module.prepare(settings, services)
        say(f"database ready{f', migrations {ran[0]} to {ran[-1]} run' if ran else ''}")
        if "BURSAR_PAYPAL_API_BASE" in played:
            # Before the receiver starts, which reads once whom to trust.
            importlib.import_module("cli.sandbox_process").lay_certificate(place)
        runtime.publish(place, chosen, pid=os.getpid())
        supervisor = module.Supervisor(settings, services, LogWatch(services.logs), lock, sandbox=bool(played), mails=bool(caught))
        if caught:
            say(f"  {'Mails':<12} go to nobody: they are files in {place / FOLDER}; `{_command()} mail ls`")
        for name in ("Stripe", "PayPal", "VIES", "FX", "ANAF"):
            if base := played.get(f"BURSAR_{name}_API_BASE".upper()):
                say(f"  {_PLAYED.get(name, name):<12} {base} plays it, without real money: `{_command()} sandbox --help`")
        _print_places(place, services)
        supervisor.run(tell_story=story, began_at_s=began_at_s)
        say("\nstopping (again Ctrl-C: at once)")
    except KeyboardInterrupt:
        say("\nstopping")
    finally:
        runtime.withdraw(place)
        (supervisor or services).stop()
    say("stopped; nothing of this copy runs any more")


def _sandbox(place: Path) -> dict[str, str]:
    """What points us at stand-ins of Stripe, PayPal, VIES, BNR, ECB, ANAF; nothing for that of which a real key or an address is given.

    A database for live events never plays: what a stand-in says would be booked as real money.
    """
    played: dict[str, str] = {}
    if os.environ.get("BURSAR_MODE") == "live":
        return played
    if not is_given("BURSAR_STRIPE_API_KEY") and not is_given("BURSAR_STRIPE_API_BASE"):
        played |= environment(remembered(place, "sandbox"))
    if not any(is_given(f"BURSAR_PAYPAL_{name}") for name in _PAYPAL_GIVEN):
        played |= paypal_environment(remembered(place, "sandbox-paypal"), place)
    if not is_given("BURSAR_VIES_API_BASE"):
        played |= vies_environment(remembered(place, "sandbox-vies"))
    if not is_given("BURSAR_FX_API_BASE"):
        played |= fx_environment(remembered(place, "sandbox-fx"))
    if not any(is_given(f"BURSAR_ANAF_{name}") for name in ("API_BASE", "CLIENT_ID", "CLIENT_SECRET")):
        played |= anaf_environment(remembered(place, "sandbox-anaf"))
    return played


def _mails(place: Path) -> dict[str, str]:
    """What points us at a mail server that keeps what it gets; nothing where one is named. Live mails are never kept back."""
    if os.environ.get("BURSAR_MODE") == "live" or is_given("BURSAR_SMTP_URL") or not can_catch():
        return {}
    return mail_environment(remembered(place, "mails"))


def _adopt_environment(place: Path, services: EmbeddedPair, played: dict[str, str]) -> dict[str, str]:
    """Set what is not set, for us and all children; what other commands need to reach this copy."""
    ports: Ports = services.ports
    chosen = {
        "BURSAR_HOME": str(place), "BURSAR_RECEIVER_PORT": str(ports.receiver), "BURSAR_FLOWER_PORT": str(ports.flower),
        "BURSAR_METRICS_PORT": str(ports.metrics), **services.environment(), **missing_secrets(place), **played,
    }
    os.environ.update(chosen)
    given = {name: value for name, value in os.environ.items() if name.startswith("BURSAR_")}
    return given | chosen


def _command() -> str:
    """How a person calls us: by the shortest path from here."""
    beside = Path(sys.executable).with_name("bursar")
    if not beside.exists():
        return "bursar"
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)


def _logs(place: Path) -> Path:
    folder = place / "logs"
    folder.mkdir(exist_ok=True, mode=0o700)
    for log in folder.glob("*.log"):
        if log.stat().st_size > _OLD_LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))
    return folder


def _print_places(place: Path, services: EmbeddedPair) -> None:
    ports = services.ports
    database = f"127.0.0.1:{ports.postgres}, password in {place / 'postgres.password'}"
    broker = f"127.0.0.1:{ports.redis}, password in {place / 'redis.password'}"
    key = place / APP_KEY_FILE
    kept = key.exists() and key.read_text(encoding="utf-8").strip() == os.environ.get("BURSAR_APP_KEYS")
    app = f"app {APP}, key in {key}" if kept else "apps and keys by BURSAR_APP_KEYS"
    lines = {
        "receiver": f"http://127.0.0.1:{ports.receiver}/webhooks/stripe (paypal, zoom); /healthz, /readyz",
        "commands": f"http://127.0.0.1:{ports.receiver}/commands, {app}; or SQL: bursar_api.submit(...)",
        "flower": f"http://127.0.0.1:{ports.flower}/, user bursar, password in {place / 'flower.password'}",
        "metrics": f"http://127.0.0.1:{ports.metrics}/metrics",
        "PostgreSQL": database if services.database else "yours, by BURSAR_DATABASE_URL",
        "Redis" if services.broker else "broker": broker if services.broker else "yours, by BURSAR_BROKER_URL",
        "logs": str(services.logs),
        "look around": f"{shlex.quote(_command())} --home {shlex.quote(str(place))} inbox ls",
        "stop": "Ctrl-C",
    }
    for name, text in lines.items():
        say(f"  {name:<12} {text}")
