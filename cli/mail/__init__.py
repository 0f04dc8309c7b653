"""`bursar mail ...`: what went to whom and what became of it, who gets nothing more, and how every mail looks."""

from __future__ import annotations

from cli.lazy import Lazy

mail = Lazy(
    name="mail",
    help="Mails: what became of each, read one, send one again; addresses that get none; how every mail looks.",
    commands_at={
        "ls": ("cli.mail.ls:ls", "List mails, newest first, with what became of each."),
        "show": ("cli.mail.show:show", "Show one: to whom, how often it was tried, what the servers said."),
        "read": ("cli.mail.show:read", "Print one as its reader sees it."),
        "resend": ("cli.mail.resend:resend", "Send one again."),
        "suppressions": ("cli.mail.suppressions:suppressions", "Addresses that get no mail: list, add, lift."),
        "report": ("cli.mail.reports:report", "Take in a bounce or a complaint from a file."),
        "preview": ("cli.mail.preview:preview", "Write a page with every mail in every language, on phone and desktop, in light and dark."),
    },
)
