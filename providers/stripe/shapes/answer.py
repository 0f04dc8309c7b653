"""Answers to our own submissions: what was made, as the facts that a webhook of it would bring, and who wanted it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.base import Fact, Version
from billing.rules.facts.event import Event
from providers import fields
from providers.errors import UnparsableBody
from providers.stripe.shapes.account import account
from providers.stripe.shapes.customer import customer
from providers.stripe.shapes.dispute import dispute
from providers.stripe.shapes.payment import charges_of_intent, checkout, payment_intent
from providers.stripe.shapes.payout import payout
from providers.stripe.shapes.refund import refund
from providers.stripe.shapes.subscription import subscription
from providers.stripe.shapes.transfer import transfer

_SHAPES: Mapping[str, Callable[[Event], Fact | Sequence[Fact]]] = {
    "account": account,
    "checkout_session": checkout,
    "customer": customer,
    "dispute": dispute,
    "payment_intent": lambda event: [payment_intent(event), *charges_of_intent(event)],
    "payout": payout,
    "refund": refund,
    "subscription": subscription,
    "transfer": transfer,
}
"""Kind -> its shapes. Kinds without one (links, parts of other objects) are told by the answer alone."""


def answer(event: Event) -> list[Fact]:
    """The facts of the object, then the answer itself.

    Raises:
        UnparsableBody: it is not an answer that we stored.
    """
    told = fields.mapping(event.envelope, "answer")
    refused = fields.needed(told, "outcome") == "refused"
    kind = event.type.removeprefix("answer.")
    found = _refused_object(event) if refused else event.object
    facts: list[Fact] = []
    if found is not None and kind in _SHAPES:
        said = _SHAPES[kind](replace(event, object=found))
        facts += [said] if isinstance(said, Fact) else said
    return [*facts, _answer(event, told, refused=refused)]


def _refused_object(event: Event) -> Mapping[str, Any] | None:
    """A declined payment exists all the same; the error carries it."""
    found = event.object.get("payment_intent")
    return found if isinstance(found, dict) and event.type == "answer.payment_intent" else None


def _answer(event: Event, told: Mapping[str, Any], *, refused: bool) -> AnswerFact:
    obj = event.object
    outcome = fields.needed(told, "outcome")
    if outcome not in ("accepted", "refused"):
        raise UnparsableBody(f"an answer is accepted or refused, not {outcome!r}")
    made = _refused_object(event) if refused else obj
    return AnswerFact(
        source=event.source,
        external_id=fields.needed(told, "request_ref"),
        version=Version(1, event.occurred_at, 0, event.id),
        submission=fields.needed(told, "submission"),
        operation=fields.needed(told, "operation"),
        request_type=fields.needed(told, "request_type"),
        outcome="refused" if refused else "accepted",
        object_ref=fields.optional(made, "id") if made else None,
        url=None if refused else _where_to_go(obj),
        error_code=fields.optional(obj, "code") or fields.optional(obj, "type") if refused else None,
        error_message=fields.optional(obj, "message") if refused else None,
        decline_code=fields.optional(obj, "decline_code") if refused else None,
    )


def _where_to_go(obj: Mapping[str, Any]) -> str | None:
    """A page's own address, or the one at which a payer has to act."""
    redirect = fields.mapping(fields.mapping(obj, "next_action"), "redirect_to_url")
    return fields.optional(obj, "url") or fields.optional(redirect, "url")
