"""Stripe's connected accounts, and whether our application may still act for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rules.email_address import normalised
from billing.rules.facts.account import AccountFact
from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.event import Event
from providers import fields
from providers.stripe.shapes import reading as read

_WANTED = ("currently_due", "eventually_due", "past_due", "pending_verification", "current_deadline")


def account(event: Event) -> AccountFact:
    """The account that the event's object is."""
    obj = event.object
    email = fields.text(obj, "email")
    return AccountFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=read.version(event),
        kind=fields.text(obj, "type"),
        email=normalised(email) if isinstance(email, str) else email,
        country=fields.text(obj, "country"),
        currency=read.currency(obj, "default_currency"),
        charges_enabled=read.flag(obj, "charges_enabled"),
        # `transfers_enabled` until 2017-04-06, when Stripe renamed transfers to payouts.
        payouts_enabled=read.flag(obj, "payouts_enabled" if "payouts_enabled" in obj else "transfers_enabled"),
        details_submitted=read.flag(obj, "details_submitted"),
        disabled_reason=_disabled_reason(obj),
        requirements=_requirements(obj),
        capabilities=dict(fields.mapping(obj, "capabilities")) if "capabilities" in obj else UNSET,
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created"),
    )


def authorization(event: Event, *, authorized: bool) -> list[AccountFact]:
    """Whether the account in the envelope lets our application act for it; an event that names no account says nothing.

    Taking the right away ranks above giving it in the same second: to believe it gone is the harmless error.
    """
    if event.account is None:
        return []
    version = read.version(event, grown=0 if authorized else 1)
    return [
        AccountFact(source=event.source, external_id=event.account, version=version, authorized=authorized),
    ]


def _disabled_reason(obj: Mapping[str, Any]) -> str | Unset | None:
    for name in ("requirements", "verification"):  # `verification` until 2019-02-19
        if name in obj:
            return fields.text(fields.mapping(obj, name), "disabled_reason")
    return UNSET


def _requirements(obj: Mapping[str, Any]) -> dict[str, Any] | Unset:
    if "requirements" in obj:
        held = fields.mapping(obj, "requirements")
        return {name: held[name] for name in _WANTED if name in held}
    if "verification" in obj:
        held = fields.mapping(obj, "verification")
        return {"currently_due": held.get("fields_needed") or [], "current_deadline": held.get("due_by")}
    return UNSET
