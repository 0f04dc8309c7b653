"""Webhooks on their way: signed by the stand-in, verified by the door's own plug, stored as the door stores them; some get lost."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from providers.sandbox.sign import stripe_headers
from providers.sandbox.stripe.world import Table
from webhooks_ingest import paypal, stripe
from webhooks_ingest.envelope import Envelope
from workers.routing import ignored_reason, queue_of

if TYPE_CHECKING:
    from cli.simulate.play import Play

LOST, TWICE, LATE = 0.01, 0.05, 0.1
"""Shares of the events with `--faults`."""
_PAYPAL_REPEATS_M = 180
"""A webhook of PayPal's that got lost is sent again, as PayPal does; Stripe's are found by the backfill."""
_KEPT_S = 32 * 86_400
_STORE = """
    WITH stored AS (
        INSERT INTO bursar.inbox (source, event_id, event_type, object_id, account, lane, queue, state, ignored_reason, sha256,
                                  livemode, api_version, occurred_at, received_at, fair_at, next_at)
        SELECT %(source)s, t.event_id, t.event_type, t.object_id, t.account, t.lane, t.queue, CASE WHEN t.reason IS NULL THEN 'received'
               ELSE 'ignored' END, t.reason, t.sha256, false, t.api_version, t.occurred_at, %(now)s, %(now)s, %(now)s
        FROM unnest(%(ids)s::text[], %(types)s::text[], %(objects)s::text[], %(accounts)s::text[], %(lanes)s::text[], %(queues)s::text[],
                    %(reasons)s::text[], %(digests)b::bytea[], %(versions)s::text[], %(at)s::timestamptz[])
            AS t (event_id, event_type, object_id, account, lane, queue, reason, sha256, api_version, occurred_at)
        ON CONFLICT (source, event_id) DO NOTHING RETURNING id, event_id, received_at)
    INSERT INTO bursar.inbox_payload (inbox_id, received_at, headers, body)
    SELECT stored.id, stored.received_at, p.headers, p.body
    FROM stored JOIN unnest(%(ids)s::text[], %(headers)s::text[], %(bodies)b::bytea[]) AS p (event_id, headers, body) USING (event_id)"""


class Post:
    """What the stand-ins tell, at the times at which it arrives."""

    def __init__(self, play: Play, secret: str, seed: int, *, faults: bool) -> None:
        self._play, self._secret, self._faults = play, secret, faults
        self._plug = stripe.StripePlug(play.context.settings)
        self._random = random.Random(f"{seed}:post")  # noqa: S311  # chance for a play
        self._told = 0
        self._told_by_paypal = 0
        self._numbers = 0
        self._waiting: list[tuple[datetime, int, str, dict[str, Any]]] = []
        self.counts: Counter[str] = Counter()

    def next_due(self) -> datetime | None:
        """When the next late one arrives."""
        return self._waiting[0][0] if self._waiting else None

    def deliver(self) -> None:
        """Store what has arrived by now."""
        rows = self._play.api.world.table("event").rows
        for event in rows[self._told :]:
            self._plan(stripe.SOURCE, event)
        self._told = len(rows)
        told = self._play.paypal.world.table("event")
        if len(told) > self._told_by_paypal:
            for event in list(told.values())[self._told_by_paypal :]:
                self._plan(paypal.SOURCE, event)
            self._told_by_paypal = len(told)
        arrived: dict[str, list[dict[str, Any]]] = {}
        while self._waiting and self._waiting[0][0] <= self._play.now:
            _, _, source, event = heapq.heappop(self._waiting)
            arrived.setdefault(source, []).append(event)
        for source, events in arrived.items():
            self._store(source, events)

    def _plan(self, source: str, event: dict[str, Any]) -> None:
        self.counts["told"] += 1
        repeated = 0
        if self._faults and self._random.random() < LOST:
            self.counts["lost"] += 1
            if source == stripe.SOURCE:
                self._play.api.world.hidden.setdefault(event["id"], {})["undelivered"] = True
                return
            repeated = _PAYPAL_REPEATS_M
        copies = 2 if self._faults and self._random.random() < TWICE else 1
        for _ in range(copies):
            late = self._faults and self._random.random() < LATE
            self.counts["late"] += late
            minutes = (self._random.choice((1, 7, 45, 300)) if late else 0) + repeated
            self._numbers += 1
            heapq.heappush(self._waiting, (self._play.now + timedelta(minutes=minutes), self._numbers, source, event))
        self.counts["twice"] += copies - 1

    def _verified(self, source: str, event: dict[str, Any]) -> Envelope:
        now = self._play.now
        if source == paypal.SOURCE:
            return self._play.paypal.verified(event, now)
        body = msgspec.json.encode(event)
        headers = {name.lower(): value for name, value in stripe_headers(self._secret, body, now).items()}
        return self._plug.verify(headers, body, now)

    def _store(self, source: str, events: list[dict[str, Any]]) -> None:
        now = self._play.now
        told = list({event["id"]: self._verified(source, event) for event in events}.values())
        reasons = [ignored_reason(source, one.event_type) for one in told]
        self._play.connection.execute(_STORE, {
            "source": source, "now": now, "ids": [one.event_id for one in told], "types": [one.event_type for one in told],
            "objects": [one.object_id for one in told], "accounts": [one.account for one in told], "lanes": [one.lane for one in told],
            "queues": [queue_of(source, one.event_type) for one in told], "reasons": reasons, "digests": [one.sha256 for one in told],
            "versions": [one.api_version for one in told], "at": [one.occurred_at for one in told],
            "headers": [one.headers for one in told], "bodies": [one.body for one in told],
        })  # fmt: skip

    def forget_old(self) -> None:
        """Events that Stripe no longer lists: a year of them is of no use to anybody."""
        world = self._play.api.world
        held, oldest = world.table("event"), world.now() - _KEPT_S
        first = next((place for place, event in enumerate(held.rows) if event["created"] >= oldest), len(held.rows))
        rows = held.rows[first:]
        world.tables["event"] = Table(rows, {row["id"]: place for place, row in enumerate(rows)}, held.owner[first:])
        self._told -= first
        self._play.api.seen.clear()
        self._play.paypal.world.calls.clear()
