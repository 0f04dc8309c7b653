"""Sentry, silent without a DSN, told by allow-list: what went wrong and where in our code, no event's data (SEC-6).

Only the integrations named here run: the default ones would send command lines, HTTP bodies, SQL and log lines.
"""

from __future__ import annotations

from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration
from sentry_sdk.scrubber import DEFAULT_DENYLIST, DEFAULT_PII_DENYLIST, EventScrubber
from sentry_sdk.types import Event, Hint

from core.redaction import scrub
from core.settings import Settings
from core.version import VERSION

_MAX_TEXT_CHARS = 500
_SENT = (
    "event_id",
    "timestamp",
    "platform",
    "level",
    "logger",
    "release",
    "environment",
    "server_name",
    "sdk",
    "tags",
    "fingerprint",
    "transaction",
    "exception",
    "logentry",
    "message",
)
"""What leaves; everything else of an event (request, user, extra, breadcrumbs, modules, ...) is dropped."""
_AS_THEY_ARE = ("event_id", "timestamp", "sdk", "fingerprint")
_DENIED = (
    "email",
    "iban",
    "card",
    "body",
    "payload",
    "signature",
    "headers",
    "dsn",
    "url",
    "name",
    "address",
    "phone",
    "kwargs",
    "args",
)


def configure(settings: Settings, process: str) -> None:
    """Start Sentry for this process when `sentry_dsn` is set; `process` is a tag on every event.

    Raises:
        sentry_sdk.utils.BadDsn: the DSN is no DSN.
    """
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        return
    sentry_sdk.init(
        dsn=dsn,
        release=f"bursar@{VERSION}",
        environment=settings.mode,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            AtexitIntegration(callback=_quietly),
            DedupeIntegration(),
            ExcepthookIntegration(),
            ThreadingIntegration(propagate_scope=False),
            CeleryIntegration(propagate_traces=False),
        ],
        send_default_pii=False,
        # The default sends every local variable of every frame: bodies, secrets, customers.
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        event_scrubber=EventScrubber(
            denylist=[*DEFAULT_DENYLIST, *_DENIED],
            pii_denylist=[*DEFAULT_PII_DENYLIST, *_DENIED],
            recursive=True,
            send_default_pii=False,
        ),
        before_send=only_what_is_allowed,
        auto_session_tracking=False,
        shutdown_timeout=2,
    )
    sentry_sdk.get_global_scope().set_tag("process", process)


def report(error: BaseException, *, fingerprint: str | None = None, **tags: str | int) -> None:
    """Tell Sentry of a handled error. `fingerprint` groups there what is one group of dead letters here."""
    with sentry_sdk.new_scope() as scope:
        for name, value in tags.items():
            scope.set_tag(name, str(value))
        if fingerprint:
            scope.fingerprint = [fingerprint]
        scope.capture_exception(error)


def only_what_is_allowed(event: Event, _hint: Hint) -> Event:
    """The event reduced to the allow-list, its texts scrubbed and cut."""
    kept: Any = {name: value for name, value in event.items() if name in _SENT}
    return {name: value if name in _AS_THEY_ARE else _clean(value) for name, value in kept.items()}  # type: ignore[return-value]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)[:_MAX_TEXT_CHARS]
    if isinstance(value, dict):
        return {name: _clean(part) for name, part in value.items() if name != "vars"}
    if isinstance(value, (list, tuple)):
        return [_clean(part) for part in value]
    return value


def _quietly(_pending: int, _timeout_s: float) -> None:
    """Say nothing on the terminal while the last events are sent."""
