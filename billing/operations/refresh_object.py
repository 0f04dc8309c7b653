"""Asks a provider for an object again, because the app wants to be sure of it."""

from __future__ import annotations

from collections.abc import Mapping

from billing.operations.unit import UnitOfWork
from billing.rules.commands.object import RefreshObject


def refresh_object(unit: UnitOfWork, command: RefreshObject, address: Mapping[str, str]) -> None:
    """One look-up per command: its key carries the time of the submission, so a replay asks for nothing more.

    Args:
        unit: the transaction.
        command: what the app wants.
        address: where the provider shows the object, escaped, under the name that its look-ups expect.
    """
    lane = f"{command.source}:{command.object_ref}"
    payload = {"kind": command.kind, "id": command.object_ref, "account": command.account, "lane": lane, **address}
    unit.send(
        f"{command.source}.fetch",
        key=f"{command.kind}:{command.object_ref}:app:{unit.now.isoformat()}",
        payload=payload,
        queue="payments",
        lane=lane,
    )
