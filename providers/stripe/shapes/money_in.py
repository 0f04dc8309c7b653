"""What Stripe's objects of the customers' side have in common: how new the fact is, and fields that moved between versions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from billing.rules.email_address import normalised
from billing.rules.facts.base import UNSET, Unset, Version
from billing.rules.facts.event import Event
from billing.rules.states_money_out import Phase, Statuses
from providers import fields
from providers.stripe.shapes.reading import Json, ref

Text = str | Unset | None


def version(event: Event, phase: Phase = 1, rank: int = 0) -> Version:
    """The version of an object without a status of its own."""
    return Version(phase=phase, at=event.occurred_at, rank=rank * 10 + _grown(event), event_id=event.id)


def status_version(event: Event, statuses: Statuses, status: str, *, tries: int = 0) -> Version:
    """The version of an object by the phase and rank of its status, and by `tries` among equals of one second."""
    phase, rank = statuses.place(status)
    grown = min(_grown(event) + tries, 9)
    return Version(phase=phase, at=event.occurred_at, rank=rank * 10 + grown, event_id=event.id)


def _grown(event: Event) -> int:
    """An object's `created` event is the oldest of its second."""
    return 0 if event.type.endswith(".created") else 1


def email(obj: Json, name: str = "email") -> Text:
    """A mail address in the one form that we store (SEC-10)."""
    said = fields.text(obj, name)
    return normalised(said) if isinstance(said, str) else said


def first(*said: Text) -> Text:
    """The first one that is a text; else null if any was said to be null; else unsaid. For fields that moved."""
    for value in said:
        if isinstance(value, str):
            return value
    return None if any(value is None for value in said) else UNSET


def customer_of(obj: Json) -> Text:
    """Whose the object is: a customer, or since 2025-09-30.clover an account of the v2 API in a customer's place."""
    return first(ref(obj, "customer"), ref(obj, "customer_account"))


def ref_at(obj: Json, *path: str) -> Text:
    """A reference some levels down; unsaid where a level is missing."""
    for name in path[:-1]:
        obj = fields.mapping(obj, name)
    return ref(obj, path[-1])


def total(parts: Iterable[int | Unset | None]) -> int | Unset | None:
    """The sum of those that are numbers, if a column can hold it."""
    return fields.whole({"sum": sum(part for part in parts if isinstance(part, int))}, "sum")


def instants(said: Iterable[datetime | Unset | None]) -> list[datetime]:
    """Those that are instants."""
    return [at for at in said if isinstance(at, datetime)]
