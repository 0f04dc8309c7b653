"""In which languages customers are written to, and how a subscriber's `language` becomes one of them.

A mail to customers has its English files in `templates/<name>/` and every other language's in `templates/<name>/<code>/`.
Mails to operators are English only, as all that operators read here is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from babel import Locale
from babel.numbers import format_decimal

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """What a language brings along beside its templates."""

    locale: str
    """By which its amounts, dates and plurals are written."""
    hello: str
    named: str
    """The same to somebody whose name is known, which is put after it."""
    leave: str
    """Beside the link by which somebody wants no more of these."""


LANGUAGES: dict[str, Language] = {
    "en": Language("en_GB", "Hello", "Hello ", "I do not want these mails"),
    "ro": Language("ro_RO", "Bună ziua", "Bună ziua, ", "Nu mai doresc aceste mesaje"),
}


def language_of(wish: str | None) -> str:
    """The language to write in: `ro`, `ro-RO` and `RO_md` are Romanian; what there is not, or nothing, is English."""
    code = (wish or "").strip().lower().replace("_", "-").split("-")[0]
    return code if code in LANGUAGES else DEFAULT


@cache
def locale_of(language: str) -> Locale:
    """How that language writes numbers and dates."""
    return Locale.parse(LANGUAGES[language].locale)


def folder(name: str, language: str, *, operators: bool) -> str:
    """Where the three files of a mail are, below `templates/`."""
    return name if operators or language == DEFAULT else f"{name}/{language}"


def plural_in(locale: Locale) -> Callable[..., str]:
    """The filter `{{ 3|plural("seat", "seats") }}`: as many forms as the language has, Romanian three (`loc`, `locuri`, `de locuri`)."""
    forms = ("one", "few", "other") if locale.language == "ro" else ("one", "other")

    def plural(count: int, *words: str) -> str:
        if len(words) != len(forms):
            raise ValueError(f"{locale.language} has {len(forms)} forms of a number's noun, not {len(words)}")
        return f"{format_decimal(count, locale=locale)} {words[forms.index(locale.plural_form(count))]}"

    return plural
