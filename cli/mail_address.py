"""Where `bursar up` sends mails that nobody shall get; apart from the catcher, for this is known before anything heavy is imported."""

from __future__ import annotations

import importlib.util

from cli.embedded.ports import LOOPBACK

FOLDER = "mails"
"""In the home."""


def can_catch() -> bool:
    """Whether the library is here; it comes with the extra `embedded`."""
    return importlib.util.find_spec("aiosmtpd") is not None


def mail_environment(port: int) -> dict[str, str]:
    """What points a copy of Bursar at the catcher on that port."""
    return {"BURSAR_SMTP_URL": f"smtp://{LOOPBACK}:{port}"}
