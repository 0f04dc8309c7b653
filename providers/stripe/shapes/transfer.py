"""Stripe's transfers: from the platform to a connected account. Before 2017-04-06 payouts were called so as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.event import Event
from billing.rules.facts.transfer import TransferFact
from billing.rules.facts.transfer_reversal import TransferReversalFact
from billing.rules.request_tag import request_named
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


def reversals(event: Event) -> list[TransferReversalFact]:
    """The reversals in the transfer that we asked for ourselves; Stripe shows the newest ten."""
    found = []
    for part in read.listed(event.object, "reversals"):
        named = request_named(fields.mapping(part, "metadata")) if part.get("metadata") else None
        if named is None or named.request_type != TransferReversalFact.AGGREGATE:
            continue
        found.append(
            TransferReversalFact(
                source=event.source,
                external_id=named.reference,
                version=read.version(event),
                reversal_ref=fields.needed(part, "id"),
                transfer_ref=fields.needed(event.object, "id"),
            )
        )
    return found


def _account(obj: Mapping[str, Any]) -> str | Unset | None:
    """The connected account; a transfer of old may name a bank account there, which is none."""
    named = read.ref(obj, "destination")
    return named if not isinstance(named, str) or named.startswith("acct_") else UNSET


def _charge(obj: Mapping[str, Any]) -> str | Unset | None:
    named = read.ref(obj, "source_transaction")
    return named if not isinstance(named, str) or named.startswith(("ch_", "py_")) else UNSET
