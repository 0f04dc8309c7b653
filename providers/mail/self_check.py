"""Says before the first mail is due whether mail can go out at all (MAIL-4): for the start, for `doctor` and for health.

No name is looked up: what SPF, DKIM and DMARC records say is the sending domain's own business, and the mail provider's
page checks it. What is seen here are settings that no such record could mend.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from core.settings import Settings
from providers.errors import Final, Retryable
from providers.mail.mailbox import opened
from providers.mail.message import recipient, return_address, sender_of
from providers.mail.smtp import LOOPBACK, greet, server_of

_HERE = frozenset({"localhost", "localdomain", "example.com", "example.org", "example.net", "invalid", "test"})


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
    found += _addresses(settings, sender)
    try:
        server = server_of(settings)
        if server.host not in LOOPBACK and sender.rpartition("@")[2].rpartition(".")[2] in _HERE | {""}:
            found.append(
                f"BURSAR_MAIL_FROM is at {sender.rpartition('@')[2]}: other servers refuse such mail. Next: use a domain of your own"
            )
        if talk:
            greet(settings, sender)
    except (Retryable, ValueError) as error:
        found.append(str(error))
    return found


def report_problems(settings: Settings, *, talk: bool) -> list[str]:
    """What is wrong with the mailbox for bounces, if one is named; with `talk` it is really opened, and nothing is taken."""
    url = settings.mail_reports_url.get_secret_value()
    try:
        if url and talk:
            with opened(url, settings.smtp_timeout_s) as mailbox:
                mailbox.some(0)
    except (Retryable, ValueError) as error:
        return [str(error)]
    return []


def stays_here(settings: Settings) -> bool:
    """Whether mails go to a server on this machine, such as the one that only keeps them: then nothing comes back."""
    try:
        return server_of(settings).host in LOOPBACK
    except (Retryable, ValueError):
        return False


def _addresses(settings: Settings, sender: str) -> Iterator[str]:
    """Of bounces and of leaving."""
    try:
        back_to = return_address(settings.mail_bounces_to, sender, "")
    except (ValueError, Final) as error:
        yield str(error)
    else:
        ours, theirs = (address.rpartition("@")[2].lower() for address in (sender, back_to))
        if ours != theirs and not ours.endswith(f".{theirs}") and not theirs.endswith(f".{ours}"):
            yield (
                f"BURSAR_MAIL_BOUNCES_TO is at {theirs} and BURSAR_MAIL_FROM at {ours}: SPF then speaks for another domain, and DMARC "
                "refuses mail that is not signed for yours. Next: use one domain, or one below the other"
            )
    link = settings.mail_unsubscribe_url
    if link and ("{token}" not in link or urlsplit(link).scheme != "https"):
        yield "BURSAR_MAIL_UNSUBSCRIBE_URL is no https address with {token} in it: mail programs offer no button for it. Next: correct it"
