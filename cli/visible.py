"""Which values a command prints of payloads and of our own rows: by allow-list, because they hold names and addresses (SEC-6)."""

from __future__ import annotations

import re
from typing import Any

_TELLING = re.compile(
    r"(?:^|_)(?:id|ids|ref|refs|uid|uuid|at|on|ts|time|status|state|currency|kind|source|type|object|event|action|reason|queue|lane"
    r"|(?<!postal_)code|country|mode|method|interval|class|fingerprint|versions?|destination|charge|intent|invoice|customer|subscription"
    r"|payout|transfer|account|transaction|price|product|brand|funding|timezone)$"
)
"""Names whose texts are ids, words of ours or of the provider, or instants; never what a person typed."""
_PLAIN = re.compile(r"[A-Za-z0-9_.:|=/+ -]{0,255}")
_PERSONAL = re.compile(
    r"address|billing_details|shipping|customer_details|individual|person|owner|dob|phone|birth|email|passw|secret|token|_key$|^key$"
)
"""Names below which nothing is shown, whatever it is called there: not even numbers."""


def visible(value: Any, name: str = "") -> Any:
    """The value, with texts replaced by their length unless their name allows them, and nothing below a personal name."""
    if isinstance(value, dict):
        return {
            key: _hidden(part) if _PERSONAL.search(str(key)) else visible(part, str(key))
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [visible(part, name) for part in value]
    if isinstance(value, str):
        return value if _TELLING.search(name) and _PLAIN.fullmatch(value) else _hidden(value)
    return value


def _hidden(value: Any) -> Any:
    """What stands in for something hidden; absence may be seen."""
    if isinstance(value, str):
        return f"[text of {len(value)} characters]"
    if isinstance(value, dict):
        return f"[object of {len(value)} fields]"
    if isinstance(value, list):
        return f"[list of {len(value)}]"
    return value if value is None or isinstance(value, bool) else "[number]"
