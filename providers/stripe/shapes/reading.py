"""What Stripe's objects have in common: references, instants, currencies, and how new an event's snapshot is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.rules.facts.base import UNSET, Unset, Version
from billing.rules.facts.event import Event
from billing.rules.states_money_out import Phase, Statuses
from providers import fields
from providers.errors import UnparsableBody

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RUNNING: Phase = 1
_CURRENCY = re.compile(r"[A-Za-z]{3}")

Json = Mapping[str, Any]


def ref(obj: Json, name: str) -> str | Unset | None:
    """A reference, which Stripe sends as an id or as the whole object: always its id."""
    if name in obj and isinstance(obj[name], dict):
        return fields.needed(obj[name], "id")
    return fields.text(obj, name)


def payment_of(obj: Json) -> str | Unset | None:
    """The payment that a refund, dispute or warning is about; a charge without one (null) is a payment of its own.

    Where the field is absent (older shapes), nothing is said: the charge knows its payment.
    """
    payment = ref(obj, "payment_intent")
    return ref(obj, "charge") if payment is None else payment


def instant(obj: Json, name: str) -> datetime | Unset | None:
    """An instant from seconds since 1970."""
    seconds = fields.whole(obj, name)
    if seconds is None or seconds is UNSET:
        return seconds
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise UnparsableBody(f"field {name!r} is no time within the calendar") from None


def currency(obj: Json, name: str = "currency") -> str | Unset | None:
    """A currency code as we store it: upper case, where Stripe writes lower case.

    Raises:
        UnparsableBody: not three letters, such as `usdc`. Stripe's page on currencies does not say in which unit it counts
            a stablecoin; an amount that nobody can read is not put beside those that count.
    """
    code = fields.text(obj, name)
    if not isinstance(code, str):
        return code
    if not _CURRENCY.fullmatch(code):
        raise UnparsableBody(
            f"field {name!r} is {code[:20]!r}: only ISO 4217's codes of three letters are kept, since the smallest unit of "
            "others is not known; nothing of this event was stored"
        )
    return code.upper()


def flag(obj: Json, name: str) -> bool | Unset | None:
    """A yes or no."""
    if name not in obj:
        return UNSET
    value = obj[name]
    if value is None or isinstance(value, bool):
        return value
    raise UnparsableBody(f"field {name!r} should be true or false, but is a {type(value).__name__}")


def metadata(obj: Json) -> dict[str, Any] | Unset | None:
    """The metadata as Stripe has it; absent stays unsaid."""
    return dict(fields.mapping(obj, "metadata")) if "metadata" in obj else UNSET


def listed(obj: Json, name: str) -> list[Json]:
    """The objects of a list within, in Stripe's list wrapper or bare (before 2014); mere ids are left out."""
    held = obj.get(name)
    found = held.get("data") if isinstance(held, dict) else held
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def version(
    event: Event,
    statuses: Statuses | None = None,
    status: str | None = None,
    *,
    grown: int = 0,
) -> Version:
    """How new the event's snapshot is: by the phase of the status that it shows, then Stripe's time, rank, event id.

    `grown` (0 to 9) orders snapshots of one status and second by what only ever grows in the object.
    """
    phase, rank = statuses.place(status) if statuses and status else (_RUNNING, 0)
    return Version(phase=phase, at=event.occurred_at, rank=rank * 10 + min(grown, 9), event_id=event.id)


def just_became(event: Event, *endings: str) -> bool:
    """Whether this event tells of a change of status, by its name or by what it says was before."""
    return event.type.rsplit(".", 1)[-1] in endings or "status" in event.previous
