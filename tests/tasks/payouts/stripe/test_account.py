"""Connected accounts and their bank accounts and cards are mirrored; what is gone stays gone."""

from __future__ import annotations

from typing import Any

import pytest

from billing.rules.facts.event import Event
from tests.factories.stripe_money_out import T0, stripe_event
from tests.factories.telling import Teller

BANK: dict[str, Any] = {
    "id": "ba_1",
    "object": "bank_account",
    "account": "acct_1",
    "last4": "6789",
    "currency": "eur",
    "country": "DE",
    "status": "new",
    "routing_number": "110000000",
}


def bank(event: str, after_s: int, **more: Any) -> Event:
    event_type = f"account.external_account.{event}"
    return stripe_event(event_type, BANK | more, event_id=f"evt_{event}_{after_s}", after_s=after_s)


def account(after_s: int, **more: Any) -> Event:
    obj = {"id": "acct_1", "type": "express", "charges_enabled": True, "payouts_enabled": True} | more
    return stripe_event("account.updated", obj, event_id=f"evt_{after_s}", after_s=after_s, account="acct_1")


@pytest.mark.requirement("INBOX-8", "PAYOUT-8")
def test_a_bank_account_comes_is_verified_and_goes(teller: Teller) -> None:
    teller.tell(bank("created", 0), bank("updated", 1, status="verified"), bank("deleted", 2, status="verified"))
    row = teller.only("external_account")
    assert (row["status"], row["deleted_at"], row["last4"]) == ("deleted", T0.replace(second=2), "6789")
    assert row["account_id"] == teller.only("account")["id"]
    steps = [
        (before and before["status"], after["status"]) for before, after in teller.moves("external_account.status")
    ]
    assert steps == [(None, "new"), ("new", "verified"), ("verified", "deleted")]


@pytest.mark.requirement("INBOX-17", "PAYOUT-8")
def test_what_was_deleted_does_not_come_back(teller: Teller) -> None:
    teller.tell(bank("deleted", 2), bank("updated", 9), bank("created", 0))
    assert teller.only("external_account")["status"] == "deleted"


@pytest.mark.requirement("SEC-3")
def test_no_more_than_the_last_digits_of_a_number_is_stored(teller: Teller) -> None:
    teller.tell(bank("created", 0))
    assert "110000000" not in repr(teller.rows("external_account")) + repr(teller.rows("audit"))


@pytest.mark.requirement("PAYOUT-13", "AUDIT-2")
def test_an_account_that_is_disabled_is_seen_and_audited(teller: Teller) -> None:
    disabled = {"payouts_enabled": False, "requirements": {"disabled_reason": "requirements.past_due"}}
    teller.tell(account(0), account(1, **disabled), account(1, **disabled))
    row = teller.only("account")
    assert (row["charges_enabled"], row["payouts_enabled"]) == (True, False)
    assert row["disabled_reason"] == "requirements.past_due"
    assert teller.moves("account.rights")[1:] == [
        ({"payouts_enabled": True}, {"payouts_enabled": False, "disabled_reason": "requirements.past_due"})
    ]


@pytest.mark.requirement("PAYOUT-13")
def test_an_older_snapshot_does_not_enable_it_again(teller: Teller) -> None:
    teller.tell(account(5, payouts_enabled=False), account(1))
    assert teller.only("account")["payouts_enabled"] is False


def test_an_account_that_shuts_us_out(teller: Teller) -> None:
    authorized = stripe_event("account.application.authorized", {"id": "ca_1"}, event_id="evt_a", account="acct_1")
    gone = stripe_event(
        "account.application.deauthorized", {"id": "ca_1"}, event_id="evt_b", account="acct_1", after_s=9
    )
    teller.tell(gone, authorized, account(3))
    row = teller.only("account")
    assert (row["authorized"], row["kind"]) == (False, "express")
