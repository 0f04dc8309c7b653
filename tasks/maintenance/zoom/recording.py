"""Zoom's `recording.completed`: a session has a recording."""

from __future__ import annotations

from billing.operations.record_meeting_session import record_meeting_session
from providers.zoom.shapes import recording as facts

__all__ = ["completed", "facts"]

completed = record_meeting_session
