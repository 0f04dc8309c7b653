"""Redis or RabbitMQ: what differs between them is decided here, by the scheme of BURSAR_BROKER_URL and nothing else.

Each value was tried on brokers that were stopped, killed, blocked or half open; docs/decisions/0003 (Redis) and 0081
(RabbitMQ) say what happens without it.
"""

from __future__ import annotations

from typing import Any

from kombu.connection import Connection
from kombu.entity import Queue

from core.settings import QUEUES

_RABBITMQ = ("amqp://", "amqps://", "pyamqp://")

_REDIS_WORKER: dict[str, Any] = {
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 5,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "max_connections": 20,
}
_REDIS_PRODUCER: dict[str, Any] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "max_retries": 0}

_RABBITMQ_WORKER: dict[str, Any] = {"read_timeout": 5, "write_timeout": 5}
# Without confirms a publish into a blocked or stopped RabbitMQ succeeds for minutes, until the kernel's buffer is full.
_RABBITMQ_PRODUCER: dict[str, Any] = {"read_timeout": 0.5, "write_timeout": 0.5, "confirm_publish": True, "max_retries": 0}
_CONFIRM_S = 1.0
_HEARTBEAT_S = 10
_NOT_FOUND = 404


def is_rabbitmq(broker_url: str) -> bool:
    """Whether the URL names a RabbitMQ; all others are treated as Redis."""
    return broker_url.startswith(_RABBITMQ)


def queues(broker_url: str) -> list[Queue]:
    """The four queues and their twins for calls to the outside."""
    # Celery sees the argument and leaves RabbitMQ's global prefetch off, which quorum queues refuse.
    arguments = {"x-queue-type": "quorum"} if is_rabbitmq(broker_url) else None
    names = [name for queue in QUEUES for name in (queue, f"{queue}.calls")]
    return [Queue(name, queue_arguments=arguments) for name in names]  # type: ignore[no-untyped-call]


def worker_settings(broker_url: str) -> dict[str, Any]:
    """Celery settings of the workers: a broker that hangs is noticed within seconds."""
    if is_rabbitmq(broker_url):
        return {"broker_transport_options": _RABBITMQ_WORKER, "broker_heartbeat": _HEARTBEAT_S}
    return {"broker_transport_options": _REDIS_WORKER}


def producer_settings(broker_url: str) -> dict[str, Any]:
    """Celery settings of what only publishes: half a second to connect, none to retry."""
    return {"broker_transport_options": _RABBITMQ_PRODUCER if is_rabbitmq(broker_url) else _REDIS_PRODUCER}


def publish_options(broker_url: str) -> dict[str, Any]:
    """What `send_task` gets with each message.

    To RabbitMQ nothing is declared: queues are the workers' to make, so that who publishes needs no other right.
    """
    return {"timeout": 0.5, "confirm_timeout": _CONFIRM_S, "declare": []} if is_rabbitmq(broker_url) else {}


def depth(connection: Connection, queue: str) -> int:
    """Messages that wait in the queue; 0 when there is no such queue yet.

    Raises:
        Exception: one of the transport's own classes, when the broker cannot say.
    """
    usual: Any = connection.default_channel  # connects, also where an earlier error closed the connection
    if connection.transport.driver_type != "amqp":
        return int(usual.client.llen(queue))
    with connection.channel() as channel:  # type: ignore[no-untyped-call]  # its own: a queue that is not there closes it
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except connection.channel_errors as error:
            if getattr(error, "reply_code", None) == _NOT_FOUND:
                return 0
            raise


def version(connection: Connection) -> str:
    """Who answers at the other end, for instance `RabbitMQ 3.10.8`; asks for an answer where connecting is none.

    Raises:
        Exception: one of the transport's own classes, when nobody answers.
    """
    with connection.channel() as channel:  # type: ignore[no-untyped-call]
        if connection.transport.driver_type == "amqp":
            said = connection.connection.server_properties
            return f"{said.get('product')} {said.get('version')}"
        return f"Redis {channel.client.info('server').get('redis_version')}"
