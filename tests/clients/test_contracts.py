"""The client's commands are Bursar's commands: same names, queues and fields; what one writes the other reads."""

from __future__ import annotations

import dataclasses
import json
import typing
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from billing.rules.commands.base import COMMANDS
from bursar_client.command import Command
from bursar_client.commands import TYPED
from tests.factories.documents import SELLER
from tests.harness.processes import ROOT
from workers.routes import ROUTES
from workers.routing import preload

CONTRACTS = ROOT / "contracts"


def _fields(kind: type[Any]) -> dict[str, tuple[object, object]]:
    """Name -> (type, default) of a dataclass's own fields."""
    hints = typing.get_type_hints(kind)
    return {field.name: (hints[field.name], field.default) for field in dataclasses.fields(kind)}


def test_there_is_a_class_for_each_command() -> None:
    preload()
    assert {kind.NAME: kind.QUEUE for kind in TYPED} == ROUTES["app"]
    assert {kind.NAME: _fields(kind) for kind in TYPED} == {name: _fields(kind) for name, kind in COMMANDS.items()}


@pytest.mark.parametrize("kind", TYPED, ids=lambda kind: kind.NAME)
def test_the_contract_says_the_same(kind: type[Command]) -> None:
    contract = json.loads((CONTRACTS / f"{kind.NAME}.schema.json").read_text(encoding="utf-8"))
    own = _fields(kind)
    assert (contract["title"], contract["x-queue"]) == (kind.NAME, kind.QUEUE)
    assert set(contract["properties"]) == set(own)
    assert set(contract["required"]) == {name for name, (_, default) in own.items() if default is dataclasses.MISSING}
    documented = kind.__doc__ or ""
    assert [name for name in contract["x-result"]["properties"] if f"`{name}`" not in documented] == []
    assert [code for code in contract["x-refusals"] if f"`{code}`" not in documented and code != "invalid_payload"] == []


def _samples() -> dict[str, dict[str, Any]]:
    samples: dict[str, dict[str, Any]] = {
        "billing.customer.link.v1": {"source": "stripe", "customer_ref": "cus_1", "external_ref": "u1"},
        "billing.bank_transfer.report.v1": {"reference": "RF18", "amount_minor": 500, "currency": "EUR", "pays": "INV-1"},
        "billing.object.refresh.v1": {"source": "paypal", "kind": "capture", "object_ref": "8F1"},
    }
    samples |= {
        "billing.accounts.connect.v1": {
            "source": "stripe", "external_ref": "org-1", "email": "o@example.com", "country": "RO",
            "return_url": "https://a.example/back", "refresh_url": "https://a.example/again",
        },
        "billing.payouts.request.v1": {"source": "stripe", "account_ref": "acct_1", "reference": "P-1", "currency": "EUR"},
        "billing.payouts.cancel.v1": {"source": "stripe", "reference": "P-1", "reason": "a mistake"},
        "billing.payouts.schedule.v1": {
            "source": "stripe", "account_ref": "acct_1", "schedule": "monthly", "day": 31, "minimums_minor": {"EUR": 2500},
        },
        "billing.payouts.statement.v1": {"source": "stripe", "account_ref": "acct_1", "month": "2027-03", "zone": "Europe/Bucharest"},
        "billing.payout_holds.open.v1": {"source": "stripe", "account_ref": "acct_1", "reference": "H-1", "reason": "fraud"},
        "billing.payout_holds.release.v1": {"source": "stripe", "reference": "H-1", "reason": "cleared"},
    }  # fmt: skip
    paid = {"source": "stripe", "reference": "order:17"}
    samples |= {
        "billing.payments.request.v1": {**paid, "amount_minor": 500, "currency": "EUR", "customer_ref": "cus_1"},
        "billing.payments.retry.v1": {**paid, "attempt": 2},
        "billing.payments.cancel.v1": {**paid, "reason": "ordered twice"},
        "billing.payments.confirm.v1": paid,
        "billing.payments.assign.v1": {"source": "stripe", "payment_ref": "pi_1", "purpose": "event_registration", "reason": "said"},
        "billing.checkout.start.v1": {
            **paid, "purpose": "credit_package", "purpose_ref": "cp-5", "description": "500 credits", "amount_minor": 900,
            "currency": "EUR", "success_url": "https://a.example/thanks", "cancel_url": "https://a.example/cart",
        },
        "billing.checkout.confirm.v1": paid,
        "billing.checkout.expire.v1": {**paid, "reason": "sold out"},
        "billing.customers.create.v1": {"source": "stripe", "external_ref": "user-7", "full_name": "Ann Lee"},
    }  # fmt: skip
    handed_in = {"reference": "RF18", "amount_minor": 500, "currency": "PKR", "country": "PK", "purpose": "credit_package"}
    contested = {"source": "stripe", "dispute_ref": "dp_1"}
    samples |= {
        "billing.debts.write_off.v1": {
            "source": "stripe", "account_ref": "acct_1", "reference": "W-1", "currency": "EUR", "reason": "insolvent", "amount_minor": 500,
        },
        "billing.bank_transfers.submit.v1": handed_in,
        "billing.bank_transfers.approve.v1": {"reference": "RF18", "received_on": "2027-03-31", "reason": "statement 12"},
        "billing.bank_transfers.reject.v1": {"reference": "RF18", "reason": "nothing came"},
        "billing.disputes.submit_evidence.v1": {**contested, "reference": "E-1", "evidence": {"uncategorized_text": "delivered"}},
        "billing.disputes.accept.v1": {**contested, "reference": "A-1", "reason": "our mistake"},
        "billing.disputes.note.v1": {**contested, "text": "called the payer", "assign_to": "anna"},
    }
    return samples


