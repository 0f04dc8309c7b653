"""Every setting of Bursar, in one class: unit, default and its reason, and the trap.

Each is read from the environment as `BURSAR_<NAME>`, or from a file named by `BURSAR_<NAME>_FILE` (a mounted secret).
docs/configuration.md is generated from this class.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

QUEUES = ("payments", "payouts", "notifications", "maintenance")
"""The four queues. A queue is a folder under `tasks/`."""

_PREFIX = "BURSAR_"


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


SecretList = Annotated[list[SecretStr], NoDecode, BeforeValidator(_split)]
TextList = Annotated[list[str], NoDecode, BeforeValidator(_split)]
SecondsList = Annotated[list[float], NoDecode, BeforeValidator(_split)]


class _Section(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_file=None, extra="ignore", frozen=True)


class Places(_Section):
    """Where things are."""

    home: Path = Field(
        Path(".bursar"),
        description="Folder of the embedded services' data, passwords and logs. "
        "Trap: a copy of the project with the same home shares its data.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="PostgreSQL 15 to 18 as a libpq URL "
        "(`postgresql://user:password@host/db`). Empty: `dev.py up` starts the embedded one. A set value always wins.",
    )
    recv_database_url: SecretStr = Field(
        SecretStr(""),
        description="The receiver's own login, which may only insert. "
        "Empty: `database_url` with the role `bursar_recv` taken on at connect.",
    )
    broker_url: SecretStr = Field(
        SecretStr(""),
        description="Celery broker (`redis://`, `rediss://`, `amqp://` or `amqps://`; `docs/rabbitmq.md` says what differs). "
        "Empty: embedded Redis. Trap: share no Redis database and no RabbitMQ virtual host with another Celery app "
        "(of one Redis, the shortest visibility time-out wins).",
    )
    receiver_host: str = Field(
        "127.0.0.1",
        description="Address that the receiver listens on. Loopback, because TLS and idle "
        "connections are the reverse proxy's work.",
    )
    receiver_port: int = Field(8000, ge=1, le=65535, description="Port of the receiver.")
    flower_host: str = Field(
        "127.0.0.1",
        description="Address that Flower listens on. Loopback, because it speaks no TLS; "
        "in a container 0.0.0.0, on a network that only the reverse proxy is in.",
    )
    flower_port: int = Field(5555, ge=1, le=65535, description="Port of Flower, which is read-only.")
    flower_basic_auth: SecretStr = Field(
        SecretStr(""),
        description="Flower's login as `user:password`. Empty: user `bursar`, "
        "password made once and kept in the file `flower.password` in `home`.",
    )
    metrics_port: int = Field(
        9464,
        ge=1,
        le=65535,
        description="Port of the Prometheus metrics that the standby serves, on the receiver's host.",
    )


class Door(_Section):
    """What the receiver lets in, and how long it waits."""

    mode: Literal["live", "test"] = Field(
        "test",
        description="One mode per database. An event of the other mode is stored as ignored and alerted, never processed.",
    )
    sources: TextList = Field(
        ["stripe", "paypal", "zoom"],
        description="Sources whose door is open. Each refuses to start without its secret.",
    )
    stripe_webhook_secrets: SecretList = Field(
        [],
        description="Signing secrets (`whsec_...`) of all Stripe endpoints, comma separated; "
        "during a rotation the old and the new one. A Connect endpoint has a secret of its own.",
    )
    stripe_tolerance_s: int = Field(
        180,
        ge=1,
        description="Seconds that a Stripe timestamp may lie in the past or the future. "
        "180, not the 300 of Stripe's libraries: a recorded delivery is of less use. Not checked again on replay.",
    )
    paypal_webhook_id: str = Field(
        "", description="Id of the PayPal webhook, part of what PayPal signs. Several, comma separated, during a move."
    )
    paypal_environment: Literal["live", "sandbox"] = Field(
        "sandbox", description="Which PayPal may post: binds the certificate's host and name."
    )
    paypal_trust_anchors: Path | None = Field(
        None,
        description="PEM file of extra root or intermediate certificates for PayPal's chain. "
        "Trap: PayPal serves the leaf only, so the intermediate must be in here or in the system's store.",
    )
    paypal_max_age_s: int = Field(
        4 * 86400,
        ge=60,
        description="Oldest transmission time accepted, in seconds: PayPal repeats for 3 days with the "
        "first time and id, a day is added for clocks and outages.",
    )
    zoom_webhook_secrets: SecretList = Field(
        [], description="Secret tokens of the Zoom app, comma separated during a rotation."
    )
    zoom_tolerance_s: int = Field(
        180, ge=1, description="Seconds that a Zoom timestamp may lie in the past or the future."
    )
    app_keys: SecretList = Field(
        [],
        description="Keys of the main app's commands by HTTP and Celery as `name:secret`, comma separated; two for one "
        "name during a rotation; a secret has 32 characters or more. Empty: those doors are shut, SQL's stays open.",
    )
    app_tolerance_s: int = Field(
        300, ge=1, description="Seconds that a command's HTTP timestamp may lie in the past or the future."
    )
    max_body_bytes: int = Field(
        1024 * 1024, ge=1024, description="Largest accepted body; more is answered 413 while it streams in."
    )
    body_timeout_s: float = Field(
        5.0, gt=0, description="Seconds for head and body together to arrive; later is answered 408."
    )
    max_head_bytes: int = Field(
        32 * 1024, ge=1024, description="Largest request line and headers together; more is answered 431."
    )
    store_queue_size: int = Field(
        5000, ge=1, description="Requests that may wait for the database. Beyond it: 503 with Retry-After at once."
    )
    store_batch_size: int = Field(
        64, ge=1, le=1000, description="Most rows in one insert. A batch is never held back to fill it."
    )
    store_timeout_s: float = Field(
        2.5,
        gt=0,
        description="Seconds a request waits for its commit before it is answered 503 (the provider repeats it).",
    )
    fair_rate_per_s: float = Field(
        50.0,
        gt=0,
        description="Events a second that one lane may send before its later ones stand behind other lanes'.",
    )


class Machine(_Section):
    """Claims, retries, sweeps, and how long things are kept."""

    retry_ladder_s: SecondsList = Field(
        [300, 900, 3600, 7200, 21600],
        description="Seconds until each retry of a failed handler (INBOX-4: 5 m, 15 m, 1 h, "
        "2 h, 6 h); after the last one the row is dead.",
    )
    retry_jitter: float = Field(
        0.1,
        ge=0,
        le=0.5,
        description="Share by which each of those waits is spread, either way, so that an outage's rows do not come back at once.",
    )
    lease_s: float = Field(
        30.0,
        gt=0,
        description="Seconds that a claim holds without its worker's transaction. Must exceed the hard task limit.",
    )
    task_soft_limit_s: float = Field(20.0, gt=0, description="Seconds until a task is told to stop (SoftTimeLimitExceeded).")
    task_hard_limit_s: float = Field(
        25.0, gt=0, description="Seconds until a task's process is killed; counted as a crash of its rows."
    )
    max_crashes: int = Field(3, ge=1, description="Crashes of a row claimed alone until it is dead.")
    batch_size: int = Field(50, ge=1, le=500, description="Most events in one unit of work.")
    sweep_interval_s: float = Field(1.0, gt=0, description="Seconds between the standby's sweeps.")
    hint_grace_s: float = Field(2.0, ge=0, description="Age at which an unclaimed row is hinted again by the sweep.")
    takeover_s: float = Field(
        8.0,
        gt=0,
        description="Seconds of late rows and silent workers after which the standby works a queue itself. "
        "With the hint's grace it bounds what a half-open broker connection costs.",
    )
    workers_per_queue: int = Field(
        2, ge=1, description="Processes of each queue's worker group; also bounds the sweep's drain hints (twice this)."
    )
    beat_silence_s: float = Field(
        30.0, gt=0, description="Seconds without a beat tick after which the standby ticks the schedules itself."
    )
    payload_retention_days: int = Field(
        400,
        ge=1,
        description="Days that payloads of final rows are kept (disputes reach back 120 to 540 days). "
        "Rows that are not final keep theirs for ever.",
    )
    outbox_retention_days: int = Field(
        450,
        ge=1,
        description="Days that mails and look-ups which were made are kept; at least a month more than payloads, because their "
        "keys are what keeps a replayed event from mailing twice. Calls that may have moved money stay for ever.",
    )
    slot_retention_days: int = Field(
        90,
        ge=1,
        description="Days that results of scheduled runs are kept: the audit's noted heads are among them. "
        "Failed ones stay; the sweep's, one each 10 s, go after 7 days.",
    )


class Proof(_Section):
    """What proves what happened."""

    audit_keys: SecretList = Field(
        [],
        description="Keys of the audit rows' MACs as `id:secret`, the writing one first; keep old ones to verify old rows.",
    )
    reveal_payloads: bool = Field(
        False, description="Lets the command line show payload fields unredacted. Each such look is audited."
    )


class Operator(_Section):
    """Who works at the command line."""

    role: Literal["viewer", "operator", "finance", "admin"] = Field(
        "operator",
        description="What the person at the command line may do (SEC-13). Guards against mistakes, not against somebody "
        "who holds the database's password.",
    )
    actor: str = Field("", description="The person's name for the audit. Empty: the operating system's login.")


class Outside(_Section):
    """Mail, Sentry, and the providers' APIs."""

    operator_emails: TextList = Field(
        [],
        description="Addresses that get alerts of dead letters, conflicts and events of the other mode. Empty: log and metrics only.",
    )
    mail_from: str = Field("Bursar <bursar@localhost>", description="Sender of all mail.")
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="`smtp://user:password@host:587` (STARTTLS when offered) or `smtps://`. "
        "Empty: mails wait in the outbox and `doctor` warns.",
    )
    smtp_timeout_s: float = Field(
        15.0, gt=0, description="Seconds that the mail server may be silent; a whole mail gets twice `lease_s`."
    )
    sentry_dsn: SecretStr = Field(SecretStr(""), description="Sentry project. Empty: silent.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    stripe_api_key: SecretStr = Field(
        SecretStr(""),
        description="Key for look-ups at Stripe. Empty: look-ups wait in the outbox with an error that says so.",
    )
    stripe_api_base: str = Field("https://api.stripe.com", description="Stripe's API. A stand-in's address in tests.")
    paypal_client_id: str = Field("", description="Client id for look-ups at PayPal.")
    paypal_client_secret: SecretStr = Field(SecretStr(""), description="Client secret for look-ups at PayPal.")
    paypal_api_base: str = Field("", description="PayPal's API; empty: that of `paypal_environment`.")


class Settings(Outside, Operator, Proof, Machine, Door, Places):
    """One object, made once at start (`load`); a process that changes its environment later changes nothing."""


def load(**overrides: Any) -> Settings:
    """Read the settings from the environment and from `BURSAR_<NAME>_FILE` files.

    Raises:
        pydantic.ValidationError: a value does not fit; the message names the setting.
        OSError: a named secret file cannot be read.
    """
    from_files: dict[str, Any] = {}
    for name in Settings.model_fields:
        path = os.environ.get(f"{_PREFIX}{name.upper()}_FILE")
        if path:
            from_files[name] = Path(path).read_text(encoding="utf-8").strip()
    return Settings(**(from_files | overrides))


@cache
def current() -> Settings:
    """The settings of this process, read once."""
    return load()
