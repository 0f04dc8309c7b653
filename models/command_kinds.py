"""Tells the database which commands this version knows, because it is the database that accepts them (docs/decisions/0080).

A name that left the code is refused from then on; the rows that came under it stay.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import psycopg

_SAME = """
    SELECT (SELECT coalesce(jsonb_object_agg(name, queue), '{}') FROM bursar.command_kind) = %(kinds)s::jsonb"""
_FORGET = "DELETE FROM bursar.command_kind WHERE name NOT IN (SELECT key FROM json_each_text(%(kinds)s::json))"
_LEARN = """
    INSERT INTO bursar.command_kind (name, queue) SELECT key, value FROM json_each_text(%(kinds)s::json) ORDER BY key
    ON CONFLICT (name) DO UPDATE SET queue = excluded.queue"""


def synchronise(database_url: str, kinds: Mapping[str, str]) -> None:
    """Make the table say what `kinds` (name -> queue) says, as the schema's owner; nothing is written if it does already.

    Raises:
        psycopg.Error: the database refused; nothing was changed.
    """
    bound = {"kinds": msgspec.json.encode(kinds).decode()}
    with psycopg.connect(database_url) as connection:
        if connection.execute(_SAME, bound).fetchone() != (True,):
            connection.execute("LOCK TABLE bursar.command_kind IN SHARE ROW EXCLUSIVE MODE")
            connection.execute(_FORGET, bound)
            connection.execute(_LEARN, bound)
