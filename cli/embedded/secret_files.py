"""Passwords that the embedded services need: made once, kept in the home, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner may read, from its first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)


def kept_secret(path: Path, prefix: str = "") -> str:
    """The secret in that file; a random one (192 bits after the prefix) is made and kept when there is none."""
    if not path.exists():
        write_secret(path, prefix + secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8").strip()
