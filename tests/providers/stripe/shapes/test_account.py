"""Stripe's connected accounts, and where they are paid out to, become facts that keep no secret."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from billing.rules.facts.base import UNSET
from providers.stripe.shapes.account import account, authorization
from providers.stripe.shapes.external_account import external_account
from tests.factories.stripe_money_out import T0, stripe_event


@pytest.mark.requirement("PAYOUT-13")
class TestAccount:
    def test_an_account_of_today(self) -> None:
        obj = {
            "id": "acct_1",
            "type": "express",
            "email": " Ann@Example.org ",
            "default_currency": "eur",
            "charges_enabled": True,
            "payouts_enabled": False,
            "capabilities": {"transfers": "active"},
            "requirements": {
                "currently_due": ["external_account"],
                "disabled_reason": "requirements.past_due",
                "errors": [],
            },
        }
        fact = account(stripe_event("account.updated", obj, account="acct_1"))
        assert (fact.email, fact.currency, fact.payouts_enabled) == ("ann@example.org", "EUR", False)
        assert (fact.requirements, fact.disabled_reason) == (
            {"currently_due": ["external_account"]},
            "requirements.past_due",
        )
        assert fact.authorized is UNSET

    def test_an_account_of_before_2017(self) -> None:
        obj = {
            "id": "acct_1",
            "transfers_enabled": True,
            "verification": {"fields_needed": ["dob"], "disabled_reason": None},
        }
        fact = account(stripe_event("account.updated", obj))
        assert (fact.payouts_enabled, fact.requirements) == (True, {"currently_due": ["dob"], "current_deadline": None})

    def test_authorisation_belongs_to_the_account_in_the_envelope(self) -> None:
        event = stripe_event("account.application.deauthorized", {"id": "ca_1"}, account="acct_1")
        [fact] = authorization(event, authorized=False)
        assert (fact.external_id, fact.authorized) == ("acct_1", False)
        assert fact.version > authorization(event, authorized=True)[0].version

    def test_authorisation_of_no_account_says_nothing(self) -> None:
        assert authorization(stripe_event("account.application.authorized", {"id": "ca_1"}), authorized=True) == []


@pytest.mark.requirement("PAYOUT-8")
class TestExternalAccount:
    BANK: ClassVar[dict[str, Any]] = {
        "id": "ba_1",
        "object": "bank_account",
        "account": "acct_1",
        "last4": "6789",
        "currency": "eur",
        "country": "DE",
        "bank_name": "Test Bank",
        "routing_number": "110000000",
        "account_holder_name": "Ann",
        "status": "verified",
    }

    def test_only_the_last_digits_are_kept(self) -> None:
        fact = external_account(stripe_event("account.external_account.created", self.BANK))
        said = dict(fact.said())
        assert said["last4"] == "6789"
        assert not {"110000000", "Ann"} & {str(value) for value in said.values()}

    def test_deleted_is_final(self) -> None:
        gone = external_account(stripe_event("account.external_account.deleted", self.BANK))
        later = external_account(stripe_event("account.external_account.updated", self.BANK, after_s=60))
        assert (gone.status, gone.deleted_at) == ("deleted", T0)
        assert gone.version > later.version

    def test_a_card_has_no_status_and_may_name_its_account_in_the_envelope_only(self) -> None:
        card = {"id": "card_1", "object": "card", "brand": "Visa", "last4": "4242"}
        fact = external_account(stripe_event("account.external_account.created", card, account="acct_1"))
        assert (fact.kind, fact.status, fact.account_ref, fact.bank_name) == ("card", "new", "acct_1", "Visa")
