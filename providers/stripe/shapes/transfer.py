"""Stripe's transfers: from the platform to a connected account. Before 2017-04-06 payouts were called so as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.event import Event
from billing.rules.facts.transfer import TransferFact
from billing.rules.states_money_out import TRANSFER, transfer_status
from providers import fields
from providers.stripe.shapes import reading as read


def transfer(event: Event) -> TransferFact:
    """The transfer that the event's object is."""
    obj = event.object
    said = fields.text(obj, "status")
    amount, back = fields.whole(obj, "amount"), fields.whole(obj, "amount_reversed")
    status = transfer_status(
        said if isinstance(said, str) else None,
        amount if isinstance(amount, int) else None,
        back if isinstance(back, int) else None,
    )
    return TransferFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=read.version(event, TRANSFER, status),
        amount_minor=amount,
        reversed_minor=back,
        currency=read.currency(obj),
        provider_status=said,
        failure_code=fields.text(obj, "failure_code"),
        failure_message=fields.text(obj, "failure_message"),
        destination_ref=_account(obj),
        destination_payment_ref=read.ref(obj, "destination_payment"),
        charge_ref=_charge(obj),
        account_ref=event.account,
        balance_transaction_ref=read.ref(obj, "balance_transaction"),
        transfer_group=fields.text(obj, "transfer_group"),
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created"),
    )


def _account(obj: Mapping[str, Any]) -> str | Unset | None:
    """The connected account; a transfer of old may name a bank account there, which is none."""
    named = read.ref(obj, "destination")
    return named if not isinstance(named, str) or named.startswith("acct_") else UNSET


def _charge(obj: Mapping[str, Any]) -> str | Unset | None:
    named = read.ref(obj, "source_transaction")
    return named if not isinstance(named, str) or named.startswith(("ch_", "py_")) else UNSET
