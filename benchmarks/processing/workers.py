"""Contestants that run as they do in production: real Celery workers, started as processes, fed by messages."""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from benchmarks.cpu import tree_us
from benchmarks.ground import Ground
from benchmarks.processing import tutorial
from benchmarks.processing.waiting import await_empty
from tests.harness.cluster import Database
from tests.harness.processes import Running
from workers.app import producer_app


def product(ground: Ground, database: Database, begin: Callable[[], None], go: Callable[[], None]) -> int:
    """The payments group with 2 processes; one drain hint for each. Returns the workers' microseconds."""
    worker = ground.processes.python(
        "-m", "tests.harness.probe_process", "worker", "payments", settings=ground.settings(database)
    )
    app = producer_app(database.broker_url)

    def hint() -> None:
        for _ in range(2):
            app.send_task("tasks.payments.run", queue="payments", kwargs={"ids": None})

    try:
        hint()
        await_empty(database)
        begin()
        before = tree_us(worker.pid)
        go()
        hint()
        await_empty(database)
        return tree_us(worker.pid) - before
    finally:
        worker.kill()


def one_message_each(
    ground: Ground, database: Database, task: str, begin: Callable[[], None], go: Callable[[], None]
) -> int:
    """A task of tutorial.py by Celery with default settings and 2 processes; all messages wait in the broker at the start."""
    env = {"TUTORIAL_DATABASE": database.url, "TUTORIAL_BROKER": database.broker_url}
    worker = ground.processes.python(
        "-m", "celery", "-A", "benchmarks.processing.tutorial", "--quiet", "worker", "-c", "2", "-l", "WARNING", env=env
    )
    app = Celery("publisher", broker=database.broker_url, set_as_current=False)
    try:
        _publish(app, database, task)
        await_empty(database)
        _consume(app, worker, "cancel_consumer")
        begin()
        _publish(app, database, task)
        before = tree_us(worker.pid)
        go()
        _consume(app, worker, "add_consumer")
        await_empty(database)
        return tree_us(worker.pid) - before
    finally:
        worker.kill()


def _consume(app: Celery, worker: Running, what: str) -> None:
    assert worker.alive()
    assert getattr(app.control, what)("celery", reply=True, timeout=5), "the worker does not answer"


def _publish(app: Celery, database: Database, task: str) -> None:
    with database.connect() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM bursar.inbox WHERE state = 'received' ORDER BY fair_at")]
    for row_id in ids:
        app.send_task(task, args=[row_id])
    if task == tutorial.nothing.name:
        app.send_task(tutorial.finish.name)
