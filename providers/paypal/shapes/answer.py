"""Answers to our own submissions: what was made, as a look-up of it would tell it, and who wanted it.

PayPal told it to us over our own connection, so it is believed as a look-up is: money in it is confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.base import Fact, Version
from billing.rules.facts.event import Event
from providers import fields
from providers.errors import UnparsableBody
from providers.paypal.shapes.money_in import capture
from providers.paypal.shapes.order import order
from providers.paypal.shapes.payout_batch import payout_batch
from providers.paypal.shapes.refund import refund

_WHERE_TO_GO = ("payer-action", "approve")


def answer(event: Event) -> list[Fact]:
    """The facts of the object, then the answer itself.

    Raises:
        UnparsableBody: it is not an answer that we stored, or what PayPal answered is not of its form.
    """
    told = fields.mapping(event.envelope, "answer")
    outcome = fields.needed(told, "outcome")
    if outcome not in ("accepted", "refused"):
        raise UnparsableBody(f"an answer is accepted or refused, not {outcome!r}")
    made = list(_facts(event)) if outcome == "accepted" else []
    return [*made, _answer(event, told, refused=outcome == "refused")]


def _facts(event: Event) -> Iterator[Fact]:
    kind = event.type.removeprefix("answer.")
    if kind == "order":
        yield from order(_as(event, "ORDER.FETCHED", event.object))
        for unit in fields.items(event.object, "purchase_units"):
            for one in fields.items(fields.mapping(unit, "payments"), "captures"):
                yield from capture(_as(event, "CAPTURE.FETCHED", _with_order(event.object, one)))
    elif kind == "refund":
        yield from refund(_as(event, "REFUND.FETCHED", event.object))
    elif kind == "payout":
        yield from payout_batch(_as(event, "PAYOUTS-BATCH.FETCHED", event.object))


def _as(event: Event, type_: str, obj: Mapping[str, Any]) -> Event:
    return replace(event, type=type_, object=obj)


def _with_order(order_object: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    """A capture inside its order does not name it."""
    ids = {"related_ids": {"order_id": fields.needed(order_object, "id")}}
    return one if one.get("supplementary_data") else {**one, "supplementary_data": ids}


def _answer(event: Event, told: Mapping[str, Any], *, refused: bool) -> AnswerFact:
    error, obj = _refusal(event.object) if refused else (None, None), event.object
    return AnswerFact(
        source=event.source,
        external_id=fields.needed(told, "request_ref"),
        version=Version(1, event.occurred_at, 0, event.id),
        submission=fields.needed(told, "submission"),
        operation=fields.needed(told, "operation"),
        request_type=fields.needed(told, "request_type"),
        outcome="refused" if refused else "accepted",
        object_ref=None if refused else fields.optional(told, "object_ref"),
        url=None if refused else next((href for rel in _WHERE_TO_GO for href in _links(obj, rel)), None),
        error_code=error[0],
        error_message=error[1],
        decline_code=fields.optional(fields.mapping(obj, "processor_response"), "response_code") if refused else None,
    )


def _links(obj: Mapping[str, Any], rel: str) -> Iterator[str]:
    for link in fields.items(obj, "links"):
        href = fields.optional(link, "href")
        if fields.optional(link, "rel") == rel and href is not None:
            yield href


def _refusal(obj: Mapping[str, Any]) -> tuple[str, str]:
    """(PayPal's word for it, what it says with the id that its support asks for). The detail's issue says more than the name."""
    details = fields.items(obj, "details")
    first = details[0] if details else {}
    words = (fields.optional(first, "issue"), *(fields.optional(obj, name) for name in ("name", "error", "code")))
    code = next((word for word in words if word is not None), "refused")
    said = fields.optional(first, "description") or fields.optional(obj, "message") or fields.optional(obj, "error_description") or code
    debug_id = fields.optional(obj, "debug_id")
    return code, said if debug_id is None else f"{said} (PayPal's debug id {debug_id})"