def _credits_and_usage() -> dict[str, dict[str, Any]]:
    given = {"subscriber_ref": "user-7", "reference": "op-1"}
    return {
        "billing.credits.spend.v1": {**given, "amount": 3, "site": "studio", "operation": "summary", "model": "large"},
        "billing.credits.give_back.v1": {**given, "reason": "timed out"},
        "billing.credits.grant.v1": {**given, "amount": 50, "reason": "welcome", "valid_months": 3},
        "billing.credits.adjust.v1": {**given, "amount": -5, "reason": "counted twice"},
        "billing.credits.buy.v1": {**given, "product": "credits-500", "currency": "EUR", "collect": True},
        "billing.meters.define.v1": {
            "meter": "storage", "title": "Storage", "category": "storage", "aggregation": "max", "rounding": "up", "unit_size": 1_000,
            "alert_percents": (50, 90), "provider_event_name": "gb",
        },
        "billing.usage.record.v1": {"events": ({"subscriber_ref": "user-7", "meter": "storage", "key": "e1", "quantity": 7},)},
    }  # fmt: skip


def _organisations() -> dict[str, dict[str, Any]]:
    of, at = {"organisation_ref": "org-1"}, datetime(2027, 3, 1, tzinfo=UTC)
    return {
        "billing.memberships.changed.v1": {
            **of, "user_ref": "user-7", "change": "added", "at": at, "role": "organizer", "courses": ("c1",),
        },
        "billing.invitations.create.v1": {**of, "reference": "i-1", "role": "organizer", "expires_in_days": 3},
        "billing.invitations.accept.v1": {**of, "reference": "i-1", "user_ref": "user-7", "at": at},
        "billing.invitations.cancel.v1": {**of, "reference": "i-1", "reason": "a mistake"},
        "billing.organisations.set_policy.v1": {**of, "quantity_mode": "bought", "invitations_reserve": True, "window_s": 300},
        "billing.organisations.delete.v1": {
            **of, "reason": "closed", "assets": "transfer", "assets_to": "org-2", "accounts": ("stripe acct_1",),
        },
    }  # fmt: skip


def _dunning_and_trials() -> dict[str, dict[str, Any]]:
    return {
        "billing.trials.start.v1": {
            "subscriber_ref": "user-7", "reference": "sub-1", "product": "pro", "currency": "EUR", "cycle_unit": "year", "quantity": 2,
        },
        "billing.dunning_policies.define.v1": {
            "reference": "patient", "retry_intervals_days": (2, 5, 9), "suspend_after_days": 10, "terminate_after_days": 20,
        },
    }  # fmt: skip


