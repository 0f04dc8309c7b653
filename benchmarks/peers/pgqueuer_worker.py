"""PgQueuer over asyncpg as its documentation shows it: an entrypoint, `run`, jobs in batches.

Run as a program with `work` it works (its own command line fails in this version); else it puts one job for each waiting
event into the queue, all by one statement.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg  # type: ignore[import-not-found]  # only in the peers' environment
from pgqueuer import PgQueuer  # type: ignore[import-not-found]  # likewise
from pgqueuer.db import AsyncpgDriver  # type: ignore[import-not-found]
from pgqueuer.models import Job  # type: ignore[import-not-found]
from pgqueuer.queries import Queries  # type: ignore[import-not-found]

from benchmarks.peers import job

_NAME = "handle"


@asynccontextmanager
async def worker() -> AsyncIterator[PgQueuer]:
    """A queue with its entrypoint, and connections for the jobs."""
    url = os.environ["PEER_DATABASE"]
    own = await asyncpg.connect(url)
    async with asyncpg.create_pool(url) as pool:
        queue = PgQueuer(AsyncpgDriver(own))

        @queue.entrypoint(_NAME)  # type: ignore[untyped-decorator]  # pgqueuer is not there for mypy
        async def handle(given: Job) -> None:
            async with pool.acquire() as connection:
                await job.do_async(connection, int(given.payload))

        yield queue


async def publish() -> None:
    """One job each."""
    own = await asyncpg.connect(os.environ["PEER_DATABASE"])
    waiting = [str(row[0]).encode() for row in await own.fetch(job.PENDING)]
    if waiting:
        await Queries(AsyncpgDriver(own)).enqueue([_NAME] * len(waiting), waiting, [0] * len(waiting))
    await own.close()


async def work(batch: int) -> None:
    """Until killed."""
    async with worker() as queue:
        await queue.run(batch_size=batch)


if __name__ == "__main__":
    asyncio.run(work(int(sys.argv[2])) if sys.argv[1:2] == ["work"] else publish())
