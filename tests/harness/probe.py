"""A source named `probe`, plugged in from outside as any further source would be (INBOX-12): its events misbehave on demand.

An event's object says what its handler does: `{"id": "cus_1", "do": "raise"}`. A handler that runs to its end writes
one audit row, so effects can be counted.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact, Version
from billing.rules.facts.event import Event
from models.customer import Customer
from providers.clean import json_object
from workers import routes

SOURCE = "probe"
MENDED = "PROBE_MENDED"
"""Environment variable: a file whose existence means that the handler's bug is mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFact(Fact):
    """What a probe event says."""

    AGGREGATE: ClassVar[str] = "customer"

    do: str
    detail: str


class ProbeBugError(Exception):
    """The bug that a poison event meets."""


def parse(body: bytes, *, inbox_id: int, received_at: datetime, headers: Mapping[str, str]) -> Event:
    """The probe's envelope."""
    envelope = json_object(body)
    return Event(
        inbox_id=inbox_id,
        source=SOURCE,
        id=envelope.get("id", "x"),
        type=envelope.get("type", "thing.happened"),
        occurred_at=received_at + timedelta(seconds=envelope.get("created", 0)),
        received_at=received_at,
        object=envelope["object"],
        previous={},
        envelope=envelope,
    )


def facts(event: Event) -> ProbeFact:
    """The event's one fact."""
    return ProbeFact(
        source=SOURCE,
        external_id=event.object["id"],
        do=event.object.get("do", "ok"),
        detail=event.object.get("detail", ""),
        version=Version(1, event.occurred_at, 0, event.id),
    )


def happened(unit: UnitOfWork, fact: ProbeFact) -> None:
    """Misbehave as asked, unless mended; then leave one trace."""
    row = unit.row(Customer, fact.source, fact.external_id)
    mended = os.environ.get(MENDED)
    if not (mended and Path(mended).exists()):
        _misbehave(fact)
    row.balance_minor = (row.balance_minor or 0) + 1
    unit.audit("probe.ran", "customer", row.id, before=None, after={"event": fact.version.event_id})
    if fact.do == "raise late":
        raise ProbeBugError(f"bug met by {fact.external_id}, after its effects")
    if fact.do == "constraint":
        row.currency = "no currency"


def _misbehave(fact: ProbeFact) -> None:
    match fact.do:
        case "raise":
            raise ProbeBugError(f"bug met by {fact.external_id}")
        case "memory":
            raise MemoryError
        case "exit":
            sys.exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "slow":
            time.sleep(float(fact.detail))


def plug_in() -> None:
    """Make the source known to this process, as its folders and the generated routes would."""
    envelope, thing = ModuleType("providers.probe.envelope"), ModuleType("tasks.payments.probe.thing")
    envelope.parse = parse  # type: ignore[attr-defined]
    thing.facts, thing.happened = facts, happened  # type: ignore[attr-defined]
    for module in (ModuleType("providers.probe"), envelope, ModuleType("tasks.payments.probe"), thing):
        sys.modules[module.__name__] = module
    # The same handler behind a real door: Stripe's, for an event type that Stripe does not have.
    sys.modules["tasks.payments.stripe.thing"] = thing
    routes.ROUTES[SOURCE] = {"thing.happened": "payments"}
    routes.ROUTES["stripe"]["thing.happened"] = "payments"


def probe(object_id: str, do: str = "ok", detail: str = "", **envelope: Any) -> dict[str, Any]:
    """A probe event's body."""
    return {"object": {"id": object_id, "do": do, "detail": detail}, **envelope}
