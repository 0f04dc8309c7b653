"""Turns a mail's name and context into subject, text and HTML. What a customer typed is never a template (RELIABILITY row 32).

HTML is escaped, missing names are errors, and values lose line breaks, control and direction characters, so that no
name can forge a header, a line, or a text that reads the other way round.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emails.catalogue import checked

TEMPLATES = Path(__file__).resolve().parent / "templates"
_MAX_SUBJECT_CHARS = 120
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail's words. The subject is a single line."""

    subject: str
    text: str
    html: str


def render(name: str, context: Mapping[str, Any]) -> Rendered:
    """The mail `name` about `context`, which has exactly the fields of its entry in the catalogue.

    Raises:
        UnknownMailError: no such mail, or its context does not fit.
        jinja2.UndefinedError: the template names something that is not in the context: a bug, found by its tests.
    """
    checked(name, dict(context))
    values = {key: harmless(value) for key, value in context.items()}
    subject = " ".join(_environment(html=False).get_template(f"{name}/subject.txt").render(values).split())
    if len(subject) > _MAX_SUBJECT_CHARS:
        subject = subject[: _MAX_SUBJECT_CHARS - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    text = _environment(html=False).get_template(f"{name}/body.txt").render(values).strip() + "\n"
    html = _environment(html=True).get_template(f"{name}/body.html").render(values | {"subject": subject})
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


def _char(char: str) -> str:
    if char in _DIRECTION:
        return ""
    category = unicodedata.category(char)
    if category in ("Zl", "Zp") or char in "\r\n\t\v\f\x85":
        return " "
    return "\ufffd" if category in ("Cc", "Cs") else char


@cache
def _environment(*, html: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,  # noqa: S701 - False for the text parts only, which are no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    # Mail programs drop <style>; what they keep of it (dark mode, phones) is marked to stay. Nothing is ever fetched.
    return css_inline.CSSInliner(load_remote_stylesheets=False)
