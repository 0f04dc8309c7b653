"""A Bursar in memory for the app's own tests: same keys, same refusals, nothing to start.

It carries nothing out: what a command comes to is told by the test (`succeed`, `reject`, `fail`). That it behaves as the
real one does is checked by running one set of tests against both.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bursar_client.bursar import Bursar, Envelope
from bursar_client.commands import NAMES
from bursar_client.errors import IdempotencyConflict, InvalidCommand, Unavailable, UnknownCommand
from bursar_client.status import Status

_NAME = re.compile(r"billing\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*")
_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,255}")
_MOST_PAYLOAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A command that the app submitted, as Bursar would have stored it."""

    name: str
    payload: Mapping[str, Any]
    key: str
    lane: str
    actor: str


@dataclass
class FakeBursar(Bursar):
    """Use it where the app uses a Bursar."""

    known: frozenset[str] = NAMES
    """Names of commands that it knows."""
    down: bool = False
    """While it is True every call raises `Unavailable`, and nothing is stored."""
    submitted: list[Submitted] = field(default_factory=list)
    """What was submitted, once for each key, in order."""
    _states: dict[str, Status] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def status(self, key: str) -> Status | None:
        """As `Bursar.status`."""
        self._reach()
        with self._lock:
            return self._states.get(key)

    def succeed(self, key: str, result: Any = None, outcome: Mapping[str, Any] | None = None) -> None:
        """Let the command with that key have been carried out, and what it asked a provider for have come to `outcome`."""
        self._settle(key, state="succeeded", result=result, outcome=outcome)

    def reject(self, key: str, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        """Let it have been refused for a business reason."""
        self._settle(key, state="rejected", code=code, message=message, details=dict(details or {}))

    def fail(self, key: str, code: str = "failed", message: str = "it failed after all retries") -> None:
        """Let it have been given up."""
        self._settle(key, state="failed", code=code, message=message)

    def of(self, name: str) -> list[Submitted]:
        """What was submitted under that name."""
        return [one for one in self.submitted if one.name == name]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """The app's transaction: if the block raises, what was submitted in it never was."""
        with self._lock:
            before = list(self.submitted), dict(self._states)
        try:
            yield
        except BaseException:
            with self._lock:
                self.submitted[:], self._states = before
            raise

    def _submit(self, envelope: Envelope) -> Status:
        self._reach()
        submitted = self._read(envelope)
        with self._lock:
            found = self._states.get(envelope.key)
            if found is None:
                self.submitted.append(submitted)
                found = Status(
                    key=envelope.key, name=envelope.name, state="accepted", new=False, submitted_at=datetime.now(UTC)
                )
                self._states[envelope.key] = replace(found, new=None)
                return replace(found, new=True)
            first = next(one for one in self.submitted if one.key == envelope.key)
        if _canonical(first) != _canonical(submitted):
            raise IdempotencyConflict(f"key {envelope.key} belongs to another command")
        return replace(found, new=False)

    def _read(self, envelope: Envelope) -> Submitted:
        payload = json.loads(envelope.payload)
        if not _NAME.fullmatch(envelope.name):
            raise InvalidCommand(f"{envelope.name} is no name of a command: billing.<domain>.<verb>.v<N>")
        if envelope.name not in self.known:
            raise UnknownCommand(f"{envelope.name} is not known here")
        if len(envelope.payload.encode()) > _MOST_PAYLOAD_BYTES or "\\u0000" in envelope.payload:
            raise InvalidCommand("the payload is larger than 64 KiB, or has a NUL")
        customer = payload.get("customer_ref")
        lane = envelope.lane
        if lane is None:
            lane = customer if isinstance(customer, str) and customer else envelope.key
        actor = "app" if envelope.actor is None else envelope.actor
        if not (_LINE.fullmatch(lane) and _LINE.fullmatch(actor)):
            raise InvalidCommand("lane (or customer_ref) and actor must be 1 to 255 characters in one line")
        return Submitted(name=envelope.name, payload=payload, key=envelope.key, lane=lane, actor=actor)

    def _settle(self, key: str, **changes: Any) -> None:
        with self._lock:
            found = self._states.get(key)
            if found is None:
                raise LookupError(f"no command was submitted with the key {key}; there are {sorted(self._states)}")
            self._states[key] = replace(found, attempts=found.attempts + 1, finished_at=datetime.now(UTC), **changes)

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the fake is down")


def _canonical(submitted: Submitted) -> str:
    """What two commands are compared by; as PostgreSQL's jsonb, the order of names does not matter."""
    told = {"name": submitted.name, "payload": submitted.payload, "lane": submitted.lane, "actor": submitted.actor}
    return json.dumps(told, sort_keys=True)
