"""PgQueuer over psycopg as its documentation shows it: an entrypoint, a factory for `pgq run`, jobs in batches.

Run as a program it puts one job for each waiting event into the queue, all by one statement.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from pgqueuer import PgQueuer  # type: ignore[import-not-found]  # only in the peers' environment
from pgqueuer.db import PsycopgDriver  # type: ignore[import-not-found]  # likewise
from pgqueuer.models import Job  # type: ignore[import-not-found]
from pgqueuer.queries import Queries  # type: ignore[import-not-found]
from psycopg_pool import AsyncConnectionPool  # type: ignore[import-not-found]

from benchmarks.peers import job

_NAME = "handle"


@asynccontextmanager
async def worker() -> AsyncIterator[PgQueuer]:
    """What `pgq run` runs."""
    url = os.environ["PEER_DATABASE"]
    own = await psycopg.AsyncConnection.connect(url, autocommit=True)
    async with own, AsyncConnectionPool(url, min_size=4, max_size=10, kwargs={"autocommit": True}) as pool:
        queue = PgQueuer(PsycopgDriver(own))

        @queue.entrypoint(_NAME)  # type: ignore[untyped-decorator]  # pgqueuer is not there for mypy
        async def handle(given: Job) -> None:
            async with pool.connection() as connection:
                await job.do_async(connection, int(given.payload))

        yield queue


async def publish() -> None:
    """One job each."""
    async with await psycopg.AsyncConnection.connect(os.environ["PEER_DATABASE"], autocommit=True) as own:
        waiting = [str(row[0]).encode() for row in await (await own.execute(job.PENDING)).fetchall()]
        if waiting:
            await Queries(PsycopgDriver(own)).enqueue([_NAME] * len(waiting), waiting, [0] * len(waiting))


if __name__ == "__main__":
    asyncio.run(publish())
