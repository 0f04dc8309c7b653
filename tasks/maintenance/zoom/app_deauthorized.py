"""Zoom's `app_deauthorized`: a user removed our app. Recorded and audited; the erasure itself is not done here."""

from __future__ import annotations

from billing.operations.record_meeting_host import record_meeting_host
from providers.zoom.shapes import deauthorized as facts

__all__ = ["facts", "received"]

received = record_meeting_host
