"""A connection that prepares statements for itself and asks them without ceremony: sent, waited for, read.

psycopg asks by generators that a loop drives, one cursor and one result object for each. Measured for `SELECT 1`: the driver's way to
the server and back costs 20 us of processor, this one 14, of which 10 are the system's; COMMIT costs a third.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Self, cast

import psycopg
from psycopg import errors, pq
from psycopg.adapt import PyFormat

from models.prepared import Key, Prepared

_IDLE, _ACTIVE = pq.TransactionStatus.IDLE, pq.TransactionStatus.ACTIVE
_FATAL, _DONE, _SYNCED = pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.PIPELINE_SYNC
_COPIES = frozenset({pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH})
_CANCEL_S = 2.0
"""Less than lies between a task's two time limits."""
_LOOK_MS = 120
"""A signal that comes right before the wait is heard after it: so the wait is short."""
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY


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
            known = self.prepared
            key, dumped, formats = self._dumped(query, values)
            wanted = _BINARY if binary else _TEXT
            name, first = known.name(key)
            if begins and not self.autocommit and self.pgconn.transaction_status == _IDLE:
                self._command(b"BEGIN")
            if name is None:
                return self._as_text(query, dumped, key[1], formats, wanted)
            if first:
                self._keep(name, query, key[1])
                if (old := known.keep(key, name)) is not None:
                    self._command(b"DEALLOCATE " + old)
            return self._by_name(name, dumped, formats, wanted)

    def ask_all(self, asked: Sequence[tuple[bytes, Sequence[Any], bool]]) -> list[Any]:
        """The answers to several statements, each (query, values, binary), in a transaction, which begins with them if none has.

        They go to the server together and are carried out one after the other: one way there and back instead of one for each. Where
        one fails its answer says why, and those of the statements behind it say only that they were not carried out.

        Raises:
            psycopg.Error: the server is gone.
        """
        with self.lock:
            orders, ends, made = list[tuple[Any, ...]](), list[int](), list[tuple[int, Key]]()
            if not self.autocommit and self.pgconn.transaction_status == _IDLE:
                orders.append((self.pgconn.send_query_params, b"BEGIN", None))
            try:
                for query, values, binary in asked:
                    self._order(orders, made, query, values, _BINARY if binary else _TEXT)
                    ends.append(len(orders))
                told = self._answers(orders)
            except BaseException:
                self.prepared.drop(key for _, key in made)
                raise
            self.prepared.drop(key for place, key in made if place >= len(told) or told[place].status != _DONE)
            answers = [told[begin:end] or told[-1:] for begin, end in pairwise([0, *ends])]
            return [next((one for one in those if one.status == _FATAL), those[-1]) for those in answers]

    def _order(self, orders: list[tuple[Any, ...]], made: list[tuple[int, Key]], query: bytes, values: Sequence[Any], wanted: int) -> None:
        known, server = self.prepared, self.pgconn
        key, dumped, formats = self._dumped(query, values)
        name, first = known.name(key)
        if name is None:
            orders.append((server.send_query_params, query, dumped, key[1], formats, wanted))
            return
        if first:
            made.append((len(orders), key))
            orders.append((server.send_prepare, name, query, key[1]))
            if (old := known.keep(key, name)) is not None:
                orders.append((server.send_query_params, b"DEALLOCATE " + old, None))
        orders.append((server.send_query_prepared, name, dumped, formats, wanted))

    def _dumped(self, query: bytes, values: Sequence[Any]) -> tuple[Key, Any, Any]:
        if not values:
            return (query, None), None, None
        transformer = self.prepared.transformer
        dumped = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        return (query, transformer.types), dumped, transformer.formats

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
                self._command(command)

    def _command(self, command: bytes) -> Any:
        return self._answer(self.pgconn.send_query, command)

    def _as_text(self, *said: Any) -> Any:
        return self._answer(self.pgconn.send_query_params, *said)

    def _keep(self, *said: Any) -> Any:
        return self._answer(self.pgconn.send_prepare, *said)

    def _by_name(self, *said: Any) -> Any:
        return self._answer(self.pgconn.send_query_prepared, *said)

    def _answer(self, send: Any, *said: Any) -> Any:
        """Send it, and wait for the last result."""
        return _checked(self._heard(partial(send, *said), self._read))

    def _answers(self, orders: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send them one behind the other and then wait; the result of each. Behind one that fails none is carried out."""

        def send() -> None:
            try:
                self.pgconn.enter_pipeline_mode()
                for order, *said in orders:
                    order(*said)
                self.pgconn.pipeline_sync()
            except BaseException:  # the server would wait for an end that never comes
                self.pgconn.finish()
                raise

        return cast("list[Any]", self._heard(send, self._read_all))

    def _heard(self, send: Callable[[], None], read: Callable[[], Any]) -> Any:
        """A time limit or Ctrl-C may strike in the middle of it. Left running, the statement would make the rollback fail, and its
        error would be all that anybody is told.
        """
        try:
            send()
            return read()
        except psycopg.Error:
            raise
        except BaseException:
            if self.pgconn.transaction_status == _ACTIVE:
                self._end_statement(read)
            if self.pgconn.pipeline_status and not self.closed:
                self.pgconn.exit_pipeline_mode()
            raise

    def _read(self) -> Any:
        last = None
        try:
            self._flush()
            while (result := self._next()) is not None:
                last = result
                if result.status in _COPIES:
                    break
        except psycopg.DatabaseError:
            if last is None or last.status != _FATAL:
                raise
        return last  # of a server that has gone: why

    def _read_all(self) -> list[Any]:
        """Up to the end of what was sent together. Behind each result comes None, and None again where nothing is left to be read."""
        found, nothing = list[Any](), False
        try:
            self._flush()
            while True:
                result = self._next()
                if result is None and not nothing:
                    nothing = True
                    continue
                if result is None or result.status == _SYNCED:
                    break
                found.append(result)
                nothing = False
        except psycopg.DatabaseError:
            if all(result.status != _FATAL for result in found):
                raise
            return found  # one of them says why the server has gone
        self.pgconn.exit_pipeline_mode()
        return found

    def _flush(self) -> None:
        if self._waits is None:
            self._waits = select.poll()
            self._waits.register(self.pgconn.socket, select.POLLIN)
        if self.pgconn.flush():
            self._push()

    def _next(self) -> Any:
        server = self.pgconn
        while server.is_busy():
            self._waits.poll(_LOOK_MS)
            server.consume_input()
        return server.get_result()

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


class Blocking(Preparing):
    """Of a process that nothing may interrupt in the middle of a statement: libpq itself waits for the answer, which costs half."""

    def _command(self, command: bytes) -> Any:
        return _checked(self.pgconn.exec_(command))

    def _as_text(self, *said: Any) -> Any:
        return _checked(self.pgconn.exec_params(*said))

    def _keep(self, *said: Any) -> Any:
        return _checked(self.pgconn.prepare(*said))

    def _by_name(self, *said: Any) -> Any:
        return _checked(self.pgconn.exec_prepared(*said))

    def _next(self) -> Any:
        return self.pgconn.get_result()


def _checked(result: Any) -> Any:
    if result.status == _FATAL:
        raise errors.error_from_result(result)
    return result
