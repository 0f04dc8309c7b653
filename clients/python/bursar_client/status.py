"""A command's state as Bursar tells it, the same for all ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bursar_client.errors import CommandFailed, CommandRejected

FINAL = frozenset({"succeeded", "rejected", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One command's state.

    `state`: `sent` (handed to a broker, not known to be stored), `accepted` (stored, or waiting for its turn), `running`,
    `retrying` (failed, will be tried at `next_try_at`), `succeeded`, `rejected` (a business refusal: `code`, `message`,
    `details`; final, without effect), `failed` (given up; Bursar's operators look at it and may run it again).
    """

    key: str
    name: str
    state: str
    new: bool | None = None
    """Whether this very `submit` brought it; None where that was not asked or cannot be known."""
    code: str | None = None
    message: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    attempts: int = 0
    submitted_at: datetime | None = None
    next_try_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: Mapping[str, Any] | None = None
    """How what the command asked for stands at the provider: `request_type`, `reference`, `status`, `object_ref`, `url`,
    `failure_code`, `failure_message`, `decline_code`, `settled`. None: it asked a provider for nothing, or only `submit` was
    called."""

    @property
    def url(self) -> str | None:
        """Where to send the payer or payee, if anywhere."""
        return (self.outcome or {}).get("url")

    @property
    def settled(self) -> bool:
        """Whether nothing more happens by itself, at the provider neither."""
        return self.finished and (self.outcome is None or bool(self.outcome.get("settled")))

    @property
    def finished(self) -> bool:
        """Whether it will not change by itself any more."""
        return self.state in FINAL

    def require(self) -> Any:
        """The result of a command that succeeded.

        Raises:
            CommandRejected: it was refused for a business reason.
            CommandFailed: it was given up.
            ValueError: it is not finished; `Bursar.wait` waits for that.
        """
        if self.state == "succeeded":
            return self.result
        kind = {"rejected": CommandRejected, "failed": CommandFailed}.get(self.state)
        if kind is None:
            raise ValueError(f"command {self.key} is {self.state}: it has no result yet")
        raise kind(self.message or self.state, code=self.code, details=self.details)


def read_status(told: Mapping[str, Any]) -> Status:
    """A status object as any door tells it; fields that this client does not know are left out."""
    return Status(
        key=told["key"],
        name=told["name"],
        state=told["state"],
        new=told.get("new"),
        code=told.get("code"),
        message=told.get("message"),
        details=told.get("details") or {},
        result=told.get("result"),
        attempts=told.get("attempts") or 0,
        submitted_at=_instant(told.get("submitted_at")),
        next_try_at=_instant(told.get("next_try_at")),
        finished_at=_instant(told.get("finished_at")),
        outcome=told.get("outcome"),
    )


def _instant(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
