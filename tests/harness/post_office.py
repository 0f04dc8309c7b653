"""A machine with a real mail server: mails of the outbox go out, and what comes back lies in a Maildir."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from billing.operations.send_mail import addressee, send_mail
from emails.told import CreditsLow, SubscriptionTold
from tasks.notifications.mail.reports import read_mailbox
from tests.factories.subscribers import do, subscriber
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.smtp import Received, SmtpServer


class PostOffice:
    """One machine, its server, and the mailbox for bounces."""

    def __init__(self, database: Database, server: SmtpServer, mailbox: Path, **settings: Any) -> None:
        for folder in ("new", "cur", "tmp"):
            (mailbox / folder).mkdir(parents=True, exist_ok=True)
        self.mailbox, self.server, self._number = mailbox, server, 0
        self.machine = Machine(
            database, smtp_url=server.url, mail_from="Shop <shop@example.com>", mail_bounces_to="bounces@example.com",
            mail_reports_url=f"maildir://{mailbox}", **settings,
        )  # fmt: skip

    def write(self, ref: str = "ann", about: str = "sub-1", *, notice: bool = False, **values: Any) -> str:
        """One mail to a subscriber, sent; its business key."""
        key = self.ask(ref, about, notice=notice, **values)
        self.machine.settle()
        return key

    def ask(self, ref: str = "ann", about: str = "sub-1", *, notice: bool = False, **values: Any) -> str:
        """One mail to a subscriber, asked for; its business key."""
        def verb(unit: Any) -> str:
            to = addressee(subscriber(unit, ref, **values))
            if notice:
                return send_mail(unit, "credits_low", to, CreditsLow(4, 10, 40), about, lane=f"mail:{about}")
            return send_mail(unit, "subscription_activated", to, SubscriptionTold("Pro", 1, None), about, lane=f"mail:{about}")

        return str(do(self.machine.context, verb))

    def comes_back(self, *raws: bytes) -> dict[str, int]:
        """These lie in the mailbox, and are read; the counts."""
        for raw in raws:
            self._number += 1
            (self.mailbox / "new" / f"{self._number:04}").write_bytes(raw)
        return read_mailbox(self.machine.context)

    def fate(self, key: str) -> tuple[str, str | None]:
        """Of one mail."""
        [(fate, answer)] = self.machine.all("SELECT fate, answer FROM bursar.mail WHERE key = %s", key)
        return fate, answer

    @property
    def mails(self) -> list[Received]:
        """What the server took."""
        return self.server.mails


@contextmanager
def post_office(database: Database, mailbox: Path, **settings: Any) -> Iterator[PostOffice]:
    """It, open."""
    with SmtpServer() as server:
        office = PostOffice(database, server, mailbox, **settings)
        try:
            yield office
        finally:
            office.machine.close()
