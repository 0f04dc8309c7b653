"""A connection that asks without ceremony: sent, waited for, read.

psycopg asks by generators that a loop drives, one cursor and one result object for each. Measured for `SELECT 1`: the driver's way to
the server and back costs 20 us of processor, this one 14, of which 10 are the system's; COMMIT costs a third.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import psycopg
from psycopg import errors, pq

_ACTIVE = pq.TransactionStatus.ACTIVE
_FATAL, _SYNCED = pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_SYNC
_COPIES = frozenset({pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH})
_CANCEL_S = 2.0
"""Less than lies between a task's two time limits."""
_LOOK_MS = 120
"""A signal that comes right before the wait is heard after it: so the wait is short."""


class Answering(psycopg.Connection[Any]):
    """Statements go out, results come back; a time limit or Ctrl-C may strike at any time."""

    _waits: Any = None

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
        return checked(self._heard(partial(send, *said), self._read))

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


def checked(result: Any) -> Any:
    """The result.

    Raises:
        psycopg.Error: it says that the statement failed.
    """
    if result.status == _FATAL:
        raise errors.error_from_result(result)
    return result
