"""`billing.refunds.*`: the app gives money back."""

from __future__ import annotations

from billing.operations.decide_refund import approve_refund, cancel_refund, note_refund, reject_refund
from billing.operations.refund_asked import refund_asked
from billing.operations.refund_terms import terms
from billing.operations.request_refund import request_refund
from billing.operations.request_refund_batch import request_refund_batch
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.refunds import (
    ApproveRefund,
    BatchAsked,
    CancelRefund,
    NoteRefund,
    RefundAsked,
    RejectRefund,
    RequestBatch,
    RequestRefund,
)
from billing.rules.facts.event import Event
from core.ids import public_id
from core.settings import current
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def request(unit: UnitOfWork, command: RequestRefund) -> RefundAsked:
    """Give back."""
    return refund_asked(request_refund(unit, command, terms(current())))


def request_batch(unit: UnitOfWork, command: RequestBatch) -> BatchAsked:
    """Give many back."""
    row = request_refund_batch(unit, command)
    return BatchAsked(batch=public_id(row.PUBLIC_PREFIX, row.id), status=row.status or "asked")


def approve(unit: UnitOfWork, command: ApproveRefund) -> RefundAsked:
    """A second person agrees."""
    return refund_asked(approve_refund(unit, command.source, command.reference, reason=command.reason))


def reject(unit: UnitOfWork, command: RejectRefund) -> RefundAsked:
    """A second person declines."""
    return refund_asked(reject_refund(unit, command.source, command.reference, reason=command.reason))


def cancel(unit: UnitOfWork, command: CancelRefund) -> RefundAsked:
    """It is given up, if it still can be."""
    return refund_asked(cancel_refund(unit, command.source, command.reference, reason=command.reason))


def note(unit: UnitOfWork, command: NoteRefund) -> RefundAsked:
    """Somebody adds a note."""
    return refund_asked(note_refund(unit, command.source, command.reference, kind=command.kind, text=command.text))
