"""Zoom's `meeting.*`: the plan, sessions as they are held, and who entered and left."""

from __future__ import annotations

from billing.operations.record_meeting import record_meeting
from billing.operations.record_meeting_session import record_meeting_session
from billing.operations.record_presence import record_presence
from billing.operations.record_registrant import record_registrant
from providers.zoom.shapes import meeting as facts

__all__ = [
    "created",
    "deleted",
    "ended",
    "facts",
    "participant_joined",
    "participant_left",
    "registration_created",
    "started",
    "updated",
]

created = updated = deleted = record_meeting
started = ended = record_meeting_session
participant_joined = participant_left = record_presence
registration_created = record_registrant
