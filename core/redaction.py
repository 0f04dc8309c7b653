"""What may be shown: secrets and personal data are taken out of texts, payloads are shown by allow-list (SEC-6, promise 9)."""

from __future__ import annotations

import re

_SCRUBS = (
    (re.compile(r"\b(whsec|sk_live|sk_test|rk_live|rk_test|pk_live)_[A-Za-z0-9]{6,}"), r"\1_[secret]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 [secret]"),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://[^\s:/@]+):[^\s@/]+@"), r"\1:[secret]@"),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"), "[mail address]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), "[iban]"),
    (re.compile(r"\b(?:\d[ -]?){13,19}\b"), "[number]"),
)


def scrub(text: str) -> str:
    """The text without secrets, mail addresses, IBANs and card-like numbers; for errors, logs, mails and Sentry."""
    for pattern, replacement in _SCRUBS:
        text = pattern.sub(replacement, text)
    return text
