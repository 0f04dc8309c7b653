"""Says who a customer of the app is and how he pays (SUB-9); his customer at the provider is linked with him in the same step."""

from __future__ import annotations

from billing.operations.collect_invoice import collectable
from billing.operations.collect_open import collect_open_later
from billing.operations.derive_account_status import derive_later
from billing.operations.link_customer import link_customer
from billing.operations.own_row import own_row
from billing.operations.try_new_method import method_chosen
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.customer import LinkCustomer
from billing.rules.commands.subscribers import DefineSubscriber
from billing.rules.email_address import normalised
from models.base import OWN_SOURCE
from models.subscriber import Subscriber

_SAID = (
    "country", "language", "zone", "segment", "pay_source", "pay_customer_ref", "payment_method_ref", "dunning_policy_ref"
)  # fmt: skip
_TAKEN = """SELECT external_id FROM bursar.subscriber
            WHERE pay_source = %(source)s AND pay_customer_ref = %(customer)s AND external_id <> %(own)s"""


def define_subscriber(unit: UnitOfWork, command: DefineSubscriber) -> Subscriber:
    """The subscriber as the command wants him; the same again changes nothing.

    Raises:
        Rejected: `customer_taken`, `linked_to_another`, `erased`.
    """
    row = unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref)
    if row.erased_at is not None:
        told = f"{command.subscriber_ref} was forgotten on demand; who comes again comes under a new id"
        raise Rejected("erased", told, {"field": "subscriber_ref"})
    if command.pay_customer_ref and (command.pay_source == "stripe" or command.pay_source == "paypal"):
        bound = {"source": command.pay_source, "customer": command.pay_customer_ref, "own": command.subscriber_ref}
        if others := unit.committed(_TAKEN, bound):
            current = others[0]["external_id"]
            raise Rejected("customer_taken", f"{command.pay_customer_ref} is another subscriber's", {"current": current, "limit": 1})
        link_customer(
            unit, LinkCustomer(source=command.pay_source, customer_ref=command.pay_customer_ref, external_ref=command.subscriber_ref)
        )
    row, new = own_row(unit, Subscriber, OWN_SOURCE, command.subscriber_ref)
    could_be = collectable(row)
    before = {name: getattr(row, name) for name in (*_SAID, "name", "email")}
    for name in _SAID:
        setattr(row, name, getattr(command, name))
    row.name, row.email = command.full_name, normalised(command.email) if command.email else None
    after = {name: getattr(row, name) for name in (*_SAID, "name", "email")}
    if before["payment_method_ref"] != row.payment_method_ref and not new:  # nothing is overdue of one whom nobody knew
        method_chosen(unit, row.external_id, row.payment_method_ref)
    if collectable(row) and not could_be and not new:
        collect_open_later(unit, row.external_id)
    if new:
        derive_later(unit, row.external_id)
    if new or before != after:
        # Names and addresses stay out of the audit, which keeps everything for ever.
        changed = sorted(name for name in after if after[name] != before[name])
        shown = {name: after[name] for name in changed if name not in ("email", "name")}
        unit.audit("subscriber.defined", Subscriber.NAME, row.id, before=None, after={"changed": changed, **shown})
    return row
