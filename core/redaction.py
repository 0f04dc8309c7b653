"""Takes secrets and personal data out of texts: errors, logs, mails, Flower and Sentry pass through here (SEC-6, promise 9).

Two ways, because each misses what the other finds: the secrets that this process was given are known word by word
(`protect`); whatever else looks like a secret, a mail address or a card's or account's number is found by its form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from core.settings import Settings

_HIDDEN = "[secret]"
_SHORTEST_HIDDEN = 8
"""Shorter ones are not searched for word by word: they would tear ordinary words apart."""

_FORMS = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), _HIDDEN),
    (re.compile(r"\b(whsec|[srp]k_(?:live|test))_[A-Za-z0-9_]{6,}"), rf"\1_{_HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?"), _HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {_HIDDEN}"),
    (re.compile(r"\b([a-z][a-z0-9+.-]{0,20}://[^\s:/@]*):[^\s@/]+@"), rf"\1:{_HIDDEN}@"),
    (
        re.compile(
            r"(?i)\b(\w*(?:password|passwd|secret|token|api_?key|authorization|signature|v1))"
            r"(['\"]?\s*[=:]\s*)(?!\[secret\])(?:'[^']*'|\"[^\"]*\"|[^\s,;&'\"}\])]{6,})"
        ),
        rf"\1\2{_HIDDEN}",
    ),
    # PostgreSQL's detail of a violated check: the whole row.
    (re.compile(r"(Failing row contains )\(.*"), r"\1[row]"),
    (re.compile(r"[\w.%+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}"), "[mail address]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), "[iban]"),
)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_protected: re.Pattern[str] | None = None


def protect(settings: Settings) -> None:
    """From now on no secret of these settings passes `scrub`, whatever form it has. Called once per process, at its start."""
    global _protected  # noqa: PLW0603 - one process has one set of secrets, and every text of it passes here
    words = sorted({word for word in _secrets(settings) if len(word) >= _SHORTEST_HIDDEN}, key=len, reverse=True)
    _protected = re.compile("|".join(map(re.escape, words))) if words else None


def scrub(text: str) -> str:
    """The text without secrets, mail addresses, IBANs and card numbers."""
    if _protected is not None:
        text = _protected.sub(_HIDDEN, text)
    for pattern, replacement in _FORMS:
        text = pattern.sub(replacement, text)
    return _CARD.sub(_card, text)


def scrub_deep(value: Any) -> Any:
    """The same for texts anywhere inside dicts and lists; what is neither text, number nor container becomes text first."""
    if isinstance(value, str):
        return scrub(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {scrub(str(name)): scrub_deep(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [scrub_deep(part) for part in value]
    return scrub(str(value))


def _secrets(settings: Settings) -> Iterable[str]:
    for name in Settings.model_fields:
        value = getattr(settings, name)
        for part in value if isinstance(value, (list, tuple)) else (value,):
            reveal = getattr(part, "get_secret_value", None)
            if reveal is None:
                continue
            text = reveal()
            if "://" not in text:
                yield from (text, text.partition(":")[2])  # `id:secret` too
            elif password := urlsplit(text).password:
                yield from (password, unquote(password))


def _card(found: re.Match[str]) -> str:
    digits = [int(char) for char in found[0] if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return "[number]" if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else found[0]
