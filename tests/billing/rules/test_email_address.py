"""One form of a mail address, wherever one is stored or matched (SEC-10)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.email_address import normalised
from billing.rules.mail_address import digest
from emails.catalogue import outbox_key
from tests.harness.processes import ROOT

_SHAPES = ("providers/stripe/shapes/money_in.py", "providers/stripe/shapes/account.py", "providers/paypal/shapes/declared.py",
           "providers/zoom/shapes.py", "billing/operations/define_subscriber.py", "billing/operations/create_customer.py",
           "billing/operations/connect_account.py", "billing/operations/set_bill_to.py", "billing/operations/request_token.py",
           "billing/operations/request_mail.py", "billing/rules/mail_address.py", "emails/catalogue.py")  # fmt: skip


@pytest.mark.requirement("SEC-10")
@pytest.mark.parametrize(("written", "stored"), [
    ("Ann@Example.com", "ann@example.com"),
    ("\t ann@example.com\r\n", "ann@example.com"),
    ("\u00a0ann@example.com\u2003", "ann@example.com"),
    ("\u0218TEFAN@example.ro", "\u0219tefan@example.ro"),
    ("e\u0301lan@example.fr", "\u00e9lan@example.fr"),
    ("STRASSE@example.de", "strasse@example.de"),
    ("\u0391\u03a3@example.gr", "\u03b1\u03c2@example.gr"),
    (" \u3000 ", None),
    ("", None),
])  # fmt: skip
def test_an_address_has_one_form(written: str, stored: str | None) -> None:
    assert normalised(written) == stored


@pytest.mark.requirement("SEC-10")
@given(st.emails() | st.text(max_size=60))
def test_the_form_of_a_form_is_itself_and_capitals_and_blanks_are_nothing(address: str) -> None:
    once = normalised(address)
    assert once is None or normalised(once) == once
    if address.isascii():
        assert normalised(f"  {address.upper()}\n") == once
    if once:
        assert digest(address) == digest(once)
        assert outbox_key("x", address) == outbox_key("x", once)


@pytest.mark.requirement("SEC-10")
@pytest.mark.parametrize("path", _SHAPES)
def test_who_stores_or_matches_addresses_asks_the_one_rule(path: str) -> None:
    tree = ast.parse(Path(ROOT / path).read_text(encoding="utf-8"))
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {"billing.rules.email_address", "billing.rules.mail_address"} & found
