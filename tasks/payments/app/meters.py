"""`billing.meters.*`: what is measured."""

from __future__ import annotations

from billing.operations.define_meter import define_meter
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.meters import DefineMeter, MeterTold
from billing.rules.facts.event import Event
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def define(unit: UnitOfWork, command: DefineMeter) -> MeterTold:
    """A meter."""
    row = define_meter(unit, command)
    return MeterTold(meter=row.external_id, aggregation=row.aggregation or "")
