"""Which values of our own rows a command prints: by allow-list, like payloads, because rows mirror names and addresses (SEC-6)."""

from __future__ import annotations

import re
from typing import Any

_TELLING = re.compile(
    r"(?:^|_)(?:id|ids|ref|refs|uid|at|on|status|state|currency|kind|source|type|action|reason|queue|lane|key|code|country|mode|method|interval|class|fingerprint|versions?)$"
)
"""Names whose texts are ids, words of ours or of the provider, or instants; never what a person typed."""
_PLAIN = re.compile(r"[A-Za-z0-9_.:|=/+ -]{0,255}")


def visible(value: Any, name: str = "") -> Any:
    """The value, with texts replaced by their length unless their name allows them."""
    if isinstance(value, dict):
        return {key: visible(part, str(key)) for key, part in value.items()}
    if isinstance(value, list):
        return [visible(part, name) for part in value]
    if isinstance(value, str):
        return value if _TELLING.search(name) and _PLAIN.fullmatch(value) else f"[text of {len(value)} characters]"
    return value
