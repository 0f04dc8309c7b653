"""Own minimal payloads, one file per event type: `tests/payloads/<source>/<event type>.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def sample(source: str, event_type: str, **payload: Any) -> bytes:
    """The bytes of a sample; keywords replace fields of its `payload` (Zoom) or `resource` (PayPal)."""
    body = (HERE / source / f"{event_type}.json").read_bytes()
    if not payload:
        return body
    value = json.loads(body)
    value["payload" if source == "zoom" else "resource"].update(payload)
    return json.dumps(value).encode()
