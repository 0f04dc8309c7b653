"""One mail to one address, whatever names and subjects hold (RELIABILITY row 32)."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import Final
from providers.mail.message import compose, message_id, recipient

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _compose(**parts: Any) -> Any:
    values = {
        "sender": "Bursar <bursar@example.com>",
        "to": "anna@example.com",
        "subject": "Hello",
        "text": "Hi\n",
        "html": "<p>Hi</p>",
    }
    return compose(**(values | parts), key="k", now=NOW)


def test_a_mail_has_two_parts_and_one_recipient() -> None:
    read = email.message_from_bytes(
        _compose(subject="Zażółć " * 20, text="é\n.\n", html="<p>é</p>").as_bytes(), policy=SMTP
    )

    assert read["To"] == "anna@example.com"
    assert read["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert read["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    body = read.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == "é\n.\n"
    assert read["Subject"].startswith("Zażółć Zażółć")


@pytest.mark.requirement("MAIL-6")
def test_the_message_id_is_made_of_the_business_key_alone() -> None:
    assert message_id("a", "x@example.com") == message_id("a", "y@example.com") != message_id("b", "x@example.com")
    assert message_id("kunde/1 <x>\r\n", "x@münchen.example").isascii()
    assert message_id("a", "x@example.com").endswith("@example.com>")


@pytest.mark.parametrize(
    "to",
    [
        "",
        "anna",
        "@example.com",
        "a@b@c",
        "a@example.com, b@example.com",
        "a@example.com;b@example.com",
        "Anna <anna@example.com>",
        "a@example.com\r\nBcc: x@example.com",
        "a\n@example.com",
        "a@example.com\x00",
        " a@example.com",
        "a@exa mple.com",
        "a\x7f@example.com",
        "a@" + "x" * 70 + "é.example",
    ],
)
def test_what_is_not_one_address_is_refused_for_good(to: str) -> None:
    with pytest.raises(Final, match="nothing was sent"):
        _compose(to=to)


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@example.com", "a\nb", "a\r", "a\x1eb", "a\x00", "a\x85b"])
def test_a_subject_cannot_add_a_header(subject: str) -> None:
    with pytest.raises(ValueError, match="the subject has"):
        _compose(subject=subject)


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_characters="\u2028\u2029", exclude_categories=["Cs", "Cc"]), max_size=80))
def test_no_subject_or_text_adds_a_header_or_a_recipient(text: str) -> None:
    raw = _compose(subject=text, text=text + "\n").as_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]

    assert sorted(names) == [
        b"auto-submitted",
        b"content-language",
        b"content-type",
        b"date",
        b"from",
        b"message-id",
        b"mime-version",
        b"subject",
        b"to",
    ]


def test_international_domains_travel_in_ascii() -> None:
    assert recipient("anna@münchen.example") == "anna@xn--mnchen-3ya.example"
    assert recipient("zoë@example.com") == "zoë@example.com"


def test_a_mail_to_an_international_domain_is_plain_ascii() -> None:
    raw = _compose(to="anna@münchen.example", subject="Plată – ștefan", text="ș", html="<p>ș</p>").as_bytes()
    assert raw.isascii(), "it goes to an address in ASCII, for which no server is asked for SMTPUTF8"


@pytest.mark.requirement("MAIL-3")
def test_the_link_by_which_readers_leave_stands_as_it_is() -> None:
    link = "https://app.example.com/unsubscribe?token=" + "aB3-_" * 30
    raw = _compose(leave=link).as_bytes()
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in raw, "mail programs decode no words of RFC 2047 in it"


@pytest.mark.parametrize("sender", ["", "Bursar", "Bursar <>", "a@b, c@d"])
def test_a_sender_that_is_no_address_is_named(sender: str) -> None:
    with pytest.raises(ValueError, match="BURSAR_MAIL_FROM"):
        _compose(sender=sender)
