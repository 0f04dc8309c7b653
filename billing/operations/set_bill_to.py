"""Says to whom a subscriber's papers are made out from now on; issued ones keep what they were issued with (INV-9)."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.say_vat_number import say_vat_number
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.bill_to import SetBillTo
from billing.rules.email_address import normalised
from models.base import OWN_SOURCE
from models.bill_to import BillTo
from models.subscriber import Subscriber

_SAID = (
    "kind", "name", "street", "city", "county", "postal_code", "country", "vat_id", "tax_number", "registration_no", "phone"
)  # fmt: skip
_SHOWN = frozenset({"kind", "country"})


def set_bill_to(unit: UnitOfWork, command: SetBillTo) -> BillTo:
    """As the command says; the same again changes nothing. A VAT number is checked.

    Raises:
        Rejected: `unknown_subscriber`, `erased`.
    """
    subscriber = unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref)
    if subscriber.incomplete:
        raise Rejected("unknown_subscriber", f"no subscriber {command.subscriber_ref} is defined", {"field": "subscriber_ref"})
    if subscriber.erased_at is not None:
        told = f"{command.subscriber_ref} was forgotten on demand; who comes again comes under a new id"
        raise Rejected("erased", told, {"field": "subscriber_ref"})
    row, new = own_row(unit, BillTo, OWN_SOURCE, command.subscriber_ref)
    before = {name: getattr(row, name) for name in (*_SAID, "email")}
    for name in set(_SAID) - {"name"}:
        setattr(row, name, getattr(command, name))
    row.name, row.email = command.full_name, normalised(command.email) if command.email else None
    say_vat_number(unit, row)
    after = {name: getattr(row, name) for name in (*_SAID, "email")}
    if new or before != after:
        # Names, addresses and numbers stay out of the audit, which keeps everything for ever.
        changed = sorted(name for name in after if after[name] != before[name])
        shown = {name: after[name] for name in changed if name in _SHOWN}
        unit.audit("bill_to.set", BillTo.NAME, row.id, before=None, after={"changed": changed, **shown})
    return row
