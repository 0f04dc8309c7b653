"""Asks for a mail with a link that proves something once (SEC-4). Nothing secret is made here: see tasks/notifications/mail/tokens.py."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.access import PURPOSES, Lives
from billing.rules.commands.base import Rejected
from billing.rules.commands.tokens import RequestToken
from billing.rules.email_address import normalised
from emails.catalogue import outbox_key
from models.app_user import AppUser
from models.base import OWN_SOURCE
from models.user_token import UserToken

_HOUR = timedelta(hours=1)
_KNOWN = """SELECT external_id AS reference, requested_at, used_at IS NULL AND revoked_at IS NULL AS open FROM bursar.user_token
            WHERE user_ref = %(user)s AND purpose = %(purpose)s AND versions <> '{}'
              AND (requested_at > %(since)s OR used_at IS NULL AND revoked_at IS NULL)"""
_ADDRESS = """SELECT email, language, zone, name FROM bursar.subscriber WHERE source = 'bursar' AND external_id = %(user)s"""


def request_token(unit: UnitOfWork, command: RequestToken, lives: Lives) -> UserToken:
    """The wish, and the call that makes the token and mails it; asked again, it is the same wish and the same mail.

    Raises:
        Rejected: `no_address`, `too_many`.
    """
    own_row(unit, AppUser, OWN_SOURCE, command.user_ref)
    row = unit.row(UserToken, OWN_SOURCE, command.reference)
    if not row.incomplete:
        return row
    known = unit.committed(_ADDRESS, {"user": command.user_ref})
    address = normalised(command.email or (known[0]["email"] if known else None) or "")
    if address is None:
        raise Rejected("no_address", f"no mail address is known of {command.user_ref}", {"field": "email"})
    _replace_older(unit, command, lives)
    own_row(unit, UserToken, OWN_SOURCE, command.reference)
    row.user_ref, row.purpose, row.email = command.user_ref, command.purpose, address
    row.requested_at, row.send_until = unit.now, unit.now + lives.of(command.purpose)
    mail = PURPOSES[command.purpose]
    his = {"language": command.language or known[0]["language"], "zone": known[0]["zone"], "name": known[0]["name"]} if known else {}
    reader = {"language": command.language, "subscriber": command.user_ref, **his}
    unit.send(
        "mail.send",
        outbox_key(mail, address, row.id.hex),
        {"mail": mail, "to": address, "context": {}, "token": command.reference}
        | {name: value for name, value in reader.items() if value is not None},
        queue="notifications",
        lane=f"mail:{mail}:{command.user_ref}",
    )
    unit.audit("token.requested", UserToken.NAME, row.id, before=None, after={"user": command.user_ref, "purpose": command.purpose})
    return row


def _replace_older(unit: UnitOfWork, command: RequestToken, lives: Lives) -> None:
    """Of one user and purpose the newest link counts; his row is locked, so what is known stays so."""
    since = unit.now - _HOUR
    told = unit.committed(_KNOWN, {"user": command.user_ref, "purpose": command.purpose, "since": since})
    recent = {one["reference"] for one in told if one["requested_at"] > since}
    older = {one["reference"] for one in told if one["open"]}
    for row in unit.known:
        if isinstance(row, UserToken) and row.user_ref == command.user_ref and row.purpose == command.purpose:
            recent.add(row.external_id)
            older.add(row.external_id)
    if len(recent) >= lives.per_hour:
        raise Rejected(
            "too_many",
            f"{command.user_ref} has asked for {len(recent)} links within an hour; nothing was sent",
            {"current": len(recent), "limit": lives.per_hour},
        )
    unit.load((UserToken.NAME, OWN_SOURCE, reference) for reference in sorted(older))
    for reference in sorted(older):
        row = unit.row(UserToken, OWN_SOURCE, reference)
        if row.used_at is None and row.revoked_at is None:
            row.revoked_at = row.updated_at = unit.now
