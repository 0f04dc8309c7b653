"""What customers use: noted when it happens, reported by the app once a day for all of them together."""

from __future__ import annotations

from datetime import timedelta

from cli.simulate.people import Customer
from cli.simulate.stage import Stage

GIB = 1024**3
METERS: tuple[dict[str, str | int], ...] = (
    {"meter": "exports", "title": "Exports", "category": "custom", "aggregation": "count"},
    {"meter": "minutes", "title": "Minutes", "category": "compute", "aggregation": "sum"},
    {"meter": "storage", "title": "Storage", "category": "storage", "aggregation": "max", "rounding": "up", "unit_size": GIB},
    {"meter": "level", "title": "Level", "category": "custom", "aggregation": "last"},
    {"meter": "visitors", "title": "Visitors", "category": "custom", "aggregation": "unique"},
)
"""One per aggregation."""
_MOST = 500


def use(stage: Stage, one: Customer) -> bool:
    """A few measurements; some are told late, and some twice."""
    if not one.begun and one.provider_subscription is None:
        return False
    for _ in range(one.chance.randint(1, 4)):
        late = timedelta(days=one.chance.choice((0, 0, 0, 0, 2, 9, 40)))
        event: dict[str, str | int] = {
            "subscriber_ref": one.ref, "meter": one.chance.choice(METERS)["meter"], "key": f"{one.ref}-m{one.next('measure')}",
            "quantity": one.chance.randint(1, 40 * GIB), "used_at": (stage.now - late).isoformat(),
        }  # fmt: skip
        if event["meter"] == "visitors":
            event["item"] = f"visitor-{one.chance.randint(1, 30)}"
        stage.measured.append(event)
        if one.chance.random() < 0.05:
            one.counts["told twice"] = one.counts.get("told twice", 0) + 1
            stage.plan(stage.now + timedelta(days=1), lambda event=event: stage.measured.append(event))  # type: ignore[misc]
    return True


def report(stage: Stage) -> None:
    """The app's daily report."""
    known = {str(one["key"]): one for one in stage.measured}
    events, stage.measured = list(known.values()), []
    for begin in range(0, len(events), _MOST):
        stage.say("usage.record", events=events[begin : begin + _MOST])
