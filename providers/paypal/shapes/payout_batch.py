"""A batch payout as PayPal shows it: its items, each a payout of its own. A batch that is still being read has none yet."""

from __future__ import annotations

from dataclasses import replace

from billing.rules.facts.event import Event
from billing.rules.facts.payout import PayoutFact
from providers.fields import items, mapping, optional
from providers.paypal.shapes.payout_item import payout_item


def payout_batch(event: Event) -> list[PayoutFact]:
    """The items that are shown.

    Raises:
        UnparsableBody: an item has no id, or an amount that is no exact money.
    """
    header = mapping(mapping(event.object, "batch_header"), "sender_batch_header")
    batch = {"sender_batch_id": optional(header, "sender_batch_id")}
    shown = [item for item in items(event.object, "items") if optional(item, "payout_item_id")]
    return [payout_item(replace(event, object={**batch, **item})) for item in shown]
