"""Stripe's balance of a connected account: a snapshot without an id; whose it is says the envelope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from billing.rules.facts.balance import BalanceFact
from billing.rules.facts.base import Version
from billing.rules.facts.event import Event
from providers import fields
from providers.stripe.shapes import reading as read


def balance(event: Event) -> list[BalanceFact]:
    """What is available and pending per currency; nothing of our own balance, which no payee is paid from.

    `instant_available` and `connect_reserved` are parts of the same money and are not counted again.
    """
    if event.account is None:
        return []
    sums: defaultdict[str, dict[str, int]] = defaultdict(lambda: {"available_minor": 0, "pending_minor": 0})
    for name in ("available", "pending"):
        for part in read.listed(event.object, name):
            sums[_currency(part)][f"{name}_minor"] += _amount(part)
    return [
        BalanceFact(
            source=event.source,
            external_id=event.account,
            version=Version(1, event.occurred_at, 0, event.id),
            balances=dict(sums),
        )
    ]


def _currency(part: Mapping[str, Any]) -> str:
    fields.needed(part, "currency")
    return str(read.currency(part))


def _amount(part: Mapping[str, Any]) -> int:
    found = fields.whole(part, "amount")
    return found if isinstance(found, int) else 0
