"""Who takes part, and how each is started: one server process, the same database server, the same Redis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.ground import Ground
from benchmarks.ingest import prototype
from benchmarks.peers.paths import DJSTRIPE_PATH, DJSTRIPE_TABLE, TUTORIAL_TABLE
from cli.embedded.ports import LOOPBACK, any_free, is_free
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET
from tests.harness.processes import ROOT, Running
from tests.harness.waiting import wait_until


@dataclass(frozen=True)
class Contestant:
    """One of them. `share`: one event in so many of the others' is enough for the slow ones."""

    name: str
    kind: str
    rows: str = ""
    """Where its rows are; empty: it stores nothing."""
    path: str = "/webhooks/stripe"
    connections: int = 64
    share: int = 1
    per_s: float = 0
    """Of an open loop; 0: as fast as answers come."""


_BARE, _OURS = "bench.bare", "bursar.inbox JOIN bursar.inbox_payload ON inbox_id = id"
OPEN_PER_S = 3_000.0
HELLO = Contestant("no database: uvicorn hello", "hello")
BARE = Contestant("bare prototype", "bare", _BARE)
PRODUCT = Contestant("product as shipped", "product", _OURS)
FLASK = Contestant("Flask tutorial", "flask", TUTORIAL_TABLE, share=20)
FASTAPI = Contestant("FastAPI tutorial", "fastapi", TUTORIAL_TABLE, share=20)
DJSTRIPE = Contestant("dj-stripe, store only", "djstripe", DJSTRIPE_TABLE, DJSTRIPE_PATH, share=20)
BARE_ONE = Contestant("bare prototype, 1 connection", "bare", _BARE, connections=1, share=10)
PRODUCT_ONE = Contestant("product, 1 connection", "product", _OURS, connections=1, share=10)
BARE_OPEN = Contestant("bare prototype, 3,000/s offered", "bare", _BARE, per_s=OPEN_PER_S)
PRODUCT_OPEN = Contestant("product, 3,000/s offered", "product", _OURS, per_s=OPEN_PER_S)
SINGLE = Contestant("pgbench, one row a transaction", "single")
COPIED = Contestant("COPY", "copy")
ALL = (
    HELLO, BARE, PRODUCT, FLASK, FASTAPI, DJSTRIPE, SINGLE, COPIED, BARE_ONE, PRODUCT_ONE, BARE_OPEN, PRODUCT_OPEN,
)
PEERS = (FLASK, FASTAPI, DJSTRIPE)


def start(under: Ground, database: Database, one: Contestant, peers: Path | None) -> tuple[Running, int]:
    """Start its server; the process and its port.

    Raises:
        SystemExit: it does not start; the message has what it wrote.
    """
    port = any_free()
    if one.kind == "product":
        server = under.processes.bursar("receiver", settings=under.settings(database, receiver_port=port))
    elif one in PEERS:
        assert peers is not None
        server = _peer(under, database, one, peers, port)
    else:
        env = {"BENCH_SECRET": STRIPE_SECRET, "BENCH_DATABASE": database.url}
        server = under.processes.python("-m", "benchmarks.ingest.prototype", one.kind, str(port), env=env)
    wait_until(lambda: not is_free(port) or not server.alive(), 60, what=f"{one.name} to listen on {LOOPBACK}:{port}")
    if not server.alive():
        raise SystemExit(f"{one.name} did not start:\n{server.output()}")
    return server, port


def _peer(under: Ground, database: Database, one: Contestant, peers: Path, port: int) -> Running:
    env = {"PEER_SECRET": STRIPE_SECRET, "PEER_DATABASE": database.url, "PEER_BROKER": database.broker_url}
    # Not the path of our environment, which would bring our packages.
    env["PYTHONPATH"] = str(ROOT)
    python, bound = str(peers), f"{LOOPBACK}:{port}"
    gunicorn = [python, "-m", "gunicorn", "--bind", bound, "--workers", "1", "--threads", "8", "--keep-alive", "75",
                "--log-level", "warning"]
    if one == FASTAPI:
        command = [python, "-m", "uvicorn", "--host", LOOPBACK, "--port", str(port), "--log-level", "warning",
                   "benchmarks.peers.fastapi_tutorial:app"]
        return under.processes.start(command, env=env)
    if one == FLASK:
        return under.processes.start([*gunicorn, "benchmarks.peers.flask_tutorial:app"], env=env)
    ready = under.processes.start([python, "-m", "benchmarks.peers.djstripe_site"], env=env)
    if ready.wait() != 0:
        raise SystemExit(f"dj-stripe could not make its tables:\n{ready.output()}")
    return under.processes.start([*gunicorn, "benchmarks.peers.djstripe_site:application"], env=env)


def tables() -> tuple[str, ...]:
    """What the prototype needs."""
    return (prototype.TABLE, prototype.UNCOMPRESSED)
