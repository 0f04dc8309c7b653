"""A connection that prepares statements for itself and asks them without ceremony: sent, waited for, read.

psycopg asks by generators that a loop drives, one cursor and one result object for each. Measured for `SELECT 1`: the driver's way to
the server and back costs 20 us of processor, this one 14, of which 10 are the system's; COMMIT costs a third.
"""

from __future__ import annotations

import select
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import psycopg
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer

_MOST = 500
"""Statements that a connection keeps prepared. The server plans each anew when its tables are analysed or changed."""
_IDLE, _ACTIVE, _FATAL = pq.TransactionStatus.IDLE, pq.TransactionStatus.ACTIVE, pq.ExecStatus.FATAL_ERROR
_COPIES = frozenset({pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH})
_CANCEL_S = 2.0
"""Less than lies between a task's two time limits."""
_LOOK_MS = 120
"""A signal that comes right before the wait is heard after it: so the wait is short."""
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_Key = tuple[bytes, tuple[int, ...] | None]


class Prepared:
    """What one connection has prepared, and how it turns values into the server's form and back."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.transformer = Transformer(connection)
        self.columns: dict[bytes, Any] = {}
        """For who reads results: what those of a statement have in common."""
        self._names: OrderedDict[_Key, bytes] = OrderedDict()
        self._seen: set[_Key] = set()
        self._count = 0

    def name(self, key: _Key) -> tuple[bytes | None, bool]:
        """The statement's name, and whether it is to be prepared first; None: it is used for the first time."""
        if (name := self._names.get(key)) is not None:
            self._names.move_to_end(key)
            return name, False
        if key in self._seen:
            self._count += 1
            return b"bursar_%d" % self._count, True
        if len(self._seen) >= 2 * _MOST:
            self._seen.clear()
        self._seen.add(key)
        return None, False

    def keep(self, key: _Key, name: bytes) -> bytes | None:
        """Note that it is prepared; the name of one to be given up."""
        self._names[key] = name
        return self._names.popitem(last=False)[1] if len(self._names) > _MOST else None

    def forget(self) -> None:
        """Prepare all anew."""
        self._names.clear()
        self.columns.clear()


class Preparing(psycopg.Connection[Any]):
    """A connection that knows what it has prepared."""

    _known: Prepared | None = None
    _waits: Any = None

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:
        """As psycopg's, which prepares nothing by itself: at a rollback it would have the server give up ours with its own."""
        return super().connect(conninfo, prepare_threshold=None, **options)

    @property
    def prepared(self) -> Prepared:
        """What it has prepared so far."""
        if self._known is None:
            self._known = Prepared(self)
        return self._known

    def ask(self, query: bytes, values: Sequence[Any], *, binary: bool, begins: bool) -> Any:
        """The answer to a statement with numbered places; `begins`: in a transaction, which begins with it if none has.

        Raises:
            psycopg.Error: the server refuses, or is gone.
        """
        with self.lock:
            known, server = self.prepared, self.pgconn
            types = formats = dumped = None
            if values:
                transformer = known.transformer
                dumped = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
                types, formats = transformer.types, transformer.formats
            wanted = _BINARY if binary else _TEXT
            key = (query, types)
            name, first = known.name(key)
            if begins and not self.autocommit and server.transaction_status == _IDLE:
                self._answer(server.send_query, b"BEGIN")
            if name is None:
                return self._answer(server.send_query_params, query, dumped, types, formats, wanted)
            if first:
                self._answer(server.send_prepare, name, query, types)
                if (old := known.keep(key, name)) is not None:
                    self._answer(server.send_query, b"DEALLOCATE " + old)
            return self._answer(server.send_query_prepared, name, dumped, formats, wanted)

    def commit(self) -> None:
        """As psycopg's."""
        self._end(b"COMMIT", super().commit)

    def rollback(self) -> None:
        """As psycopg's; what is prepared stays."""
        self._end(b"ROLLBACK", super().rollback)

    def _end(self, command: bytes, otherwise: Any) -> None:
        if self._num_transactions or self._tpc or self._pipeline:  # a block of psycopg's own, which says what is forbidden in it
            otherwise()
            return
        with self.lock:
            if self.pgconn.transaction_status != _IDLE:
                self._answer(self.pgconn.send_query, command)

    def _answer(self, send: Any, *said: Any) -> Any:
        """Send it, and wait for the last result.

        A time limit or Ctrl-C may strike in the middle of it. Left running, the statement would make the rollback fail, and its
        error would be all that anybody is told.
        """
        try:
            send(*said)
            result = self._read()
        except psycopg.Error:
            raise
        except BaseException:
            if self.pgconn.transaction_status == _ACTIVE:
                self._end_statement(self._read)
            raise
        if result.status == _FATAL:
            raise errors.error_from_result(result)
        return result

    def _read(self) -> Any:
        server, last = self.pgconn, None
        if self._waits is None:
            self._waits = select.poll()
            self._waits.register(server.socket, select.POLLIN)
        try:
            if server.flush():
                self._push()
            while True:
                while server.is_busy():
                    self._waits.poll(_LOOK_MS)
                    server.consume_input()
                result = server.get_result()
                if result is None:
                    return last
                last = result
                if result.status in _COPIES:
                    return last
        except psycopg.DatabaseError:
            if last is None or last.status != _FATAL:
                raise
            return last  # why the server has gone

    def _push(self) -> None:
        """Send the rest of what the socket does not take at once, and take in what the server says meanwhile: it may wait for that."""
        ready = select.poll()
        ready.register(self.pgconn.socket, select.POLLIN | select.POLLOUT)
        while self.pgconn.flush():
            ready.poll(_LOOK_MS)
            self.pgconn.consume_input()

    def wait(self, gen: Any, *args: Any, **more: Any) -> Any:
        """As psycopg's, for what goes its way, and a time limit ends a running statement, too."""
        try:
            return super().wait(gen, *args, **more)
        except psycopg.Error:
            raise
        except Exception:
            if self.pgconn.transaction_status == _ACTIVE:
                self._end_statement(partial(super().wait, gen))
            raise

    def _end_statement(self, read: Callable[[], Any]) -> None:
        try:
            self.cancel_safe(timeout=_CANCEL_S)
            read()
        except errors.QueryCanceled:
            pass
        except psycopg.Error:
            self.pgconn.finish()
