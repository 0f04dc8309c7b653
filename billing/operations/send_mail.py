"""Asks for one mail to one customer, in his language, once for what it is about (MAIL-6). Verbs that tell customers come through here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from billing.operations.unit import UnitOfWork
from emails.catalogue import outbox_key
from emails.languages import language_of
from models.base import OWN_SOURCE
from models.subscriber import Subscriber

_HIS = "SELECT language, zone, name FROM bursar.subscriber WHERE source = %(source)s AND external_id = %(ref)s"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a mail goes to, and how he is written to."""

    email: str
    language: str | None = None
    """As the app said it; what there is not becomes English."""
    zone: str | None = None
    name: str | None = None
    subscriber_ref: str | None = None


def addressee(subscriber: Subscriber, email: str | None = None) -> Addressee:
    """The subscriber himself, or another address of his."""
    return Addressee(email or subscriber.email or "", subscriber.language, subscriber.zone, subscriber.name, subscriber.external_id)


def addressee_of(unit: UnitOfWork, email: str, subscriber_ref: str | None) -> Addressee:
    """An address of which only the subscriber's id is known. His row is read and not locked, as locks are taken in another order here."""
    if not subscriber_ref:
        return Addressee(email)
    found = unit.committed(_HIS, {"source": OWN_SOURCE, "ref": subscriber_ref})
    return Addressee(email, **found[0], subscriber_ref=subscriber_ref) if found else Addressee(email, subscriber_ref=subscriber_ref)


def send_mail(
    unit: UnitOfWork, mail: str, to: Addressee, context: Any, *about: str, lane: str, document: str | None = None
) -> str:
    """Have it sent after the commit; the business key, which is also how its fate is found.

    Args:
        unit: the transaction.
        mail: a name of the catalogue.
        to: whom; his address is not empty.
        context: of the class that the catalogue names; what others typed or said is scrubbed already.
        about: what makes it one mail: the object, and the period or step where there are several.
        lane: within which mails keep their order.
        document: the reference of a legal document that goes along as an attachment, rendered when the mail is sent.
    """
    key = outbox_key(mail, to.email, *about)
    payload = {
        "mail": mail, "to": to.email.strip(), "context": asdict(context), "language": language_of(to.language), "zone": to.zone,
        "name": to.name, "subscriber": to.subscriber_ref, "document": document,
    }  # fmt: skip
    unit.send("mail.send", key, {name: value for name, value in payload.items() if value is not None}, queue="notifications", lane=lane)
    return key
