"""`bursar payment`: money that was kept and pays for nothing yet, and saying what it was for (RECON-8, PAY-9)."""

from __future__ import annotations

import click

from billing.operations.assign_payment import assign_payment
from billing.rules.commands.assigned_payments import AssignPayment
from billing.rules.purpose import PURPOSES
from cli.billing_rows import JSON, LIMIT, carry_out, money, rows, said
from cli.printing import json_line, table
from cli.roles import action
from cli.trouble import nothing

_WAITING = """
    SELECT source, external_id AS payment, received_minor, coalesce(refunded_minor, 0) AS refunded_minor, currency,
           coalesce(customer_ref, adopted ->> 'customer_ref') AS customer, adopted ->> 'by' AS kept_by, adopted ->> 'reason' AS reason,
           provider_created_at
    FROM bursar.payment WHERE adopted IS NOT NULL AND adopted ->> 'purpose' IS NULL AND status = 'succeeded'
    ORDER BY id LIMIT %(limit)s"""


@click.group()
def payment() -> None:
    """Payments that pay for nothing yet: list them, say what one was for."""


@payment.command("unassigned")
@LIMIT
@JSON
@action("viewer")
def unassigned(limit: int, as_json: bool) -> None:
    """List money that was adopted without a purpose, oldest first: it is the payer's (`unapplied`) until somebody says what it was for."""
    found = rows(_WAITING, limit=limit)
    if not found:
        raise nothing("no adopted payment waits for a purpose", "`bursar recon findings --kind unknown_charge` lists what nobody kept")
    if as_json:
        for row in found:
            json_line(row)
        return
    table(("SOURCE", "PAYMENT", "RECEIVED", "WENT BACK", "CUSTOMER", "KEPT BY", "BECAUSE"), ((
        row["source"], row["payment"], money(row["received_minor"], row["currency"]), money(row["refunded_minor"], row["currency"]),
        row["customer"], row["kept_by"], row["reason"],
    ) for row in found))  # fmt: skip


@payment.command("assign")
@click.argument("reference", metavar="PAYMENT")
@click.option("--source", type=click.Choice(("stripe", "paypal")), default="stripe", show_default=True, help="Where it was made.")
@click.option("--purpose", type=click.Choice(tuple(PURPOSES)), required=True, help="What it was for.")
@click.option("--purpose-ref", metavar="ID", help="The app's id of it; of an invoice of ours its reference.")
@click.option("--customer", "customer_ref", metavar="ID", help="The provider's id of the customer; without it, the payment's own.")
@click.option("--reason", required=True, help="What you found out; it stands in the audit with your name.")
@action("finance")
def assign(reference: str, source: str, purpose: str, purpose_ref: str | None, customer_ref: str | None, reason: str) -> None:
    """Say what PAYMENT (the provider's id) was for: it is granted, once, as for any payment."""
    command = said(
        AssignPayment, source=source, payment_ref=reference, purpose=purpose, purpose_ref=purpose_ref, customer_ref=customer_ref,
        reason=reason,
    )  # fmt: skip
    look = f"bursar explain {source}:{reference}"
    _, row = carry_out(command, assign_payment, reason=reason, look=look, effect="nothing was granted")
    click.echo(f"{reference}: {row.purpose} {row.status}; {look}")
