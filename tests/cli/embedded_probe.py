"""Started by tests as another user or under an odd locale: brings both services up in the home it is given.

Prints their URLs, then waits to be killed. Needs only the standard library and the two wheels' folders.
"""

import signal
import sys
from pathlib import Path

from cli.embedded import ground, ports, postgres, redis


def main() -> None:
    """Runs until it is killed."""
    place = ground.settle(Path(sys.argv[1]))
    log = place.home / "log"
    database = postgres.start(place, ports.remembered(place.home, "postgres"), log=log, fsync=False)
    broker = redis.start(place, ports.remembered(place.home, "redis"), log=log)
    postgres.wait_ready(database, log)
    redis.wait_ready(broker, log)
    sys.stdout.write(f"ready {database.url()} {broker.url()} {place.data}\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main()
