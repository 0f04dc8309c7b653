"""What we make at ANAF: one upload per document and attempt, in its words.

The stored body names the bytes by their digest instead of repeating them: they are kept once, where nobody can change them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from providers.submission import Rendered

UPLOAD = "efactura.upload"
_KNOWN = frozenset({"kind", "cif", "b2c", "abroad", "number", "sha256", "paper_attempt"})
_STANDARDS = {"invoice": "UBL", "credit_note": "CN"}


def render(operation: str, values: Mapping[str, Any], *, request: str, key: str) -> Rendered:  # noqa: ARG001 - ANAF takes no key
    """The upload's path, and a body that says which bytes are sent.

    Raises:
        KeyError: no such operation, or a value that it has no place for.
    """
    if operation != UPLOAD or values.keys() - _KNOWN:
        raise KeyError(f"{operation} at ANAF with {', '.join(sorted(values))} is not known")
    query = {"standard": _STANDARDS[values["kind"]], "cif": values["cif"]}
    query |= {"extern": "DA"} if values.get("abroad") else {}
    path = f"{'uploadb2c' if values.get('b2c') else 'upload'}?{urlencode(query)}"
    body = {name: values[name] for name in ("number", "sha256", "paper_attempt", "cif")}
    return Rendered(path=path, body=json.dumps(body, separators=(",", ":"), ensure_ascii=False), kind="efactura")
