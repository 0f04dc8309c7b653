"""Flower's own HTTP API, as an operator's script would read it."""

from __future__ import annotations

from typing import Any

import requests

from tests.harness.waiting import wait_until

Task = dict[str, Any]


class FlowerApi:
    """A running Flower, read with its login."""

    def __init__(self, port: int, login: str) -> None:
        self.base = f"http://127.0.0.1:{port}"
        user, _, password = login.partition(":")
        self.login = (user, password)

    def get(self, path: str) -> Any:
        """The answer's JSON; None while nobody listens or it is too busy."""
        try:
            answer = requests.get(self.base + path, auth=self.login, timeout=30)
        except (requests.ConnectionError, requests.Timeout):
            return None
        answer.raise_for_status()
        return answer.json()

    def alive(self) -> list[str]:
        """The workers whose events Flower hears."""
        return [name for name, here in (self.get("/api/workers?status=1") or {}).items() if here]

    def workers(self) -> dict[str, Any]:
        """Name of each worker that answers when Flower asks it -> its answers; takes a second."""
        known = self.get("/api/workers?refresh=1") or {}
        return {name: worker for name, worker in known.items() if worker.get("active_queues")}

    def tasks(self) -> list[Task]:
        """All tasks that Flower saw, without the probes that find an empty queue."""
        return list((self.get("/api/tasks?limit=1000") or {}).values())

    def wait_task(self, name: str, state: str) -> Task:
        """The task of that name and state, once Flower has it."""
        found: list[Task] = wait_until(
            lambda: [task for task in self.tasks() if (task["name"], task["state"]) == (name, state)],
            what=f"{name} as {state} in Flower",
            interval_s=0.1,
        )
        return found[-1]
