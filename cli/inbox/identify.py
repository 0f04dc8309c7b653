"""Which row a person means: its id, or the event id that the provider gave, alone or as `source:event_id`."""

from __future__ import annotations

from sqlalchemy import Connection

from cli.trouble import nothing

_BIGINT = 2**63

# Only (source, event_id) has an index, so the few sources are found first, by hops through it.
_BY_EVENT = """
    WITH RECURSIVE known AS (
        SELECT min(source) AS source FROM bursar.inbox
        UNION ALL SELECT (SELECT min(i.source) FROM bursar.inbox i WHERE i.source > known.source) FROM known WHERE known.source IS NOT NULL)
    SELECT i.id FROM known JOIN bursar.inbox i ON i.source = known.source AND i.event_id = %(event_id)s ORDER BY i.id"""
_BY_BOTH = "SELECT id FROM bursar.inbox WHERE source = %(source)s AND event_id = %(event_id)s"


def identify(connection: Connection, text: str) -> list[int]:
    """The ids of the rows that `text` names; usually one.

    Raises:
        TroubleError: there is none (exit code 3).
    """
    found: list[int] = []
    if text.isascii() and text.isdigit() and int(text) < _BIGINT:
        found = [
            row[0]
            for row in connection.exec_driver_sql("SELECT id FROM bursar.inbox WHERE id = %(id)s", {"id": int(text)})
        ]
    source, colon, event_id = text.partition(":")
    if not found and colon:
        found = [row[0] for row in connection.exec_driver_sql(_BY_BOTH, {"source": source, "event_id": event_id})]
    if not found:
        found = [row[0] for row in connection.exec_driver_sql(_BY_EVENT, {"event_id": text})]
    if not found:
        raise nothing(
            f"no event has the id {text!r}, neither as row id nor as a provider's event id",
            "find it with `bursar inbox ls --object ...` or `--type ...`",
        )
    return found
