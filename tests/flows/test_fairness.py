"""One customer's flood through the real receiver and real workers: the others' events are processed as if nothing was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks import product
from benchmarks.fairness.show import OTHERS, run
from tests.harness.broker import Broker
from tests.harness.cluster import Cluster
from tests.harness.processes import Processes

FLOOD = 2_000
"""`python3 dev.py bench fairness` has all 20,000."""
SECONDS = 3
IN_HAND = 400
"""Events of the flood that may be done before one that came during it: two workers with a batch of 50 each, a few times."""


def test_a_flood_of_one_customer_delays_nobody_else(
    own_cluster: Callable[..., Cluster], own_broker: Broker, processes: Processes, tmp_path: Path
) -> None:
    cluster = own_cluster(fsync=False, **product.COMMIT_TIMES)
    database = cluster.database(own_broker.url, tmp_path)
    shown = run(processes, database.settings(workers_per_queue=2), database, FLOOD, SECONDS)
    assert len(shown.flood_ms) == FLOOD
    assert len(shown.others_ms) >= OTHERS / 2, "the flood was over before the others could notice"
    # Order, not time: a machine that is busy with other tests is slow for all.
    # Behind it, one that comes at some moment would have half of it before itself.
    assert product.percentile(shown.before, 0.5) <= IN_HAND, "they stood in line behind the flood"
