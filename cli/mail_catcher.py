"""A mail server that sends nothing on: where `bursar up` has no real one, mails end as files that can be read.

Each file is named by the mail's reference, by which `bursar mail show` finds it; a mail that comes a second time under its
Message-ID takes the place of the first, as in most mailboxes.
"""

from __future__ import annotations

import asyncio
import email
import hashlib
import importlib
import os
import re
import signal
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cli.embedded.ports import LOOPBACK
from cli.mail_address import FOLDER
from core.settings import Settings

_MOST_FILES, _MOST_BYTES = 2_000, 30_000_000
_REFERENCE = re.compile(r"<([0-9a-f]{32})@")


def run_catcher(settings: Settings) -> None:
    """Serve where `BURSAR_SMTP_URL` says, until SIGTERM or SIGINT."""
    place = settings.home / FOLDER
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    port = urlsplit(settings.smtp_url.get_secret_value()).port
    asyncio.run(_serve(Catcher(place), port or 0))


class Catcher:
    """Keeps what it is given: the newest 2,000 mails."""

    def __init__(self, place: Path) -> None:
        self._place = place

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one; its answer is the server's."""
        name = self.keep(bytes(envelope.original_content or envelope.content))
        return f"250 kept as {name}"

    def keep(self, raw: bytes) -> str:
        """Write one mail, whole or not at all; the file's name."""
        message_id = str(email.message_from_bytes(raw, policy=SMTP_POLICY)["Message-ID"] or "")
        found = _REFERENCE.match(message_id)
        name = f"{found[1] if found else hashlib.sha256(raw).hexdigest()[:32]}.eml"
        draft = self._place / f".{name}.{os.getpid()}"
        draft.write_bytes(raw)
        draft.replace(self._place / name)
        kept = sorted(self._place.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        for file in kept[: max(0, len(kept) - _MOST_FILES)]:
            file.unlink(missing_ok=True)
        return name


async def _serve(catcher: Catcher, port: int) -> None:
    protocol = importlib.import_module("aiosmtpd.smtp").SMTP
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    options = {"hostname": "localhost", "enable_SMTPUTF8": True, "data_size_limit": _MOST_BYTES}
    server = await loop.create_server(lambda: protocol(catcher, **options), LOOPBACK, port)
    async with server:
        await over.wait()
