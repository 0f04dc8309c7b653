"""Creates a connected account at the provider, and links under which its owner tells it who he is (PAYOUT-13)."""

from __future__ import annotations

from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.accounts import ConnectAccount
from billing.rules.commands.base import Rejected
from billing.rules.email_address import normalised
from billing.rules.states_requests import ACCOUNT_REQUEST
from models.account_request import AccountRequest

_LANE = "{source}:owner:{owner}"


def connect_account(unit: UnitOfWork, command: ConnectAccount) -> AccountRequest:
    """Ask for the account; for a new link, if it exists; for nothing, while it is being made.

    Raises:
        Rejected: `country_of_another`.
    """
    row, new = own_row(unit, AccountRequest, command.source, command.external_ref)
    if not new and row.status != "failed" and row.country != command.country:
        raise Rejected("country_of_another", f"the account is one of {row.country}", {"current": row.country, "field": "country"})
    row.email, row.country = normalised(command.email), command.country
    row.return_url, row.refresh_url, row.actor = command.return_url, command.refresh_url, unit.actor
    if row.status == "created":
        ask_link(unit, row)
    elif row.status != "requested":
        _ask_account(unit, row)
    return row


def ask_link(unit: UnitOfWork, row: AccountRequest) -> None:
    """One more link for a locked request whose account exists."""
    row.link_attempt = (row.link_attempt or 0) + 1
    unit.submit(
        "account_link.create",
        row,
        values={
            "account_ref": row.account_ref,
            "return_url": row.return_url,
            "refresh_url": row.refresh_url,
            "params": {"type": "account_onboarding"},
        },
        attempt=row.link_attempt,
        queue="payouts",
        lane=f"{row.source}:{row.account_ref}",
    )


def _ask_account(unit: UnitOfWork, row: AccountRequest) -> None:
    before, row.status = row.status, "requested"
    row.create_attempt, row.requested_at = (row.create_attempt or 0) + 1, unit.now
    row.failure_code = row.failure_message = None
    move_status(unit, row, ACCOUNT_REQUEST, before, "requested", {"country": row.country})
    unit.submit(
        "account.create",
        row,
        values={
            "email": row.email,
            "params": {
                "type": "express",
                "country": row.country,
                "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
                # Payouts are made from here (PAYOUT-1, 2); the provider's own schedule would be a second hand in the purse.
                "settings": {"payouts": {"schedule": {"interval": "manual"}}},
                "metadata": {"external_ref": row.external_id},
            },
        },
        attempt=row.create_attempt,
        queue="payouts",
        lane=_LANE.format(source=row.source, owner=row.external_id),
    )
