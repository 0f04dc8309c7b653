"""Checks of what lies around the database: secrets, mail, disk, broker."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from cli.checks.finding import Finding, fail, ok, warn
from core.crypto import KeyRing
from core.settings import Settings
from providers.mail.self_check import problems, report_problems, stays_here
from workers.broker import version

_BROKER_TIMEOUT_S = 3
_LITTLE_SHARE, _TOO_LITTLE_SHARE = 0.15, 0.05
_LITTLE_BYTES, _TOO_LITTLE_BYTES = 2 * 2**30, 200 * 2**20
_SECRETS = {
    "stripe": ("stripe_webhook_secrets", "BURSAR_STRIPE_WEBHOOK_SECRETS"),
    "zoom": ("zoom_webhook_secrets", "BURSAR_ZOOM_WEBHOOK_SECRETS"),
    "paypal": ("paypal_webhook_id", "BURSAR_PAYPAL_WEBHOOK_ID"),
}


def secrets(settings: Settings) -> Iterator[Finding]:
    """Each open source has what it verifies with; the audit has a key."""
    for source in settings.sources:
        field, name = _SECRETS.get(source, ("", ""))
        if not field:
            yield ok(f"source {source}", "a further source; its own door checks its secret")
        elif getattr(settings, field):
            yield ok(f"source {source}", f"{name} is set, mode {settings.mode}")
        else:
            yield fail(
                f"source {source}",
                f"its door cannot open: {name} is not set",
                f"set {name}, or take {source} out of BURSAR_SOURCES",
            )
    try:
        ring = KeyRing.from_settings(settings)
        yield ok("audit keys", f"writing with {ring.writing}")
    except ValueError as error:
        yield fail(
            "audit keys",
            str(error),
            "set BURSAR_AUDIT_KEYS as `id:secret` with a secret of 16 characters or more; keep old ones behind it",
        )


def mail(settings: Settings) -> Iterator[Finding]:
    """Alerts reach somebody."""
    if settings.operator_emails:
        yield ok("operators", f"{len(settings.operator_emails)} mail address(es) get alerts")
    else:
        yield warn(
            "operators",
            "nobody is told of dead events: BURSAR_OPERATOR_EMAILS is empty",
            "set it; until then alerts are in the log and in the metrics only",
        )
    if settings.smtp_url.get_secret_value():
        wrong = problems(settings, talk=True)
        if not wrong:
            yield ok("smtp", "the mail server greets and takes the login")
        for text in wrong:
            yield fail("smtp", text, "mails wait in the outbox until this is mended")
        yield from _bounces(settings)
    else:
        yield warn(
            "smtp", "no mail goes out: BURSAR_SMTP_URL is not set", "set it; mails wait in the outbox until then"
        )


def _bounces(settings: Settings) -> Iterator[Finding]:
    """Somebody reads what comes back."""
    wrong = report_problems(settings, talk=True)
    if not settings.mail_reports_url.get_secret_value():
        if not stays_here(settings):
            yield warn(
                "bounces",
                "nobody reads bounces and complaints: BURSAR_MAIL_REPORTS_URL is not set",
                "name the mailbox of BURSAR_MAIL_BOUNCES_TO; dead addresses get mail again and again, which spoils the domain's name",
            )
    elif not wrong:
        yield ok("bounces", "the mailbox for bounces opens")
    for text in wrong:
        yield fail("bounces", text, "bounces wait in their mailbox until this is mended; addresses that bounced still get mail")


def disk(settings: Settings) -> Iterator[Finding]:
    """The home's disk has room. (An external database's disk cannot be seen from here.)"""
    place = settings.home.absolute()
    while not place.exists():
        place = place.parent
    yield _disk(place)


def _disk(place: Path) -> Finding:
    usage = shutil.disk_usage(place)
    said = f"{usage.free / 2**30:.1f} GiB of {usage.total / 2**30:.0f} GiB free at {place}"
    share = usage.free / usage.total
    if usage.free < _TOO_LITTLE_BYTES or (share < _TOO_LITTLE_SHARE and usage.free < _LITTLE_BYTES):
        return fail("disk", said, "make room now: a full disk stops the database, and with it the receiver")
    if usage.free < _LITTLE_BYTES or share < _LITTLE_SHARE:
        return warn("disk", said, "make room, or shorten BURSAR_PAYLOAD_RETENTION_DAYS")
    return ok("disk", said)


def broker(settings: Settings) -> Finding:
    """The broker answers. Without it nothing is lost: the standby does the work, slowly."""
    url = settings.broker_url.get_secret_value()
    if not url:
        return fail("broker", "BURSAR_BROKER_URL is not set", "set it, or `python3 dev.py up`, which brings a Redis")
    try:
        # By name: importing it makes the Celery app, which reads the settings that are being checked here.
        with importlib.import_module("workers.app").producer_app(url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=_BROKER_TIMEOUT_S)
            said = version(connection)
    except Exception as error:  # noqa: BLE001  # each transport raises classes of its own; all mean the same
        return fail(
            "broker",
            f"does not answer: {type(error).__name__} {str(error)[:200]}",
            "start it, or correct BURSAR_BROKER_URL; events are stored and the standby works meanwhile",
        )
    return ok("broker", f"{said} answers")