def _money_back() -> dict[str, dict[str, Any]]:
    refund = {"source": "stripe", "reference": "REF-20260301-7K3M9QXA"}
    asked = {"source": "stripe", "acting_for": "platform", "reason": "cancellation"}
    found = {"source": "stripe", "finding": "missing_here:charge:ch_1", "reason": "looked into"}
    return {
        "billing.recon.run.v1": {
            "source": "stripe", "since": datetime(2027, 3, 1, tzinfo=UTC), "until": datetime(2027, 4, 1, tzinfo=UTC),
            "objects": ("charge", "refund"), "reason": "the month's end",
        },
        "billing.recon.repair.v1": found,
        "billing.recon.accept.v1": found,
        "billing.refunds.request.v1": {**asked, "key": "r1", "payment_ref": "pi_1", "amount_minor": 500},
        "billing.refunds.request_batch.v1": {**asked, "reference": "b1", "payments": ("pi_1", "pi_2")},
        **{f"billing.refunds.{verb}.v1": {**refund, "reason": "looked at"} for verb in ("approve", "reject", "cancel")},
        "billing.refunds.note.v1": {**refund, "text": "rang twice"},
        "billing.bank_refunds.sent.v1": {
            "reference": refund["reference"], "bank_reference": "OUT-1", "sent_on": "2027-03-31", "reason": "statement 12",
        },
        "billing.bank_refunds.returned.v1": {"reference": refund["reference"], "reason": "account closed"},
    }  # fmt: skip


def _promo_samples() -> dict[str, dict[str, Any]]:
    order = {"reference": "order:17"}
    return {
        "billing.campaigns.define.v1": {
            "reference": "spring", "title": "Spring", "kind": "fixed", "amount_minor": 500, "currency": "EUR", "segments": ("new",),
            "starts_on": "2027-03-01", "ends_on": "2027-03-31", "zone": "Europe/Bucharest", "max_uses": 100, "max_per_customer": 1,
        },
        "billing.campaigns.end.v1": {"reference": "spring", "reason": "sold out"},
        "billing.promo_codes.issue.v1": {"campaign": "spring", "codes": ("SPRING5",), "max_uses": 10},
        "billing.promo_codes.withdraw.v1": {"campaign": "spring", "codes": ("SPRING5",), "reason": "leaked"},
        "billing.promo_codes.reserve.v1": {
            **order, "code": "spring5", "subscriber_ref": "user-7", "currency": "EUR",
            "unit_amounts_minor": (900, 100), "quantities": (1, 2),
        },
        "billing.promo_codes.consume.v1": order,
        "billing.promo_codes.release.v1": {**order, "because": "cancelled_registration"},
    }  # fmt: skip


def _price_samples() -> dict[str, dict[str, Any]]:
    return {
        "billing.prices.publish.v1": {
            "product": "pro", "currency": "EUR", "unit_amount_minor": 2_500, "effective_for_existing_at": "2027-03-01T00:00:00+00:00",
            "reason": "costs rose", "version": 2,
        },
        "billing.prices.grandfather.v1": {
            "subscriber_ref": "user-7", "price": "pro:1month:EUR:v1", "expires_at": "2028-01-01T00:00:00Z", "reason": "promised",
        },
        "billing.prices.override.v1": {
            "subscriber_ref": "user-7", "product": "pro", "currency": "EUR", "unit_amount_minor": 1_500, "reason": "agreed",
        },
        "billing.prices.migrate.v1": {
            "reference": "pro-2027", "from_price": "pro:1month:EUR:v1", "to_price": "pro:1month:EUR:v2", "mode": "dry_run",
            "reason": "look",
        },
        "billing.prices.stop_migration.v1": {"reference": "pro-2027", "reason": "complaints"},
        "billing.prices.resume_migration.v1": {"reference": "pro-2027", "reason": "answered"},
        "billing.prices.link.v1": {"price": "pro:1month:EUR:v2", "source": "stripe", "provider_ref": "price_v2", "reason": "made there"},
        "billing.prices.decide_move.v1": {
            "migration": "pro-2027", "source": "stripe", "subscription": "sub_x", "subscriber_ref": "user-7", "decision": "keep",
            "reason": "promised",
        },
    }  # fmt: skip


def _tax_samples() -> dict[str, dict[str, Any]]:
    return {
        "billing.tax_rates.define.v1": {
            "area": "RO", "kind": "standard", "valid_from": "2026-12-01", "percent": "23", "reason": "Law 1/2026",
        },
        "billing.fx_rates.record.v1": {
            "rate_source": "BNR", "base": "EUR", "quote": "RON", "valid_on": "2026-11-21", "rate": "5.0898",
        },
        "billing.vat_numbers.check.v1": {"vat_id": "DE136695976"},
    }  # fmt: skip


def _invoice_samples() -> dict[str, dict[str, Any]]:
    return {
        "billing.invoices.cancel_by_customer.v1": {"subscriber_ref": "user-7", "invoice_ref": "pkg-1"},
        "billing.invoices.pdf_link.v1": {"source": "stripe", "invoice_ref": "in_1"},
        "billing.invoices.bulk_void.v1": {"invoice_refs": ("pkg-1", "pkg-2"), "reason": "test orders"},
        "billing.invoices.create_custom.v1": {
            "reference": "c-1", "subscriber_ref": "user-7", "currency": "EUR", "reason": "agreed on the phone",
            "lines": ({"description": "Set-up", "amount_minor": 9_000},),
        },
    }  # fmt: skip


