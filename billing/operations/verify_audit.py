"""Proves the audit: every MAC, the chain of seals, and heads of the chain that were written down (AUDIT-3).

It reads by a cursor on the server and keeps one row in memory. What it cannot prove is said: rows that are not sealed
yet have a MAC but no place in the chain, and a chain that was cut short only shows against a head noted outside.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from core.crypto import KeyRing
from models.audit import GENESIS, audit_message, seal_message

_COLUMNS = (
    "a.id, a.uid, a.at::text, a.actor, a.reason, a.action, a.object_type, a.object_id, a.before::text, a.after::text, "
    "a.inbox_id, a.key_id, a.mac"
)
_SEALED = f"""
    SELECT s.seq, s.prev, s.hash, s.audit_id, {_COLUMNS}
    FROM bursar.audit_seal s LEFT JOIN bursar.audit a ON a.id = s.audit_id
    WHERE s.seq > %(after)s ORDER BY s.seq LIMIT %(limit)s"""  # noqa: S608 - the columns are a constant
_UNSEALED = f"""
    SELECT {_COLUMNS} FROM bursar.audit a LEFT JOIN bursar.audit_seal s ON s.audit_id = a.id AND s.audit_id > %(above)s
    WHERE s.seq IS NULL AND a.id > %(above)s ORDER BY a.id"""  # noqa: S608 - the columns are a constant
_NOTED = """
    SELECT result ->> 'head' FROM bursar.schedule_slot
    WHERE job = 'verify_audit' AND state = 'done' AND result ->> 'head' ~ '^[0-9]+:[0-9a-f]{64}$' ORDER BY slot_at"""
_LAST = """
    SELECT result ->> 'head', result ->> 'unfinished' = 'true', coalesce((result ->> 'looked_to')::bigint, 0) FROM bursar.schedule_slot
    WHERE job = 'verify_audit' AND state = 'done' AND result ->> 'head' ~ '^[0-9]+:[0-9a-f]{64}$'
    ORDER BY slot_at DESC LIMIT 1"""
_NOT_OF_THIS = "the seal is not of this row: the row or the seal was replaced or reordered"
_FETCH = 500
_NAMES = (
    "id",
    "uid",
    "at",
    "actor",
    "reason",
    "action",
    "object_type",
    "object_id",
    "before",
    "after",
    "inbox_id",
    "key_id",
    "mac",
)
_RESTORE = (
    "keep this database as it is for the inquiry, restore a backup beside it and compare the row; "
    "the money itself is checked against the provider, not against the audit"
)


@dataclass(frozen=True, slots=True)
class Head:
    """A place in the chain, short enough to be written down: `seq:hash`. It proves all that stands before it."""

    seq: int = 0
    hash: bytes = GENESIS

    def __str__(self) -> str:
        """As it is printed, logged and given back."""
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read what `str` gives.

        Raises:
            ValueError: it is not of the form `seq:hash` with 64 hex digits.
        """
        seq, _, digits = text.strip().partition(":")
        try:
            head = cls(int(seq), bytes.fromhex(digits))
        except ValueError as error:
            raise ValueError(
                f"{text!r} is not a head of the audit's chain, such as `120:9f2c...` (64 digits)"
            ) from error
        if head.seq < 0 or len(head.hash) != len(GENESIS):
            raise ValueError(f"{text!r} is not a head of the audit's chain: after the colon stand 64 hex digits")
        return head


@dataclass(frozen=True, slots=True)
class Bad:
    """One thing that does not verify: where, what, and what to do."""

    seq: int | None
    audit_id: int | None
    what: str
    next_step: str

    def __str__(self) -> str:
        """One sentence for a log, a mail or a slot's error."""
        place = f"seal {self.seq}" if self.seq is not None else "not sealed"
        row = "" if self.audit_id is None else f", audit row {self.audit_id}"
        return f"the audit does not verify ({place}{row}): {self.what}. Next: {self.next_step}"


@dataclass(slots=True)
class Report:
    """What a verification found. `checked` counts rows with a MAC; `head` is the last seal that was looked at."""

    checked: int = 0
    sealed: int = 0
    unsealed_tail: int = 0
    bad: int = 0
    first_bad: Bad | None = None
    head: Head = Head()

    def note(self, bad: Bad) -> None:
        """Count a finding; the first one is kept, because what follows it is often its consequence."""
        self.bad += 1
        self.first_bad = self.first_bad or bad


