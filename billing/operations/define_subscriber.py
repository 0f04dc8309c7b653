"""Says who a customer of the app is and how he pays (SUB-9); his customer at the provider is linked with him in the same step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from billing.operations.ask_once import ask_once
from billing.operations.collect_invoice import collectable
from billing.operations.collect_open import collect_open_later
from billing.operations.derive_account_status import derive_later
from billing.operations.link_customer import link_customer
from billing.operations.link_subscriptions import subscriptions_of
from billing.operations.own_row import own_row
from billing.operations.try_new_method import method_chosen
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command, Rejected
from billing.rules.commands.customer import LinkCustomer
from billing.rules.commands.subscribers import DefineSubscriber
from billing.rules.email_address import normalised
from billing.rules.facts.base import Fact
from models.base import OWN_SOURCE
from models.bulk import as_json
from models.customer import Customer
from models.subscriber import Subscriber

_SAID = (
    "country", "language", "zone", "segment", "pay_source", "pay_customer_ref", "payment_method_ref", "dunning_policy_ref"
)  # fmt: skip
_PAY_SOURCES = frozenset({"stripe", "paypal"})
_PAYERS = """SELECT s.pay_source, s.pay_customer_ref, s.external_id
             FROM json_to_recordset(%(customers)s::json) AS c (source text, ref text)
             JOIN bursar.subscriber s ON s.pay_source = c.source AND s.pay_customer_ref = c.ref ORDER BY s.external_id"""


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
        customer = (command.pay_source, command.pay_customer_ref)
        for other in payers(unit, [customer])[customer]:
            if other != command.subscriber_ref:
                raise Rejected("customer_taken", f"{command.pay_customer_ref} is another subscriber's", {"current": other, "limit": 1})
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


def expect_subscribers(unit: UnitOfWork, told: Sequence[tuple[datetime, Fact | Command]]) -> None:
    """Look ahead for all of a batch; their customers at providers are loaded already."""
    customers = {
        (command.pay_source, command.pay_customer_ref): command.subscriber_ref
        for _, command in told
        if isinstance(command, DefineSubscriber) and command.pay_customer_ref and command.pay_source in _PAY_SOURCES
    }
    payers(unit, customers)
    rows = {unit.row(Customer, *customer): subscriber for customer, subscriber in customers.items()}
    subscriptions_of(unit, [row for row, subscriber in rows.items() if row.external_ref != subscriber])


def payers(unit: UnitOfWork, customers: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    """Who says that he pays as these locked customers of providers; one query at most."""

    def ask(new: list[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
        for row in unit.committed(_PAYERS, {"customers": as_json([{"source": source, "ref": ref} for source, ref in new])}):
            yield (row["pay_source"], row["pay_customer_ref"]), row["external_id"]

    return ask_once(unit, "payers", customers, ask)
