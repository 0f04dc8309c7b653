"""`python3 dev.py bench latency`: real receiver, broker, Celery workers and standby; from the 200 to the commit of the effects."""

from __future__ import annotations

import argparse
from contextlib import ExitStack

from benchmarks import product, table
from benchmarks.cpu import tree_us
from benchmarks.events import TYPES
from benchmarks.ground import Ground, ground
from benchmarks.steady import Plan, Said
from tests.harness.environment import STRIPE_SECRET
from tests.harness.rabbit import Rabbit

P50_MS, P99_MS = 8.0, 60.0
_FAR = 10**15
_WARM_UP_S = 3


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench latency", description=__doc__)
    parser.add_argument("--per-second", type=float, default=50, help="events a second (default 50)")
    parser.add_argument("--seconds", type=int, default=20, help="seconds for each type (default 20)")
    parser.add_argument("--types", nargs="+", default=[TYPES[0], TYPES[2]], choices=TYPES, help="types of events")
    parser.add_argument("--broker", default="", help="URL of another broker than a Redis of its own")
    parser.add_argument("--rabbitmq", action="store_true", help="with a RabbitMQ of its own (the system's rabbitmq-server) instead")
    asked = parser.parse_args()
    rows, goals = [], []
    with ExitStack() as stack:
        under = stack.enter_context(ground(product.COMMIT_TIMES))
        broker = asked.broker
        if asked.rabbitmq:
            rabbit = Rabbit()
            stack.callback(rabbit.discard)
            broker = rabbit.url
        print(table.machine(under.version))
        for event_type in asked.types:
            done, said = run(under, event_type, asked.per_second, asked.seconds, broker)
            p50, p99 = product.percentile(done, 0.5), product.percentile(done, 0.99)
            answer = sorted(said.latencies_ms)
            rows.append(
                [event_type, *(f"{value:.1f}" for value in (p50, product.percentile(done, 0.9), p99, done[-1])),
                 f"{product.percentile(answer, 0.5):.2f}", f"{product.percentile(answer, 0.99):.2f}",
                 f"{product.percentile(sorted(said.late_ms), 0.99):.2f}"]
            )
            goals.append([f"{event_type}: p50 at most {P50_MS:.0f} ms", f"{p50:.1f} ms", table.met(p50 <= P50_MS)])
            goals.append([f"{event_type}: p99 at most {P99_MS:.0f} ms", f"{p99:.1f} ms", table.met(p99 <= P99_MS)])
    columns = ["event", "p50 ms", "p90 ms", "p99 ms", "worst ms", "answer p50 ms", "answer p99 ms", "sent late p99 ms"]
    name = "RabbitMQ" if broker.startswith("amqp") else "Redis"
    table.show(f"Answered -> processed at {asked.per_second:g}/s for {asked.seconds} s, {name}", columns, rows)
    table.show("Goals", ["goal", "measured", "met"], goals)


def run(under: Ground, event_type: str, per_s: float, seconds: int, broker: str) -> tuple[list[float], Said]:
    """One type on a fresh database: what `latencies_ms` gives, and what the generator said."""
    with under.database() as database, database.connect() as connection:
        settings = under.settings(database, **({"broker_url": broker} if broker else {}))
        running = product.start(under.processes, settings)
        try:
            count, warm = int(per_s * seconds), int(per_s * _WARM_UP_S)
            plan = Plan(settings.receiver_port, STRIPE_SECRET, warm, per_s, 8, warm, _FAR, event_type)
            product.post(plan, under.cluster.folder)
            before = {role: tree_us(one.pid) for role, one in running.items()}
            said = product.post(
                Plan(settings.receiver_port, STRIPE_SECRET, count, per_s, 8, count // 4, 0, event_type), under.cluster.folder
            )
            used = {role: (tree_us(one.pid) - before[role]) / count for role, one in running.items()}
            product.await_settled(connection, warm + count)
            print(f"  {event_type}: {', '.join(f'{role} {us:.0f} us' for role, us in used.items())} of CPU per event", flush=True)
            stages = product.stages_ms(connection, said.answered)
            table.show(
                f"{event_type}: where the time goes", ["stage", "p50 ms", "p99 ms"],
                [[name, *(f"{product.percentile(part, share):.1f}" for share in (0.5, 0.99))] for name, part in stages.items()],
            )
            return product.latencies_ms(said.answered, product.committed(connection, said.answered)), said
        finally:
            for one in running.values():
                one.kill()


if __name__ == "__main__":
    main()