def verify(
    connection: psycopg.Connection[Any],
    keys: KeyRing,
    *,
    heads: Iterable[Head] = (),
    after: Head | None = None,
    limit: int | None = None,
    tail_above: int = 0,
) -> Report:
    """Check the audit; reads only. Runs inside a transaction, because it uses a cursor on the server.

    `heads` were written down by earlier verifications and must still be on the chain. `after` starts behind a head that
    is trusted, and `limit` bounds the number of seals, so that a run can go through a large audit in turns; `tail_above`
    leaves out unsealed rows with smaller ids, which such a run seals before it looks.
    """
    report = Report(head=after or Head())
    expected = {head.seq: head.hash for head in heads if head.seq > report.head.seq}
    for row in _stream(connection, "audit_sealed", _SEALED, {"after": report.head.seq, "limit": limit}):
        _check_seal(report, keys, row[:4], dict(zip(_NAMES, row[4:], strict=True)), expected)
    if limit is None or report.sealed < limit:
        for seq in sorted(expected):
            _note_lost(report, seq)
        for row in _stream(connection, "audit_unsealed", _UNSEALED, {"above": tail_above}):
            report.unsealed_tail += 1
            _check_row(report, keys, None, dict(zip(_NAMES, row, strict=True)))
    return report


def noted_heads(connection: psycopg.Connection[Any]) -> list[Head]:
    """The heads that daily verifications left in their slots' results; they also stand in the logs."""
    heads = [Head.parse(row[0]) for row in connection.execute(_NOTED)]
    return [head for head in heads if head.seq]


def resume_from(connection: psycopg.Connection[Any]) -> tuple[Head | None, int]:
    """Where the last run stopped for want of time, None when it came to the end; and to which id it looked for forgotten rows."""
    row = connection.execute(_LAST).fetchone()
    if row is None:
        return None, 0
    return Head.parse(row[0]) if row[1] else None, int(row[2])


def _stream(
    connection: psycopg.Connection[Any], name: str, sql: str, bound: dict[str, Any]
) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name) as cursor:
        cursor.itersize = _FETCH
        cursor.execute(sql, bound)
        yield from cursor


def _check_seal(
    report: Report, keys: KeyRing, seal: tuple[Any, ...], row: dict[str, Any], expected: dict[int, bytes]
) -> None:
    seq, prev, digest, audit_id = seal
    last, report.head = report.head, Head(seq, digest)
    report.sealed += 1
    noted = expected.pop(seq, digest)
    if seq != last.seq + 1:
        report.note(_bad(seq, audit_id, f"seals {last.seq + 1} to {seq - 1} are missing: they were removed"))
    elif prev != last.hash:
        report.note(_bad(seq, audit_id, "it does not follow the seal before it: seals were replaced or reordered"))
    if row["id"] is None:
        report.note(_bad(seq, audit_id, "the sealed audit row is gone: it was deleted"))
    elif _check_row(report, keys, seq, row) and not keys.verify_any(
        seal_message(prev, seq, row["uid"], row["mac"]), digest
    ):
        report.note(_bad(seq, audit_id, _NOT_OF_THIS, key_too=True))
    if noted != digest:
        report.note(_bad(seq, audit_id, "another hash was written down for this seal: the chain was rebuilt"))


def _check_row(report: Report, keys: KeyRing, seq: int | None, row: dict[str, Any]) -> bool:
    report.checked += 1
    if row["key_id"] not in keys:
        report.note(
            Bad(
                seq,
                row["id"],
                f"its MAC is by the key {row['key_id']!r}, which is not in BURSAR_AUDIT_KEYS",
                "add the old key behind the new ones (`new:secret,old:secret`) and verify again; "
                f"if no such key ever was, the row is forged: {_RESTORE}",
            )
        )
        return False
    if not _mac_holds(keys, row):
        report.note(
            _bad(seq, row["id"], "the row is not what was written: one of its columns was changed", key_too=True)
        )
        return False
    return True


def _mac_holds(keys: KeyRing, row: dict[str, Any]) -> bool:
    try:
        read: dict[str, Any] = {
            **row,
            "at": datetime.fromisoformat(row["at"]),
            "before": _json(row["before"]),
            "after": _json(row["after"]),
        }
        message = audit_message(read)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return False  # no program of ours could have written this
    return keys.verify(row["key_id"], message, row["mac"])


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _bad(seq: int | None, audit_id: int | None, what: str, *, key_too: bool = False) -> Bad:
    first = "first rule out a wrong or missing secret in BURSAR_AUDIT_KEYS; then " if key_too else ""
    return Bad(seq, audit_id, what, first + _RESTORE)


def _note_lost(report: Report, seq: int) -> None:
    report.note(
        _bad(
            seq, None, f"the chain ends at seal {report.head.seq}, but seal {seq} was written down: its end was cut off"
        )
    )
