"""PayPal's own list of its disputes, for reconciliation: paged to the end, each as far as its status needs.

The list shows a summary: of a decided dispute it does not say how it was decided, so that one is read by itself. PayPal lists
disputes that it changed within 180 days, and none that is older.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from core.settings import Settings
from providers.clean import json_object
from providers.errors import UnparsableBody
from providers.fields import instant, items, mapping, needed, optional
from providers.paypal import client
from providers.paypal.paths import path

_PATH = "/v1/customer/disputes"
_PAGE = 50
SHOWN_FOR = timedelta(days=179)
"""How far back disputes are asked for: PayPal refuses times before 180 days ago, by its own clock."""


def made(settings: Settings, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
    """The disputes that were opened from `since` on and before `until`, with all that their status needs.

    Raises:
        Retryable, Final: as `client.get`.
        UnparsableBody: what came back is no such list.
    """
    # What was opened then was changed then or later; `start_time`, the time of opening, is deprecated.
    query: dict[str, str] | None = {"update_time_after": _text(since), "page_size": str(_PAGE)}
    while query is not None:
        told = json_object(client.get(_PATH, settings, query=query))
        found = items(told, "items")
        for dispute in found:
            at = instant(dispute, "create_time")
            if isinstance(at, datetime) and since <= at < until:
                yield _whole(dispute, settings)
        query = _next(told) if found else None


def _whole(dispute: Mapping[str, Any], settings: Settings) -> Mapping[str, Any]:
    decided = optional(dispute, "status") == "RESOLVED" and not mapping(dispute, "dispute_outcome")
    if not decided and optional(dispute, "dispute_life_cycle_stage") is not None:
        return dispute
    return json_object(client.get(path("dispute", needed(dispute, "dispute_id")), settings))


def _next(told: Mapping[str, Any]) -> dict[str, str] | None:
    """The query of the next page. Only its query is taken: nobody sends our token elsewhere."""
    for link in items(told, "links"):
        if optional(link, "rel") == "next":
            parts = urlsplit(optional(link, "href") or "")
            if parts.path != _PATH:
                raise UnparsableBody("PayPal's list of disputes goes on somewhere else")
            return dict(parse_qsl(parts.query))
    return None


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
