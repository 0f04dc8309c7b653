"""Zoom's `user.*`: a user who may be a host was deactivated or deleted."""

from __future__ import annotations

from billing.operations.record_meeting_host import record_meeting_host
from providers.zoom.shapes import user as facts

__all__ = ["deactivated", "deleted", "facts"]

deactivated = deleted = record_meeting_host
