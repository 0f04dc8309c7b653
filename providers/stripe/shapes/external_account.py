"""Stripe's external accounts: the bank accounts and debit cards that a connected account is paid out to."""

from __future__ import annotations

from billing.rules.facts.base import UNSET
from billing.rules.facts.event import Event
from billing.rules.facts.external_account import ExternalAccountFact
from billing.rules.states_money_out import EXTERNAL_ACCOUNT
from providers import fields
from providers.stripe.shapes import reading as read

_KINDS = frozenset({"bank_account", "card"})


def external_account(event: Event) -> ExternalAccountFact:
    """The bank account or card that the event's object is; deleted for good by the event that says so."""
    obj = event.object
    gone = event.type.endswith(".deleted") or obj.get("deleted") is True
    said = fields.optional(obj, "status")
    status = "deleted" if gone else EXTERNAL_ACCOUNT.read(said or "new")
    kind = fields.text(obj, "object")
    account = read.ref(obj, "account")
    return ExternalAccountFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=read.version(event, EXTERNAL_ACCOUNT, status),
        kind=kind if not isinstance(kind, str) or kind in _KINDS else "unknown",
        status=status,
        provider_status=said if "status" in obj else UNSET,
        account_ref=account if isinstance(account, str) else event.account or UNSET,
        bank_name=fields.text(obj, "bank_name" if "bank_name" in obj else "brand"),
        country=fields.text(obj, "country"),
        currency=read.currency(obj),
        last4=fields.text(obj, "last4"),
        holder_kind=fields.text(obj, "account_holder_type"),
        fingerprint=fields.text(obj, "fingerprint"),
        default_for_currency=read.flag(obj, "default_for_currency"),
        deleted_at=event.occurred_at if gone else UNSET,
    )
