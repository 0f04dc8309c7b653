"""Settings: where bounces go to, where they are read from, and how readers leave what they may leave."""

from __future__ import annotations

from pydantic import Field, SecretStr

from core.settings.section import Section


class Mail(Section):
    """Bounces, complaints, and leaving."""

    mail_bounces_to: str = Field(
        "",
        description="Address to which undeliverable mails come back, such as `bounces@example.com`; each mail has its own, "
        "`bounces+<reference>@example.com`, so the mailbox must take such. Empty: they come back to `mail_from`.",
    )
    mail_reports_url: SecretStr = Field(
        SecretStr(""),
        description="Where bounces and complaints are read: `imaps://user:password@host/INBOX`, or `maildir:///path`. "
        "Empty: nobody reads them, and only what a server refuses at once is known.",
    )
    mail_unsubscribe_url: str = Field(
        "",
        description="How readers leave the mails that they may leave: a page of the app, such as `https://app.example.com/leave/{token}`, "
        "that takes a POST and sends the token on as `billing.mails.leave.v1`. Empty: such mails say nothing of it.",
    )
