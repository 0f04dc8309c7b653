"""Makes the token of a mail at the moment when the mail goes out (SEC-4).

Only here does a token exist in plain: it goes into the rendered mail and nowhere else, not into the outbox, a log or the
audit. Its digest is committed before the mail server is called. A mail that is tried again brings a token of its own,
because nobody can say the first one again; both are good until one of them comes back, so it does not matter which of
two copies a mailbox shows.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from billing.operations.token_lives import lives
from core.settings import Settings
from models.database import connect
from providers.errors import NotConfigured, Retryable

_BYTES = 32
_PLACE = "{token}"

_WISH = "SELECT purpose FROM bursar.user_token WHERE source = 'bursar' AND external_id = %(reference)s"
# One statement: a wish that was met, replaced or is too old in the meantime gets no token.
_KEEP = """
    WITH wish AS (
        UPDATE bursar.user_token SET expires_at = greatest(expires_at, %(expires_at)s), updated_at = greatest(updated_at, %(now)s)
        WHERE source = 'bursar' AND external_id = %(reference)s AND used_at IS NULL AND revoked_at IS NULL AND send_until > %(now)s
        RETURNING id)
    INSERT INTO bursar.token_secret (sha256, token_id, made_at, expires_at)
    SELECT %(sha256)s, wish.id, %(now)s, %(expires_at)s FROM wish RETURNING 1"""


def with_link(payload: Mapping[str, Any], *, settings: Settings, now: datetime) -> Mapping[str, Any] | None:
    """The payload as it is to be rendered, with the link in its context; None: there is nothing to send any more.

    Raises:
        NotConfigured: the setting with the page's address is empty; nothing was sent.
        Retryable: the database could not be reached; nothing was sent.
    """
    reference = payload.get("token")
    if reference is None:
        return payload
    token = secrets.token_urlsafe(_BYTES)
    try:
        with connect(settings.database_url.get_secret_value(), "bursar_app", autocommit=True, application="bursar-tokens") as connection:
            wish = connection.execute(_WISH, {"reference": reference}).fetchone()
            if wish is None:
                return None  # it was cleaned away, because it ended a day ago
            link = _link(settings, wish[0], token)
            expires_at = now + lives(settings).of(wish[0])
            sha256 = hashlib.sha256(token.encode()).digest()
            bound = {"reference": reference, "now": now, "expires_at": expires_at, "sha256": sha256}
            if connection.execute(_KEEP, bound).fetchone() is None:
                return None
    except psycopg.OperationalError as error:
        raise Retryable(f"no token could be kept ({type(error).__name__}): nothing was sent") from error
    context = {"link": link} if wish[0] == "registration" else {"link": link, "until": {"at": expires_at.isoformat(timespec="minutes")}}
    return {**payload, "context": {**payload["context"], **context}}


def _link(settings: Settings, purpose: str, token: str) -> str:
    name = "reset_link" if purpose == "password_reset" else "verification_link"
    form: str = getattr(settings, name)
    if _PLACE not in form:
        wrong = "without {token}" if form else "not set"
        raise NotConfigured(f"BURSAR_{name.upper()} is {wrong}: nothing was sent, the mail waits in the outbox. Next: set it")
    return form.replace(_PLACE, token)
