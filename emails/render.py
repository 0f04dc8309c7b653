"""Turns a mail's name and context into subject, text and HTML. What a customer typed is never a template (RELIABILITY row 32).

HTML is escaped, missing names are errors, and values lose line breaks, control and direction characters, so that no
name can forge a header, a line, or a text that reads the other way round. A name that is written from right to left is
set apart, so that it does not turn the words around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import css_inline
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emails.catalogue import checked
from emails.languages import DEFAULT, LANGUAGES, folder, locale_of, plural_in
from emails.values import worded

TEMPLATES = Path(__file__).resolve().parent / "templates"
_MAX_SUBJECT_CHARS = 120
_BLANK_LINES = re.compile(r"\n{3,}")
_MAX_LEAD_CHARS = 140
_MAX_NAME_CHARS = 60
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_FROM_THE_RIGHT = frozenset({"R", "AL"})
_APART, _APART_END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads it, and from whom: what is the same in every mail and no fact of its context."""

    language: str = DEFAULT
    zone: str = "UTC"
    """IANA name: in which instants are told."""
    name: str | None = None
    """How he is greeted; None: without a name."""
    brand: str = "Bursar"
    """Whose mail it is, as the reader knows them: the sender's display name."""
    leave: str | None = None
    """Where he says that he wants no more of these; only where that is his to say."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail's words. The subject is a single line."""

    subject: str
    text: str
    html: str


def render(name: str, context: Mapping[str, Any], reader: Reader | None = None) -> Rendered:
    """The mail `name` about `context`, which has exactly the fields of its entry in the catalogue.

    Raises:
        UnknownMailError: no such mail, or its context does not fit.
        jinja2.UndefinedError: the template names something that is not in the context: a bug, found by its tests.
    """
    mail = checked(name, dict(context))
    reader = reader or Reader()
    language = reader.language if reader.language in LANGUAGES and not mail.operators else DEFAULT
    place, locale, words = folder(name, language, operators=mail.operators), locale_of(language), LANGUAGES[language]
    values = {field.name: field.default for field in fields(mail.context) if field.default is not MISSING}
    values |= {key: _shown(worded(value, locale, ZoneInfo(reader.zone))) for key, value in context.items()}
    known = reader.name is not None and bool(reader.name.strip())
    hello = None if mail.operators else words.named + _shown(_short(reader.name or "")) if known else words.hello
    values["_"] = {
        "language": language, "operators": mail.operators, "brand": _shown(reader.brand), "hello": hello,
        "leave": harmless(reader.leave), "leave_words": words.leave,
    }  # fmt: skip
    subject = " ".join(_environment(language, html=False).get_template(f"{place}/subject.txt").render(values).split())
    if len(subject) > _MAX_SUBJECT_CHARS:
        subject = _closed(subject[: _MAX_SUBJECT_CHARS - 2].rstrip() + "\N{HORIZONTAL ELLIPSIS}")
    text = _environment(language, html=False).get_template(f"{place}/body.txt").render(values).strip() + "\n"
    text = _BLANK_LINES.sub("\n\n", text)
    values |= {"subject": subject, "lead": _lead(text, greeted=hello is not None)}
    html = _environment(language, html=True).get_template(f"{place}/body.html").render(values)
    return Rendered(subject, text, _inliner().inline(html))


def harmless(value: Any) -> Any:
    """The value, its texts on one line and without control and direction characters."""
    if isinstance(value, str):
        return "".join(_char(char) for char in value)
    if isinstance(value, Mapping):
        return {key: harmless(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [harmless(part) for part in value]
    return value


def _shown(value: Any) -> Any:
    """Harmless, and set apart where it runs from right to left: the two marks are the only ones, and always a pair."""
    if isinstance(value, str):
        clean = harmless(value)
        turns = any(unicodedata.bidirectional(char) in _FROM_THE_RIGHT for char in clean)
        return f"{_APART}{clean}{_APART_END}" if turns else clean
    if isinstance(value, Mapping):
        return {key: _shown(part) for key, part in value.items()}
    return [_shown(part) for part in value] if isinstance(value, (list, tuple)) else value


def _short(name: str) -> str:
    return name if len(name) <= _MAX_NAME_CHARS else name[: _MAX_NAME_CHARS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _closed(text: str) -> str:
    return text + _APART_END if text.count(_APART) > text.count(_APART_END) else text


def _lead(text: str, *, greeted: bool) -> str:
    """What the list of a mail program shows beside the subject: the first words after the greeting."""
    blocks = [" ".join(block.split()) for block in text.split("\n\n") if block.strip()]
    first = blocks[min(int(greeted), len(blocks) - 1)] if blocks else ""
    return _closed(first[: _MAX_LEAD_CHARS - 1])


def _char(char: str) -> str:
    if char in _DIRECTION:
        return ""
    category = unicodedata.category(char)
    if category in ("Zl", "Zp") or char in "\r\n\t\v\f\x85":
        return " "
    return "\ufffd" if category in ("Cc", "Cs") else char


@cache
def _environment(language: str, *, html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,  # noqa: S701 - False for the text parts only, which are no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    locale = locale_of(language)
    environment.filters["plural"] = plural_in(locale)
    environment.filters["number"] = partial(format_decimal, locale=locale)
    return environment


@cache
def _inliner() -> css_inline.CSSInliner:
    # Mail programs drop <style>; what they keep of it (dark mode, phones) is marked to stay. Nothing is ever fetched.
    return css_inline.CSSInliner(load_remote_stylesheets=False)
