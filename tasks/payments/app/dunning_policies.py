"""`billing.dunning_policies.*`: what is done when payments fail."""

from __future__ import annotations

from billing.operations.define_dunning_policy import define_dunning_policy
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.dunning_policies import DefineDunningPolicy, DunningPolicyDefined
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def define(unit: UnitOfWork, command: DefineDunningPolicy) -> DunningPolicyDefined:
    """Define one, or set it anew."""
    row = define_dunning_policy(unit, command)
    return DunningPolicyDefined(policy=public_id(row.PUBLIC_PREFIX, row.id), reference=row.external_id)
