"""The event types that Zoom sends and Bursar knows, and why some of them are stored without being processed."""

from __future__ import annotations

_BOTH = (
    "started", "ended", "participant_joined", "participant_left",
    "created", "updated", "deleted", "registration_created",
)

EVENT_TYPES: tuple[str, ...] = (
    *(f"{kind}.{event}" for kind in ("meeting", "webinar") for event in _BOTH),
    "recording.completed",
    "user.deactivated",
    "user.deleted",
    "app_deauthorized",
    "endpoint.url_validation",
)

IGNORED: dict[str, str] = {
    "endpoint.url_validation": "a challenge: the door answers it, and it says nothing about meetings",
}
