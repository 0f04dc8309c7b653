"""Finds events that a provider produced and we never stored, and puts them into the inbox as if they had come (INBOX-6).

The provider's list is read to its end, page by page; of each page only what the inbox lacks is stored. The inbox's own key
decides, so doing it again, or while the events come after all, changes nothing.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection

from core.clock import monotonic_s
from providers.errors import Final
from providers.stripe import listing
from workers.context import Context
from workers.routing import UNPARSABLE, ignored_reason, queue_of

log = structlog.get_logger(__name__)

_KNOWN = "SELECT event_id FROM bursar.inbox WHERE source = 'stripe' AND event_id = ANY(%(ids)s)"
ACCOUNTS = """SELECT external_id FROM bursar.account WHERE source = 'stripe' AND authorized IS NOT FALSE ORDER BY external_id"""
"""Connected accounts that still let us see them."""
_STORE = """
    WITH told AS (
        SELECT * FROM json_to_recordset(%(rows)s::json) AS t (
            event_id text, event_type text, object_id text, account text, lane text, queue text, state text, ignored_reason text,
            sha256 text, livemode boolean, api_version text, occurred_at timestamptz, body text)),
    stored AS (
        INSERT INTO bursar.inbox (source, event_id, event_type, object_id, account, lane, queue, state, ignored_reason, sha256,
                                  livemode, api_version, occurred_at, received_at, fair_at, next_at)
        SELECT 'stripe', event_id, event_type, object_id, account, lane, queue, state, ignored_reason, decode(sha256, 'base64'),
               livemode, api_version, occurred_at, %(now)s, %(now)s, %(now)s
        FROM told ORDER BY event_id
        ON CONFLICT (source, event_id) DO NOTHING RETURNING id, event_id, queue, state)
    INSERT INTO bursar.inbox_payload (inbox_id, received_at, headers, body)
    SELECT stored.id, %(now)s, '{"via":"backfill"}', decode(told.body, 'base64') FROM stored JOIN told USING (event_id)
    RETURNING inbox_id"""
_QUEUES = "SELECT queue, id FROM bursar.inbox WHERE id = ANY(%(ids)s) AND state = 'received'"


@dataclass(slots=True)
class Backfilled:
    """What a backfill did."""

    looked_at: int = 0
    known: int = 0
    injected: int = 0
    beyond: list[str] | None = None
    """Where to go on; None: it was read to its end."""
    rows: dict[str, list[int]] = field(default_factory=dict)
    """Queue -> the inbox rows that came into being, for hints."""
    refused: list[str] = field(default_factory=list)
    """Connected accounts whose events the provider does not show us."""

    @property
    def ended(self) -> bool:
        """Whether the list was read to its end."""
        return self.beyond is None


def backfill_stripe(
    context: Context, *, since: datetime, until: datetime | None = None, failed_only: bool = False, budget_s: float | None = None,
    beyond: Sequence[str] | None = None,
) -> Backfilled:  # fmt: skip
    """Read Stripe's events made from `since` on, ours and the connected accounts', and inject what we lack.

    Args:
        context: the process's surroundings.
        since: the first instant; Stripe keeps 30 days.
        until: the first instant that is too late; None: now.
        failed_only: only those that Stripe could not deliver, which are few.
        budget_s: stop after so many seconds and the page in hand; None: at the end.
        beyond: go on where an earlier call has stopped, with the same times.

    Raises:
        Retryable, Final: Stripe could not be asked; what was injected stays. An account that it does not show us is passed over.
    """
    done, end = Backfilled(), None if budget_s is None else monotonic_s() + budget_s
    query = {"delivery_success": "false"} if failed_only else None
    first, after = beyond or ("", "")
    with context.engine.begin() as connection:
        accounts = ["", *sorted(connection.exec_driver_sql(ACCOUNTS).scalars())]
    left = [account for account in accounts if account >= first]
    for account, following in zip(left, [*left[1:], None], strict=True):
        behind = after or None if account == first else None
        pages = listing.listed("event", context.settings, since=since, until=until, account=account or None, after=behind, query=query)
        try:
            for page in pages:
                with context.engine.begin() as connection:
                    _take(context, connection, page, account or None, done)
                if end is not None and monotonic_s() > end:
                    done.beyond = [account, page[-1]["id"]]
                    return done
        except Final as error:
            if not account:
                raise
            # It has left us, and the event that says so may be one of those that never came: the others' are looked for all the same.
            done.refused.append(account)
            log.error("backfill_refused", account=account, error=str(error), effect="its events are not looked for; the others' are")
        # An account without events costs a question, too.
        if following is not None and end is not None and monotonic_s() > end:
            done.beyond = [following, ""]
            return done
    return done


def _take(context: Context, connection: Connection, page: list[dict[str, Any]], account: str | None, done: Backfilled) -> None:
    found = connection.exec_driver_sql(_KNOWN, {"ids": [event["id"] for event in page]})
    known = set(found.scalars())
    live = context.settings.mode == "live"
    rows = [_row(event, account, live=live) for event in page if event["id"] not in known]
    done.looked_at += len(page)
    done.known += len(page) - len(rows)
    if not rows:
        return
    bound = {"rows": msgspec.json.encode(rows).decode(), "now": context.clock.now()}
    ids = list(connection.exec_driver_sql(_STORE, bound).scalars())
    done.injected += len(ids)
    for queue, row_id in connection.exec_driver_sql(_QUEUES, {"ids": ids}):
        done.rows.setdefault(queue, []).append(row_id)


def _row(event: dict[str, Any], account: str | None, *, live: bool) -> dict[str, Any]:
    """The row as the door makes it of a delivery; what is listed in an account's name does not name it."""
    whole = event if account is None or event.get("account") else {**event, "account": account}
    body = msgspec.json.encode(whole)
    obj = (event.get("data") or {}).get("object") or {}
    lane = next(_lanes(obj, whole), event["id"])
    event_type = event.get("type") or UNPARSABLE
    reason = "livemode" if event.get("livemode") not in (None, live) else ignored_reason("stripe", event_type)
    return {
        "event_id": event["id"],
        "event_type": event_type,
        "object_id": obj.get("id"),
        "account": whole.get("account"),
        "lane": f"stripe:{lane}",
        "queue": queue_of("stripe", event_type),
        "state": "ignored" if reason else "received",
        "ignored_reason": reason,
        "sha256": b64encode(hashlib.sha256(body).digest()).decode(),
        "livemode": event.get("livemode"),
        "api_version": event.get("api_version"),
        "occurred_at": datetime.fromtimestamp(event["created"], UTC).isoformat() if isinstance(event.get("created"), int) else None,
        "body": b64encode(body).decode(),
    }


def _lanes(obj: Mapping[str, Any], event: Mapping[str, Any]) -> Iterator[str]:
    """The customer, else the account, else the object (docs/architecture.md, "Lanes")."""
    customer = obj.get("id") if obj.get("object") == "customer" else obj.get("customer")
    customer = customer.get("id") if isinstance(customer, dict) else customer
    yield from (one for one in (customer, event.get("account"), obj.get("id")) if isinstance(one, str))
