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

from emails.catalogue import CATALOGUE, UnknownMailError, outbox_key
from emails.languages import LANGUAGES, language_of
from emails.overdue import TrialTold
from emails.render import TEMPLATES, Reader, harmless, render
from emails.samples import SAMPLES
from emails.values import Amount, Moment

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


MAILS = sorted((name, language) for name, mail in CATALOGUE.items() for language in (["en"] if mail.operators else LANGUAGES))
"""Every mail in every language that it has."""
FILES = {"subject.txt", "body.txt", "body.html"}


def sample(name: str) -> dict[str, Any]:
    return asdict(SAMPLES[name][0])


def _texts(name: str) -> list[str]:
    return [field for field, value in sample(name).items() if isinstance(value, str)]


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


def test_the_catalogue_and_the_templates_are_the_same_mails_in_all_languages() -> None:
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}

    assert folders == set(CATALOGUE) == set(SAMPLES)
    for folder in folders:
        others = set() if CATALOGUE[folder].operators else set(LANGUAGES) - {"en"}
        assert {path.name for path in (TEMPLATES / folder).iterdir()} == FILES | others
        assert all({path.name for path in (TEMPLATES / folder / other).iterdir()} == FILES for other in others)


@pytest.mark.requirement("MAIL-1")
@pytest.mark.parametrize(("name", "language"), MAILS)
def test_every_mail_renders_in_three_parts(name: str, language: str) -> None:
    for context in SAMPLES[name]:
        words = render(name, asdict(context), Reader(language=language, zone="Europe/Bucharest", name="Ana"))

        assert 10 < len(words.subject) <= 120
        assert "\n" not in words.subject
        assert all(len(line) < 500 for line in words.text.splitlines())
        assert not re.search(r"\n{4,}|[{}]", words.text)
        assert "prefers-color-scheme: dark" in words.html
        assert 'style="' in words.html
        assert f'<html lang="{language}">' in words.html
        link = getattr(context, "link", None)
        assert not re.search(r"https?://|src=|url\(", words.html.replace(link, "") if link else words.html)


@pytest.mark.parametrize(("name", "language"), MAILS)
def test_what_is_optional_may_be_missing(name: str, language: str) -> None:
    optional = {field.name for field in fields(CATALOGUE[name].context) if "None" in str(field.type)}
    words = render(name, sample(name) | dict.fromkeys(optional), Reader(language=language))

    assert "None" not in words.text
    assert "None" not in words.html


@pytest.mark.requirement("MAIL-1")
@pytest.mark.parametrize(("name", "language"), MAILS)
def test_no_value_becomes_a_tag_a_header_or_a_template(name: str, language: str) -> None:
    whole = sample(name)
    plain = _tags(render(name, whole, Reader(language=language, name="Ana")).html)
    for evil in _EVIL:
        lists = {field: [evil] * len(value) for field, value in whole.items() if isinstance(value, list)}
        chosen = {field: whole[field] for field in whole.keys() & {"what"}}
        reader = Reader(language=language, name=evil, brand=evil)
        words = render(name, whole | dict.fromkeys(_texts(name), evil) | lists | chosen, reader)
        tags = _tags(words.html)

        assert tags.tags == plain.tags
        assert tags.attributes == plain.attributes
        assert not any(ord(char) < 32 or char in "\x85\u2028\u202e\u2066" for char in words.subject)
        assert not set("\r\x00\x1b\x85\u2028\u202e\u2066") & set(words.text + words.html)
        assert "{{ 7 * 7 }}" in words.text or "7" not in evil
        assert not re.search(r"^Bcc:", words.text, re.MULTILINE)


@pytest.mark.requirement("MAIL-1")
def test_amounts_days_and_numbers_are_written_as_the_language_does() -> None:
    english, romanian = Reader(zone="Europe/Bucharest"), Reader(language="ro", zone="Europe/Bucharest")
    trial = asdict(TrialTold(plan="Pro", ends_at=Moment("2027-01-03T09:00+00:00"), amount=Amount(125050, "RON", 2), goes_on=True))

    assert "RON\xa01,250.50" in render("trial_ending", trial, english).text
    assert "3 January 2027, 11:00 EET" in render("trial_ending", trial, english).text
    assert "1.250,50\xa0RON" in render("trial_ending", trial, romanian).text
    assert "3 ianuarie 2027, 11:00 EET" in render("trial_ending", trial, romanian).text
    assert "3 January 2027, 09:00 UTC" in render("trial_ending", trial).text
    for count, seats in ((2, "2 locuri"), (20, "20 de locuri"), (101, "101 locuri"), (1200, "1.200 de locuri")):
        changed = {"plan": "Pro", "quantity": count, "until": None}
        assert f"pentru {seats}." in render("subscription_changed", changed, romanian).text


@pytest.mark.parametrize(
    ("minor", "currency", "decimals", "text"),
    [(500, "JPY", 0, "JP¥500"), (12345, "KWD", 3, "KWD\xa012.345"), (125000, "HUF", 2, "HUF\xa01,250.00"), (-1, "EUR", 2, "-€0.01"),
     (10**15 + 1, "ISK", 2, "ISK\xa010,000,000,000,000.01")],
)  # fmt: skip
def test_no_digit_of_an_amount_is_lost(minor: int, currency: str, decimals: int, text: str) -> None:
    context = {"product": "Pro", "price": asdict(Amount(minor, currency, decimals)), "ends_on": {"day": "2027-03-31"}}

    assert f"Price now  {text}\n" in render("price_lock_ends", context).text


def test_a_row_of_before_there_were_languages_goes_out_as_it_is() -> None:
    words = render("payment_failed", {"amount": "19.99 EUR", "about": "Course", "reason": None})

    assert words.subject == "Your payment of 19.99 EUR did not go through"


@pytest.mark.parametrize(("wish", "language"), [("ro", "ro"), ("ro-RO", "ro"), ("RO_md ", "ro"), ("de", "en"), (None, "en"), ("", "en")])
def test_what_is_not_there_is_english(wish: str | None, language: str) -> None:
    assert language_of(wish) == language


def test_a_name_from_the_right_stands_apart() -> None:
    words = render("subscription_activated", {"plan": "أحمد", "quantity": 1, "until": None}, Reader(name="דניאל " * 60))

    assert words.subject == "Your plan \u2068أحمد\u2069 is active"
    assert words.html.count("\u2068") == words.html.count("\u2069")


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
    context = {key: value for key, value in (sample("dead_letter_alert") | change).items() if value is not ...}

    with pytest.raises(UnknownMailError, match="nothing was sent"):
        render(name, context)


def test_a_template_s_typing_error_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emails.render.checked", lambda name, _: CATALOGUE[name])
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
