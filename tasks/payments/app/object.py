"""`billing.object.*`: what the app wants of providers' objects of any kind."""

from __future__ import annotations

from collections.abc import Mapping

from billing.operations.refresh_object import refresh_object
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command, Rejected
from billing.rules.commands.object import RefreshAsked, RefreshObject
from billing.rules.facts.event import Event
from providers.app.read_command import read_command
from providers.paypal import paths as paypal
from providers.stripe import paths as stripe

_PATHS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "stripe": ("url", stripe.PATHS),
    "paypal": ("path", paypal.PATHS),
}
"""Provider -> the name under which its look-ups expect the address, and where it shows which kind."""


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def refresh(unit: UnitOfWork, command: RefreshObject) -> RefreshAsked:
    """Look the object up at its provider; the answer enters the inbox by itself."""
    name, paths = _PATHS[command.source]
    if command.kind not in paths:
        raise Rejected(
            "kind_not_mirrored",
            f"no {command.kind} is looked up at {command.source}",
            {"current": command.kind, "limit": sorted(paths)},
        )
    show = stripe.path if command.source == "stripe" else paypal.path
    refresh_object(unit, command, {name: show(command.kind, command.object_ref)})
    return RefreshAsked(source=command.source, kind=command.kind, object_ref=command.object_ref)
