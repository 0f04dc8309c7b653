"""A connection that prepares statements for itself, and asks one or several of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Self

from psycopg import pq
from psycopg.adapt import PyFormat

from models.answering import Answering, checked
from models.prepared import Key, Prepared

_IDLE = pq.TransactionStatus.IDLE
_FATAL, _DONE = pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.COMMAND_OK
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY


class Preparing(Answering):
    """A connection that knows what it has prepared."""

    _known: Prepared | None = None

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


class Blocking(Preparing):
    """Of a process that need not be interrupted in the middle of a statement: libpq itself waits for the answer.

    Measured where a play's work has filled the caches in between: 35 to 70 us a statement instead of 85 to 110.
    """

    def _command(self, command: bytes) -> Any:
        return checked(self.pgconn.exec_(command))

    def _as_text(self, *said: Any) -> Any:
        return checked(self.pgconn.exec_params(*said))

    def _keep(self, *said: Any) -> Any:
        return checked(self.pgconn.prepare(*said))

    def _by_name(self, *said: Any) -> Any:
        return checked(self.pgconn.exec_prepared(*said))