def _document_samples() -> dict[str, dict[str, Any]]:
    return {
        "billing.sellers.define.v1": SELLER,
        "billing.subscribers.bill_to.v1": {
            "subscriber_ref": "user-7", "kind": "business", "full_name": "Măgura S.A.", "street": "Bd. Unirii 5", "city": "Cluj-Napoca",
            "county": "RO-CJ", "country": "RO", "vat_id": "RO14399840", "registration_no": "J12/1187/2001",
        },
        "billing.documents.credit.v1": {"invoice_ref": "in-1", "reference": "cn-1", "reason": "agreed", "amount_minor": 500},
    }  # fmt: skip


def _subscription_samples() -> dict[str, dict[str, Any]]:
    theirs = {"subscriber_ref": "user-7", "reference": "sub-1"}
    return {
        "billing.subscribers.define.v1": {
            "subscriber_ref": "user-7", "email": "ann@example.com", "full_name": "Ann", "country": "RO", "language": "ro",
            "zone": "Europe/Bucharest", "pay_source": "stripe", "pay_customer_ref": "cus_1", "payment_method_ref": "pm_1",
        },
        "billing.products.define.v1": {
            "reference": "pro", "kind": "plan", "title": "Pro", "limits": {"projects": 10, "seats": None}, "credits": 200, "trial_days": 14,
        },
        "billing.subscriptions.start.v1": {
            **theirs, "product": "pro", "currency": "EUR", "cycle_unit": "month", "quantity": 3, "anchor_day": 31, "promo_ref": "order:17",
        },
        "billing.subscriptions.change.v1": {**theirs, "when": "period_end", "product": "max", "quantity": 5},
        "billing.subscriptions.cancel.v1": {**theirs, "when": "now", "credit_unused": True, "reason": "moving away"},
        "billing.subscriptions.reactivate.v1": theirs,
        "billing.subscriptions.pause.v1": theirs,
        "billing.subscriptions.unpark.v1": {**theirs, "reason": "an outage"},
        "billing.subscriptions.downgrade.v1": {
            "subscriber_ref": "user-7", "when": "period_end", "paid_features": ("exports",), "active_events": 2,
        },
        "billing.subscriptions.resume.v1": theirs,
    }  # fmt: skip


def _access_samples() -> dict[str, dict[str, Any]]:
    session = {"session_sha256": "0" * 64, "user_ref": "user-7"}
    return {
        "billing.mails.leave.v1": {"token": "AAAA"},
        "billing.mails.request.v1": {
            "reference": "m-1", "mail": "event_cancelled", "user_ref": "user-7", "link": "https://a.example/begin", "about": "Congress",
            "at": datetime(2027, 3, 1, tzinfo=UTC), "explanation": "The speaker is ill.", "refund": True,
        },
        "billing.tokens.request.v1": {"reference": "t-1", "user_ref": "user-7", "purpose": "password_reset", "email": "ann@example.com"},
        "billing.sessions.opened.v1": {**session, "idle_s": 900, "device": "Firefox on Linux", "address": "192.0.2.1"},
        "billing.sessions.revoke.v1": {**session, "reason": "lost"},
        "billing.sessions.revoke_all.v1": {"user_ref": "user-7", "except_sha256": "0" * 64},
        "billing.customers.erase.v1": {"subscriber_ref": "user-7", "reason": "ticket 4711"},
        "billing.logins.record.v1": {
            "reference": "l-1", "outcome": "failed", "at": datetime(2027, 3, 1, tzinfo=UTC), "user_ref": "user-7", "method": "password",
        },
    }  # fmt: skip


def test_what_the_client_writes_is_read() -> None:
    preload()
    samples = _samples() | _promo_samples() | _invoice_samples() | _document_samples() | _price_samples() | _tax_samples()
    samples |= _subscription_samples()
    samples |= _money_back() | _credits_and_usage() | _dunning_and_trials() | _organisations() | _access_samples()
    assert set(samples) == {kind.NAME for kind in TYPED}
    for kind in TYPED:
        values = samples[kind.NAME]
        read = msgspec.convert(kind(**values).payload(), COMMANDS[kind.NAME])
        assert {name: getattr(read, name) for name in values} == values
