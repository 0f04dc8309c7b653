"""Links a provider's customer with the app's own, because the app says so and no provider knows."""

from __future__ import annotations

from billing.operations.follow_tax_ids import follow_tax_ids
from billing.operations.grant_package import grant_unclaimed_packages
from billing.operations.link_subscriptions import link_subscriptions
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.customer import LinkCustomer
from models.customer import Customer


def link_customer(unit: UnitOfWork, command: LinkCustomer) -> tuple[Customer, str | None]:
    """Set the customer's `external_ref`; returns the row and the link before. The same link again changes nothing.

    Raises:
        Rejected: `linked_to_another`, unless the command says `move`.
    """
    row = unit.row(Customer, command.source, command.customer_ref)
    before = row.external_ref
    if before == command.external_ref:
        return row, before
    if before is not None and not command.move:
        raise Rejected(
            "linked_to_another",
            f"{command.source} {command.customer_ref} is linked with another customer of the app",
            {"current": before, "limit": 1},
        )
    row.external_ref = command.external_ref
    row.updated_at = max(row.updated_at, unit.now)
    unit.audit(
        "customer.linked",
        Customer.NAME,
        row.id,
        before={"external_ref": before},
        after={"external_ref": command.external_ref},
    )
    link_subscriptions(unit, row, before)
    unit.later(follow_tax_ids, command.external_ref)
    grant_unclaimed_packages(unit, row)
    return row, before
