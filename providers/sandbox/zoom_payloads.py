"""Zoom's payloads, by event type."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

Payload = Callable[[datetime, str], dict[str, Any]]

_ACCOUNT = "sandbox-account"


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _number() -> str:
    return str(10**10 + secrets.randbelow(9 * 10**10))


def _meeting(mark: str, at: datetime, **more: Any) -> dict[str, Any]:
    held = {"id": _number(), "uuid": f"{mark}==", "host_id": "sandbox-host", "topic": "Sample", "type": 2}
    return {**held, "start_time": _stamp(at), "timezone": "Europe/Berlin", "duration": 45, **more}


def _plan(at: datetime, mark: str) -> dict[str, Any]:
    return {"account_id": _ACCOUNT, "object": _meeting(mark, at)}


def _ended(at: datetime, mark: str) -> dict[str, Any]:
    began = at - timedelta(minutes=45)
    return {"account_id": _ACCOUNT, "object": _meeting(mark, began, end_time=_stamp(at))}


def _presence(field: str) -> Payload:
    def payload(at: datetime, mark: str) -> dict[str, Any]:
        who = {
            "user_id": str(secrets.randbelow(10**8)),
            "user_name": "Sample Person",
            "email": "sample.person@example.com",
            "participant_uuid": mark,
            field: _stamp(at),
        }
        return {"account_id": _ACCOUNT, "object": _meeting(mark, at, participant=who)}

    return payload


def _registration(at: datetime, mark: str) -> dict[str, Any]:
    who = {"id": mark, "first_name": "Sample", "last_name": "Person", "email": "sample.person@example.com"}
    return {"account_id": _ACCOUNT, "object": _meeting(mark, at, registrant={**who, "create_time": _stamp(at)})}


def _recording(at: datetime, mark: str) -> dict[str, Any]:
    return {"account_id": _ACCOUNT, "object": _meeting(mark, at, recording_count=1)}


def _user(_: datetime, mark: str) -> dict[str, Any]:
    return {"account_id": _ACCOUNT, "object": {"id": mark, "email": "sample.host@example.com", "type": 2}}


def _removed(at: datetime, mark: str) -> dict[str, Any]:
    told = {"account_id": _ACCOUNT, "user_id": mark, "client_id": "sandbox-client", "signature": mark}
    return {**told, "deauthorization_time": _stamp(at), "user_data_retention": "false"}


PAYLOADS: dict[str, Payload] = {
    **{
        f"{kind}.{event}": payload
        for kind in ("meeting", "webinar")
        for event, payload in {
            "created": _plan,
            "updated": _plan,
            "deleted": _plan,
            "started": _plan,
            "ended": _ended,
            "participant_joined": _presence("join_time"),
            "participant_left": _presence("leave_time"),
            "registration_created": _registration,
        }.items()
    },
    "recording.completed": _recording,
    "user.deactivated": _user,
    "user.deleted": _user,
    "app_deauthorized": _removed,
}
"""Event type -> its payload, given when it happened and a mark that makes it new."""
