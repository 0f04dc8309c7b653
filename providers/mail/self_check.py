"""Says before the first mail is due whether mail can go out at all (MAIL-4): for the start, for `doctor` and for health."""

from __future__ import annotations

from core.settings import Settings
from providers.errors import Final, Retryable
from providers.mail.message import recipient, sender_of
from providers.mail.smtp import greet, server_of


def problems(settings: Settings, *, talk: bool) -> list[str]:
    """What is wrong with the mail settings, each with its next step; `[]` when nothing is.

    With `talk` the server is really greeted and logged in to, which takes up to a few `smtp_timeout_s`; no mail is sent.
    """
    found = []
    try:
        sender = sender_of(settings.mail_from)
    except ValueError as error:
        sender = "bursar@localhost"
        found.append(str(error))
    for address in settings.operator_emails:
        try:
            recipient(address)
        except Final:
            found.append(
                "BURSAR_OPERATOR_EMAILS holds something that is not one mail address. Next: separate them by commas"
            )
    try:
        server_of(settings)
        if talk:
            greet(settings, sender)
    except (Retryable, ValueError) as error:
        found.append(str(error))
    return found
