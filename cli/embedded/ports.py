"""Free ports of the loopback, remembered in the home so that a second start has the same addresses."""

from __future__ import annotations

import json
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def any_free() -> int:
    """A port that nobody has at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def remembered(home: Path, name: str) -> int:
    """The port that `name` had last time if it is still free, else another free one, which is then remembered."""
    path = home / "ports.json"
    ports: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if name not in ports or not is_free(ports[name]):
        ports[name] = any_free()
        path.write_text(json.dumps(ports, indent=2, sort_keys=True), encoding="utf-8")
    return ports[name]
