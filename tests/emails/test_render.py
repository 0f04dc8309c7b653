"""Every mail of the catalogue renders, and nothing that a customer typed changes what a mail is (MAIL-1, row 32)."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from html.parser import HTMLParser
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emails.alerts import RunFailureAlert
from emails.catalogue import (
    CATALOGUE,
    ClockJumpAlert,
    ConflictAlert,
    CreditsLow,
    DeadLetterAlert,
    DisputeAlert,
    DisputeReminder,
    InvariantAlert,
    InvoiceTold,
    OtherModeAlert,
    PaymentFailed,
    PayoutCompleted,
    PayoutFailed,
    PriceChanges,
    PriceLockEnds,
    RefundProcessed,
    SubscriptionTold,
    UnknownMailError,
    UsageAlert,
    outbox_key,
)
from emails.overdue import CardTold, DunningTold, TrialTold
from emails.render import TEMPLATES, harmless, render

SAMPLES: dict[str, Any] = {
    "dead_letter_alert": DeadLetterAlert(
        what="event",
        queue="payments",
        source="stripe",
        event_type="invoice.payment_failed, invoice.paid",
        object_id="in_1PqXyZ2eZvKYlo2C",
        error_class="KeyError",
        error="'plan' [tasks/payments/stripe/invoice.py:payment_failed]",
        fingerprint="abc123def456",
        count=12,
        row=4711,
        first_at="2026-03-01 11:00:00 UTC",
        last_at="2026-03-01 12:00:00 UTC",
        overview="bursar inbox groups",
        look="bursar inbox show 4711",
        replay="bursar inbox replay --state dead --error abc123def456",
    ),
    "conflict_alert": ConflictAlert(
        count=12,
        sources="11 of paypal, 1 of app",
        examples=["2026-03-01 11:00:00 UTC paypal WH-1, 900 bytes: bursar inbox show 4711"],
        more=2,
        first_at="2026-03-01 11:00:00 UTC",
        last_at="2026-03-01 12:00:00 UTC",
        overview="bursar inbox show ID",
    ),
    "clock_jump_alert": ClockJumpAlert(
        before="2026-03-01 12:00:05 UTC", after="2026-03-01 14:00:05 UTC", passed="5 s", held=["refund_batches"],
        look="bursar doctor", consent="bursar schedule consent --reason '...'",
    ),
    "run_failure_alert": RunFailureAlert(
        job="renew_subscriptions", items="3", item="sub-1", error="ValueError: no price", tries=4, first_at="2026-03-01 12:00:05 UTC",
        last_at="2026-03-01 14:00:05 UTC", look="bursar run-failures ls renew_subscriptions",
        retry="bursar run-failures retry renew_subscriptions --all --reason '...'",
    ),
    "dispute_alert": DisputeAlert(
        dispute="dp_1", source="stripe", amount="19.99 EUR", charge="ch_1", due_at="2026-03-15 12:00 UTC", assigned_to=None,
        look="bursar dispute show dp_1", reason="fraudulent", status="needs_response",
    ),
    "dispute_reminder": DisputeReminder(
        dispute="dp_1", source="stripe", amount="19.99 EUR", charge="ch_1", due_at="2026-03-15 12:00 UTC", assigned_to="anna",
        look="bursar dispute show dp_1", days=3,
    ),
    "invariant_alert": InvariantAlert(
        rule="refunds_booked",
        why="refunds here are refunds in the books",
        found=["refund re_1: succeeded 333 EUR, booked 0"],
        more=True,
        then="bursar journal show REFUND; replay its newest event",
    ),
    "other_mode_alert": OtherModeAlert(
        mode="test",
        count=3,
        types=["3 stripe invoice.paid"],
        more=1,
        last_at="2026-03-01 12:00:00 UTC",
        look="bursar inbox ls --state ignored --since 1d",
    ),
    "payout_completed": PayoutCompleted(amount="1250.00 EUR", payout="po_1PqXyZ2eZvKYlo2C", arrival_on="2026-03-03"),
    "invoice_expiring": InvoiceTold(amount="49.00 EUR", about="500 credits", invoice="pkg-1", until="2027-01-03 09:00 UTC"),
    "invoice_expired": InvoiceTold(amount="49.00 EUR", about="500 credits", invoice="pkg-1", until="2027-01-03 09:00 UTC"),
    "subscription_activated": SubscriptionTold(plan="Pro", quantity=3, until="2027-04-01"),
    "subscription_changed": SubscriptionTold(plan="Pro", quantity=3, until="2027-04-01"),
    "subscription_cancelled": SubscriptionTold(plan="Pro", quantity=1, until="2027-04-01"),
    "payment_failed": PaymentFailed(amount="19.99 EUR", about="Course of 3 lessons", reason="Your card has insufficient funds."),
    "credits_low": CreditsLow(balance=40, full=200, percent=20),
    "usage_alert": UsageAlert(meter="Storage", used=80, limit=100, percent=80, until="2026-04-01 00:00 UTC"),
    "refund_processed": RefundProcessed(amount="10.01 EUR", reference="REF-20260301-7K3M9QXA", whole=True, note="Sorry for it"),
    "payout_failed": PayoutFailed(
        amount="1250.00 EUR", payout="po_1PqXyZ2eZvKYlo2C", reason="The bank account was closed.", code="account_closed"
    ),
}
SAMPLES |= {
    "price_changes": PriceChanges(product="Pro", before="20.00 EUR", after="25.00 EUR", changes_on="2027-03-31", approve=False),
    "price_lock_ends": PriceLockEnds(product="Pro", price="15.00 EUR", ends_on="2027-03-31"),
}
SAMPLES |= {
    f"dunning_{stage}": DunningTold(
        amount="20.00 EUR", about="Pro, 2027-01-31 to 2027-02-28", invoice="sub-1:20270131T093015Z", needs_method=stage == "reminder",
        until="2027-02-14 09:30 UTC",
    )
    for stage in ("failed", "reminder", "suspended", "terminated")
}  # fmt: skip
SAMPLES |= {
    f"trial_{word}": TrialTold(plan="Pro", ends_at="2027-02-14 09:30 UTC", amount="20.00 EUR", goes_on=word == "ending")
    for word in ("ending", "ended")
}
SAMPLES |= {
    "card_expiring": CardTold(brand="visa", last4="4242", expires="03/2027", instead=None),
    "card_expired": CardTold(brand="visa", last4="4242", expires="03/2027", instead="mastercard 4444"),
}
_EVIL = (
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% for x in y %}",
    "a\r\nBcc: x@example.com\r\n\r\nbody",
    "\u202egnp.exe\u2066x",
    "'\"><img src=x onerror=alert(1)>",
    "\x00\x1b[31m\x85\u2028",
    "</table></div>",
    "&lt;",
)


def _texts(name: str) -> list[str]:
    return [
        field.name for field in fields(CATALOGUE[name].context) if isinstance(getattr(SAMPLES[name], field.name), str)
    ]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def _tags(html: str) -> _Tags:
    parser = _Tags()
    parser.feed(html)
    return parser


def test_the_catalogue_and_the_templates_are_the_same_mails() -> None:
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}

    assert folders == set(CATALOGUE) == set(SAMPLES)
    for folder in folders:
        assert {path.name for path in (TEMPLATES / folder).iterdir()} == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.requirement("MAIL-1")
@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_mail_renders_in_three_parts(name: str) -> None:
    words = render(name, asdict(SAMPLES[name]))

    assert 10 < len(words.subject) <= 120
    assert "\n" not in words.subject
    assert all(len(line) < 500 for line in words.text.splitlines())
    assert not re.search(r"\n{4,}|[{}]", words.text)
    assert "prefers-color-scheme: dark" in words.html
    assert 'style="' in words.html
    assert not re.search(r"https?://|src=|url\(", words.html)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_what_is_optional_may_be_missing(name: str) -> None:
    optional = {field.name for field in fields(CATALOGUE[name].context) if "None" in str(field.type)}
    words = render(name, asdict(SAMPLES[name]) | dict.fromkeys(optional))

    assert "None" not in words.text
    assert "None" not in words.html


@pytest.mark.requirement("MAIL-1")
@pytest.mark.parametrize("evil", _EVIL)
@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_no_value_becomes_a_tag_a_header_or_a_template(name: str, evil: str) -> None:
    plain = _tags(render(name, asdict(SAMPLES[name])).html)
    sample = asdict(SAMPLES[name])
    lists = {field: [evil] * len(value) for field, value in sample.items() if isinstance(value, list)}
    chosen = {field: sample[field] for field in sample.keys() & {"what"}}
    words = render(name, sample | dict.fromkeys(_texts(name), evil) | lists | chosen)
    tags = _tags(words.html)

    assert tags.tags == plain.tags
    assert tags.attributes == plain.attributes
    assert not any(ord(char) < 32 or char in "\x85\u2028\u202e\u2066" for char in words.subject)
    assert not set("\r\x00\x1b\x85\u2028\u202e\u2066") & set(words.text + words.html)
    assert "49" not in words.text
    assert not re.search(r"^Bcc:", words.text, re.MULTILINE)


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_harmless_text_is_one_line(text: str) -> None:
    clean = harmless(text)

    assert len(clean.splitlines()) <= 1
    assert harmless(clean) == clean
    assert clean.encode().decode() == clean
    assert harmless({"a": [text, 1, None]}) == {"a": [clean, 1, None]}


def test_names_of_other_scripts_stay() -> None:
    for name in ("Zoë Müller-Łukasz", "أحمد", "山田太郎", "O’Brien & Söhne", "🙂 x"):
        assert harmless(name) == name


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("no_such_mail", {}),
        ("../../etc/passwd", {}),
        ("dead_letter_alert", {"more": 1}),
        ("dead_letter_alert", {"count": None, "queue": ...}),
    ],
)
def test_an_unknown_mail_or_context_is_named(name: str, change: dict[str, Any]) -> None:
    context = {key: value for key, value in (asdict(SAMPLES["dead_letter_alert"]) | change).items() if value is not ...}

    with pytest.raises(UnknownMailError, match="nothing was sent"):
        render(name, context)


def test_a_template_s_typing_error_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emails.render.checked", lambda *_: None)
    with pytest.raises(jinja2.UndefinedError):
        render("dead_letter_alert", {"what": "event"})


@pytest.mark.requirement("MAIL-6")
def test_a_business_key_names_no_address_and_differs_where_it_must() -> None:
    key = outbox_key("dead_letter_alert", "Anna@example.com", "inbox", "abc", "2026-03-01")

    assert key == outbox_key("dead_letter_alert", " anna@EXAMPLE.com", "inbox", "abc", "2026-03-01")
    assert "anna" not in key.lower()
    others = [
        ("anna@example.org", "abc", "2026-03-01"),
        ("anna@example.com", "abd", "2026-03-01"),
        ("anna@example.com", "abc", "2026-03-02"),
    ]
    assert key not in {outbox_key("dead_letter_alert", to, "inbox", what, day) for to, what, day in others}
