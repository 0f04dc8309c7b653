"""What every way to Bursar can do: submit, ask, wait."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bursar_client.command import Command, RawCommand, to_json
from bursar_client.errors import InvalidCommand, NotFinished, Unavailable
from bursar_client.keys import is_key
from bursar_client.status import Status

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A command, ready to be sent."""

    name: str
    queue: str
    payload: str
    """JSON text."""
    key: str
    lane: str | None
    actor: str | None

    def body(self, *, named: bool) -> str:
        """The JSON text that HTTP (`named`) and Celery carry."""
        told: dict[str, Any] = {"name": self.name} if named else {}
        told |= {"key": self.key, "lane": self.lane, "actor": self.actor}
        head = to_json({name: value for name, value in told.items() if value is not None})
        return f'{head[:-1]},"payload":{self.payload}}}'


class Bursar(ABC):
    """A way to Bursar. Safe to use from several threads, unless what it was given is not (a database connection)."""

    def submit(
        self, command: Command | RawCommand, *, key: str, lane: str | None = None, actor: str | None = None
    ) -> Status:
        """Hand over a command. The same key with the same command again gives the first one's state and changes nothing.

        Args:
            command: what to do.
            key: the intention's own key, the same for each attempt; see `key_for`.
            lane: commands of one lane run one after the other in the order of their acceptance; by default the payload's
                `customer_ref`, else the key (so that it waits for no other).
            actor: who wants it, for the audit: `user:17`, say. By default `app`.

        Raises:
            InvalidCommand, UnknownCommand, IdempotencyConflict, Unauthorized: refused; nothing was stored.
            Unavailable: not known to be stored; submit again with the same key.
        """
        if not is_key(key):
            raise InvalidCommand("the key is not 1 to 255 visible ASCII characters; bursar_client.key_for makes one that is")
        try:
            payload = to_json(command.payload())
        except (TypeError, ValueError) as error:
            raise InvalidCommand(f"the payload of {command.name} is no JSON: {error}") from error
        envelope = Envelope(
            name=command.name, queue=command.queue, payload=payload, key=key, lane=lane, actor=actor
        )
        return self._submit(envelope)

    @abstractmethod
    def status(self, key: str) -> Status | None:
        """The state of the command with that key; None when there is none.

        Raises:
            Unauthorized, Unavailable: nobody could be asked.
        """

    def wait(self, key: str, timeout_s: float = 30.0, *, until: Callable[[Status], bool] | None = None) -> Status:
        """The state of that command once it is final. A command that is not there yet is waited for too.

        `until` says what to wait for instead: `lambda it: it.settled` for what the provider makes of it,
        `lambda it: it.url is not None or it.settled` for the address of a checkout. A command that was refused or given up
        is not waited for any longer in any case.

        Raises:
            NotFinished: not within `timeout_s` seconds. It runs all the same. Where it was submitted inside a transaction
                that is still open, commit first: nobody else sees it before.
            Unauthorized, StatusUnknown: nobody could be asked.
        """
        deadline_s, pause_s, last = time.monotonic() + timeout_s, _FIRST_PAUSE_S, "not there"
        while True:
            try:
                found = self.status(key)
            except Unavailable as error:
                last = str(error)
            else:
                if found is not None and found.finished and (found.state != "succeeded" or until is None or until(found)):
                    return found
                last = found.state if found else "not there"
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise NotFinished(f"command {key} is not final after {timeout_s:g} s: {last}")
            time.sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    @abstractmethod
    def _submit(self, envelope: Envelope) -> Status:
        """Send it."""
