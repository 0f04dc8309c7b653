"""Stripe's lists, read to the end in pages, for reconciliation and for events that never came (RECON-1, INBOX-6).

Reading is harmless: a page that fails is asked for again here, since a list of a thousand pages must not begin anew for one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from core.settings import Settings
from providers.clean import json_object
from providers.errors import NotConfigured, RateLimited, Retryable
from providers.stripe import client

PATHS: Mapping[str, str] = {
    "payment": "/v1/payment_intents",
    "charge": "/v1/charges",
    "refund": "/v1/refunds",
    "dispute": "/v1/disputes",
    "transfer": "/v1/transfers",
    "payout": "/v1/payouts",
    "application_fee": "/v1/application_fees",
    "balance_transaction": "/v1/balance_transactions",
    "event": "/v1/events",
}
"""Our name of a kind of object -> where Stripe lists it."""

_PAGE = 99
"""Objects a page; Stripe gives one more at most."""
_TRIES = 5
_LONGEST_WAIT_S = 8.0

Json = dict[str, Any]


def listed(
    of: str,
    settings: Settings,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    account: str | None = None,
    after: str | None = None,
    query: Mapping[str, Any] | None = None,
) -> Iterator[list[Json]]:
    """All pages of what was made in [since, until), newest first, from behind the object `after` on; in constant memory.

    Args:
        of: a key of PATHS.
        settings: key and address of the API.
        since: the first instant, to the second.
        until: the first instant that is too late.
        account: the connected account in whose name is asked; None: the platform.
        after: the last object that an earlier call has given.
        query: further filters, as Stripe names them.

    Raises:
        Retryable: Stripe could not be asked, five times in a row.
        Final: Stripe refuses the list.
    """
    asked: Json = {"limit": _PAGE, **(query or {})}
    if since is not None or until is not None:
        bounds = {"gte": since, "lt": until}
        asked["created"] = {name: int(bound.timestamp()) for name, bound in bounds.items() if bound is not None}
    while True:
        if after is not None:
            asked["starting_after"] = after
        page = json_object(_patiently(PATHS[of], settings, account, asked))
        found: list[Json] = page["data"]
        if found:
            yield found
        if not found or not page.get("has_more"):
            return
        after = found[-1]["id"]


def oldest_first(of: str, settings: Settings, *, behind: str, query: Mapping[str, Any] | None = None) -> Iterator[list[Json]]:
    """All pages of what came after the object `behind`, oldest first; each page newest first, as Stripe has it.

    Raises:
        Retryable, Final: as `listed`.
    """
    asked: Json = {"limit": _PAGE, **(query or {}), "ending_before": behind}
    while True:
        page = json_object(_patiently(PATHS[of], settings, None, asked))
        found: list[Json] = page["data"]
        if found:
            yield found
        if not found or not page.get("has_more"):
            return
        asked["ending_before"] = found[0]["id"]


def _patiently(path: str, settings: Settings, account: str | None, asked: Json) -> bytes:
    for attempt in range(1, _TRIES + 1):
        try:
            return client.get(path, settings, account=account, query=asked)
        except NotConfigured:
            raise
        except Retryable as error:
            if attempt == _TRIES:
                raise
            told = error.retry_after_s if isinstance(error, RateLimited) else None
            time.sleep(min(_LONGEST_WAIT_S, told if told is not None else 0.25 * 2**attempt))
    raise AssertionError("unreachable")
