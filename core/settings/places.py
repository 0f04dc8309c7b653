"""Settings: where things are."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from core.settings.section import Section


class Places(Section):
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
