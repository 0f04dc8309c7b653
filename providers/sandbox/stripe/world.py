"""All that the stand-in knows: objects, money, events, keys, its clock and what it really did."""

from __future__ import annotations

import secrets
import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from core.clock import Clock, SystemClock
from providers.sandbox.stripe.config import Config
from providers.sandbox.stripe.problems import Json, missing

API_VERSION = "2026-10-28.endive"
PLATFORM = "acct_sandboxplatform"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(slots=True)
class Table:
    """The objects of one kind in the order in which they were made."""

    rows: list[Json] = field(default_factory=list)
    place: dict[str, int] = field(default_factory=dict)
    owner: list[str | None] = field(default_factory=list)
    in_order: bool = True
    """Whether no row is older than one that was made before it; a clock may be turned back."""

    def __post_init__(self) -> None:
        self.in_order = all(_made(one) <= _made(other) for one, other in pairwise(self.rows))

    def since(self, created: int) -> int:
        """The place before which all rows are older."""
        return bisect_left(self.rows, created, key=_made) if self.in_order else 0

    def add(self, obj: Json, owner: str | None) -> Json:
        """Keep it; `owner` is the connected account, None the platform."""
        self.place[obj["id"]] = len(self.rows)
        self.in_order = self.in_order and (not self.rows or _made(self.rows[-1]) <= _made(obj))
        self.rows.append(obj)
        self.owner.append(owner)
        return obj


def _made(row: Json) -> int:
    """When; 0 for what has no time of its own."""
    return int(row.get("created", 0))


class World:
    """The state. Hold `lock` while reading or changing it."""

    def __init__(self, config: Config | None = None, *, clock: Clock | None = None, token: str | None = None) -> None:
        self.config = config or Config()
        self.lock = threading.RLock()
        self.tables: dict[str, Table] = {}
        self.hidden: dict[str, Json] = {}
        """What an object's owner at Stripe knows, and no answer shows: a method's behaviour, a payout's parts."""
        self.timers: dict[str, Json] = {}
        """Object -> when (`due`) something happens to it by itself, and what is needed for that."""
        self.payout_of: dict[str, str] = {}
        """Balance transaction -> the automatic payout that paid it out."""
        self.balances: dict[tuple[str | None, str], list[int]] = {}
        """(account, currency) -> [available, pending]."""
        self.pending: list[tuple[int, str]] = []
        """(available_on, balance transaction) of what is pending, a heap."""
        self.keys: dict[str, Json] = {}
        self.running: set[str] = set()
        self.effects: list[Json] = []
        self.taken = 0
        """How many events `take_events` has given out."""
        self.clock = clock or SystemClock()
        self.offset_s = 0
        self.frozen_at: int | None = None
        self.now_request: tuple[str | None, str | None] = (None, None)
        """(request id, idempotency key) of the call that runs."""
        self._count = 0
        self._token = token or secrets.token_hex(3).upper()
        self.wake = threading.Condition(self.lock)
        """Told when an event was added or the switches of deliveries change."""
        self.endpoints = 0
        """How many webhook endpoints there are."""

    def now(self) -> int:
        """Unix seconds on the sandbox's own clock."""
        if self.frozen_at is not None:
            return self.frozen_at
        return int(self.clock.now().timestamp()) + self.offset_s

    def fresh(self, prefix: str) -> str:
        """An id in Stripe's manner; later ones sort behind earlier ones."""
        self._count += 1
        rest, digits = self._count, ""
        for _ in range(7):
            rest, digit = divmod(rest, 36)
            digits = _DIGITS[digit] + digits
        return f"{prefix}_1SB{self._token}{digits}"

    def ids(self) -> Json:
        """What fresh ids are made of."""
        return {"count": self._count, "token": self._token}

    def go_on(self, ids: Json) -> None:
        """Make ids after those of an earlier run."""
        self._count, self._token = ids["count"], ids["token"]

    def base(self, kind: str, prefix: str) -> Json:
        """What all objects have."""
        return {"id": self.fresh(prefix), "object": kind, "created": self.now(), "livemode": False, "metadata": {}}

    def table(self, kind: str) -> Table:
        """The objects of a kind."""
        return self.tables.setdefault(kind, Table())

    def add(self, obj: Json, owner: str | None = None) -> Json:
        """Keep a new object."""
        return self.table(obj["object"]).add(obj, owner)

    def find(self, kind: str, object_id: str, owner: str | None = None) -> Json | None:
        """The object, if that account has it."""
        held = self.table(kind)
        place = held.place.get(object_id)
        return held.rows[place] if place is not None and held.owner[place] == owner else None

    def get(self, kind: str, object_id: str, owner: str | None = None, *, param: str = "id") -> Json:
        """The object.

        Raises:
            Problem: that account has none such.
        """
        found = self.find(kind, object_id, owner)
        if found is None:
            raise missing(kind, object_id, param)
        return found

    def owner_of(self, kind: str, object_id: str) -> str | None:
        """Whose it is."""
        held = self.table(kind)
        return held.owner[held.place[object_id]]

    def note(self, kind: str, obj: Json, amount: int, owner: str | None) -> None:
        """Write down a real effect: what no test may see twice."""
        metadata: dict[str, Any] = obj.get("metadata") or {}
        self.effects.append({
            "kind": kind, "id": obj["id"], "amount": amount, "currency": obj["currency"], "account": owner,
            "key": self.now_request[1], "request": metadata.get("bursar_request"),
            "submission": metadata.get("bursar_submission"), "at": self.now(),
        })  # fmt: skip
