"""Zoom's `webinar.*`: the twins of `meeting.*`, with the same payloads."""

from __future__ import annotations

from tasks.maintenance.zoom.meeting import (
    created,
    deleted,
    ended,
    facts,
    participant_joined,
    participant_left,
    registration_created,
    started,
    updated,
)

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
