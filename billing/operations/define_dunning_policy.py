"""Defines what is done when payments fail, or sets it anew (DUN-1). Open cases keep the days that they were opened with."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.tell_dunning import missing_templates
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.dunning_policies import DefineDunningPolicy
from models.base import OWN_SOURCE
from models.dunning_policy import DunningPolicy

_SAID = ("charges", "suspend_after_days", "terminate_after_days", "mails", "template_prefix")


def define_dunning_policy(unit: UnitOfWork, command: DefineDunningPolicy) -> DunningPolicy:
    """The policy as the command wants it; the same again changes nothing.

    Raises:
        Rejected: `unknown_templates`.
    """
    if missing := missing_templates(command.template_prefix):
        raise Rejected("unknown_templates", f"there is no mail {missing[0]}", {"current": missing, "field": "template_prefix"})
    row, new = own_row(unit, DunningPolicy, OWN_SOURCE, command.reference)
    before = None if new else _terms(row)
    for name in _SAID:
        setattr(row, name, getattr(command, name))
    row.retry_intervals_days = list(command.retry_intervals_days)
    if before != _terms(row):
        after = {**_terms(row), "external_id": row.external_id, "reason": command.reason}
        unit.audit("dunning_policy.defined", DunningPolicy.NAME, row.id, before=before, after=after)
    return row


def _terms(row: DunningPolicy) -> dict[str, object]:
    return {name: getattr(row, name) for name in (*_SAID, "retry_intervals_days")}
