"""The Celery app and its settings. Each was tried on broken brokers; docs/decisions/0003 says what happens without it.

JSON only, no results, no ETA, no priorities; a message is ids or just "drain this queue".
"""

from __future__ import annotations

from typing import Any

import structlog
from celery import Celery, Task
from celery.exceptions import TaskPredicate

from core.redaction import scrub
from core.settings import Settings, current
from workers import broker
from workers.observe.sentry import report

log = structlog.get_logger(__name__)


class SettledError(Exception):
    """What a task raises when its rows are settled, to be a failure in Flower. Its text is scrubbed already."""


class TaskBrokeError(Exception):
    """A task ended before its rows were settled (database gone, time limit, no memory): the sweep brings them back."""


class HintTask(Task):  # type: ignore[misc]  # celery has no types
    """The base of all tasks: what leaves it goes, with its traceback, to everybody who listens to the broker's events.

    So only scrubbed texts leave it; the whole error goes to the log and to Sentry. A MemoryError left alone would,
    besides, end the whole worker.
    """

    abstract = True
    # Said already: Celery need not log a traceback of these, nor its Sentry integration report them again.
    throws = (SettledError, TaskBrokeError)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task's function."""
        try:
            return super().__call__(*args, **kwargs)
        except (SettledError, TaskPredicate):
            raise
        except Exception as error:
            log.exception(
                "task_broke",
                task=self.name,
                error_class=type(error).__name__,
                effect="its rows come back by lease and sweep",
            )
            report(error, task=self.name)
            broke = TaskBrokeError(f"{type(error).__name__}: {scrub(str(error))[:500]}")
        # Outside of the handler, so that the error is no context of this one and not part of its traceback.
        raise broke


def _common(broker_url: str) -> dict[str, Any]:
    return {
        "broker_url": broker_url,
        "result_backend": None,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "event_serializer": "json",
        "task_create_missing_queues": False,
        "task_queues": broker.queues(broker_url),
        "task_default_queue": "maintenance",
        "timezone": "UTC",
        "enable_utc": True,
        "broker_connection_retry_on_startup": True,
    }


def worker_app(settings: Settings) -> Celery:
    """The workers' app."""
    broker_url = settings.broker_url.get_secret_value()
    app = Celery("bursar", task_cls=HintTask)
    app.conf.update(
        _common(broker_url),
        **broker.worker_settings(broker_url),
        broker_connection_max_retries=None,
        # Hints are acknowledged early: it is rows that are retried, never messages.
        task_acks_late=False,
        task_soft_time_limit=settings.task_soft_limit_s,
        task_time_limit=settings.task_hard_limit_s,
        worker_prefetch_multiplier=1,
        worker_eta_task_limit=100,
        worker_soft_shutdown_timeout=settings.task_hard_limit_s,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_max_tasks_per_child=1000,
        worker_max_memory_per_child=300_000,
        worker_hijack_root_logger=False,
        worker_send_task_events=True,
        task_send_sent_event=False,
        control_queue_ttl=300,
        control_queue_expires=300,
        worker_concurrency=settings.workers_per_queue,
        beat_scheduler="schedules.beat:SlotScheduler",
        beat_max_loop_interval=5,
        include=["workers.celery_tasks", "workers.celery_commands"],
        worker_consumer="workers.consumer:CommandConsumer",
    )
    return app


def producer_app(broker_url: str) -> Celery:
    """An app that only publishes and never hangs: half a second to connect, none to retry."""
    app = Celery("bursar-producer", set_as_current=False)
    app.conf.update(
        _common(broker_url),
        **broker.producer_settings(broker_url),
        task_publish_retry=False,
        broker_pool_limit=1,
        broker_pool_acquire_timeout=1,
        broker_connection_timeout=0.5,
    )
    return app


app = worker_app(current())
"""What `celery -A workers.app` finds."""
