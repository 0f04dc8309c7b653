"""Why somebody does what he asks for: a few words that the audit keeps (AUDIT-2)."""

from __future__ import annotations

import click


def reason_said(text: str) -> str:
    """The words of `--reason`, trimmed.

    Raises:
        click.UsageError: there are none; nothing was done.
    """
    if not text.strip():
        raise click.UsageError("--reason is empty; say why in a few words, it is kept in the audit")
    return text.strip()
