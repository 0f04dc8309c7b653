"""A reader wants no more of one kind of mail (MAIL-3, RFC 8058)."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.mail_leaving import MailLeaving


def leave_mails(unit: UnitOfWork, sha256: bytes, mail: str) -> None:
    """Nothing of that kind goes to the address of that digest from now on; said again, it stays so. Audited without the address."""
    row, _ = own_row(unit, MailLeaving, OWN_SOURCE, f"{sha256.hex()}:{mail}")
    if row.left_at is not None and row.back_at is None:
        return
    row.mail, row.left_at, row.back_at = mail, unit.now, None
    after = {"scope": mail, "because": "unsubscribed"}
    unit.audit("mail_address.suppressed", MailLeaving.NAME, row.id, before=None, after=after)
