"""Which dunning policies there are, read without locking them: every failed payment asks (DUN-1)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.operations.ask_once import ask_once
from billing.operations.catalogue import products_of
from billing.operations.unit import UnitOfWork
from billing.rules.dunning import MANUAL, TEMPLATES, Policy, chosen
from models.invoice import Invoice
from models.subscriber import Subscriber

_DEFINED = """SELECT external_id AS key, retry_intervals_days, charges, suspend_after_days, terminate_after_days, mails, template_prefix
              FROM bursar.dunning_policy WHERE versions <> '{}' AND external_id = ANY (%(keys)s)"""


def defined_policies(unit: UnitOfWork, keys: list[str]) -> dict[str, Policy]:
    """Those of the keys that were defined by command; one query at most."""

    def ask(new: list[str]) -> Iterator[tuple[str, Policy]]:
        for row in unit.committed(_DEFINED, {"keys": new}):
            days = tuple(int(one) for one in row.pop("retry_intervals_days") or ())
            prefix = row.pop("template_prefix") or TEMPLATES
            yield row["key"], Policy(**row, retry_intervals_days=days, template_prefix=prefix)

    return {key: one for key, found in ask_once(unit, "dunning policies", keys, ask).items() for one in found}


def policy_for(unit: UnitOfWork, subscriber: Subscriber, invoice: Invoice) -> Policy:
    """The policy by which a failed payment of this invoice is followed."""
    sold = products_of(unit, [invoice.product_ref]).get(invoice.product_ref) if invoice.product_ref else None
    product = sold.dunning_policy_ref if sold else None
    keys = [key for key in (subscriber.dunning_policy_ref, product, "standard") if key is not None]
    return chosen(subscriber.dunning_policy_ref, product, defined_policies(unit, keys))


def manual_policy(unit: UnitOfWork) -> Policy:
    """The policy of whoever pays by himself (DUN-8)."""
    return defined_policies(unit, [MANUAL.key]).get(MANUAL.key) or MANUAL
