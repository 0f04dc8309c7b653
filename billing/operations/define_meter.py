"""Defines what is measured (USAGE-3)."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.meters import DefineMeter
from models.base import OWN_SOURCE
from models.meter import Meter

_SAME = ("category", "aggregation", "rounding", "unit_size", "provider_event_name")
_USED = "SELECT 1 FROM bursar.usage_counter WHERE meter_ref = %(meter)s LIMIT 1"


def define_meter(unit: UnitOfWork, command: DefineMeter) -> Meter:
    """The meter, as it is from now on.

    Raises:
        Rejected: `aggregation_fixed`.
    """
    row = unit.row(Meter, OWN_SOURCE, command.meter)
    if row.aggregation not in (None, command.aggregation) and unit.committed(_USED, {"meter": command.meter}):
        message = f"{command.meter} adds up by {row.aggregation}: define another meter"
        raise Rejected("aggregation_fixed", message, {"current": row.aggregation, "field": "aggregation"})
    before = {name: getattr(row, name) for name in _SAME}
    own_row(unit, Meter, OWN_SOURCE, command.meter)
    row.name, row.limit_name = command.title, command.limit_name or command.meter
    row.alert_percents = sorted(set(command.alert_percents))
    for name in _SAME:
        setattr(row, name, getattr(command, name))
    after = {name: getattr(row, name) for name in _SAME}
    unit.audit("meter.defined", Meter.NAME, row.id, before=before, after=after | {"alert_percents": row.alert_percents})
    return row
