"""Every metric's name, meaning and labels; docs/metrics.md is made from here.

    python -m workers.observe.catalogue > docs/metrics.md
"""

from __future__ import annotations

import sys

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics import MetricWrapperBase

from workers.observe import metrics

BOUND = 20_000
"""Most rows that one count of a table looks at, so that a look at a backlog of millions costs as one at thousands."""
LAG_WINDOW_S = 300
LAG_ROWS = 2_000
MAIL_WINDOW_H = 24

GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "bursar_rows": (
        f"Rows of inbox and outbox that are not final, and dead ones. Counted up to {BOUND}: see bursar_rows_bounded.",
        ("table", "queue", "state"),
    ),
    "bursar_rows_bounded": (
        "1 when a count of bursar_rows stopped at its bound: there are at least as many.",
        ("table", "state"),
    ),
    "bursar_oldest_ready_seconds": (
        "For how long the oldest row that could be claimed has been waiting for a worker; 0 when none waits.",
        ("table", "queue"),
    ),
    "bursar_lag_seconds": (
        (
            f"From the answer to `done`: quantiles of the events done in the last {LAG_WINDOW_S // 60} minutes, of the "
            f"newest {LAG_ROWS}. Absent for a queue that did none."
        ),
        ("queue", "quantile"),
    ),
    "bursar_submissions": (
        f"Calls that make or move something at a provider and are not settled. Counted up to {BOUND}.",
        ("state",),
    ),
    "bursar_oldest_submission_seconds": (
        "Age of the oldest such call in that state, by the business's clock; 0 when there is none.",
        ("state",),
    ),
    "bursar_provider_breaker_open": ("1 while a provider does not answer and calls to it wait.", ("source",)),
    "bursar_heartbeat_age_seconds": (
        "Since a path was last proven: a queue's name by a message that went through it, `beat` by its own tick.",
        ("name",),
    ),
    "bursar_conflicts": (
        f"Bodies that came under the id of another body; kept, never processed. Counted up to {BOUND}.",
        ("source",),
    ),
    "bursar_audit_unsealed": (
        f"Audit rows younger than the last sealed one. Counted up to {BOUND}. Grows while nobody seals.",
        (),
    ),
    "bursar_slots": ("Slots of scheduled runs that are `due` or `running`.", ("state",)),
    "bursar_run_failures": (
        f"Items that a scheduled run could not do and tries again; absent where there is none. Counted up to {BOUND}.",
        ("job",),
    ),
    "bursar_efacturas": (f"E-Facturas that the ministry has not accepted. Counted up to {BOUND}.", ("status",)),
    "bursar_efactura_deadline_seconds": (
        (
            "Until the nearest deadline of an e-Factura that is not accepted, by the business's clock; below 0: it has passed. One that is "
            "not written yet counts as due 5 days after its issue. Absent where there is none."
        ),
        (),
    ),
    "bursar_mails": (
        f"Mails of the last {MAIL_WINDOW_H} hours by what became of them, of the newest {BOUND}; those never tried are rows of the outbox.",
        ("fate",),
    ),
    "bursar_oldest_slot_seconds": ("For how long the oldest `due` slot has been ready; 0 when none is due.", ()),
    "bursar_broker_messages": (
        "Hints that wait in the broker. Few are normal under any backlog: the rows wait in the inbox.",
        ("queue",),
    ),
    "bursar_broker_up": ("1 when the broker answered for every queue.", ()),
    "bursar_database_up": ("1 when the last look at PostgreSQL went well.", ()),
    "bursar_build_info": ("Always 1; the version that answers is its label.", ("version",)),
}

_HEAD = """# Metrics

The standby serves them at `http://RECEIVER_HOST:METRICS_PORT/metrics` (`BURSAR_METRICS_PORT`, 9464), loopback by default.
Made by `python -m workers.observe.catalogue`; a test compares it.

Counters and histograms are kept by every process of a home in `HOME/metrics` and are added up at the scrape; they go on
after a restart. Gauges are read from PostgreSQL and the broker at the scrape, at most every 2 s.

What to be woken for:

| look at | means |
|---|---|
| `bursar_rows{state="dead"}` above 0 | events that nobody will process without you: `bursar inbox groups` |
| `bursar_oldest_ready_seconds` above 60 | workers are missing, too slow, or stuck |
| `bursar_heartbeat_age_seconds` above 60 | that path is cut: the worker group, its queue, or beat |
| `bursar_database_up` or `bursar_broker_up` at 0 | without the broker the standby does the work, slowly; without the database nothing |
| `bursar_oldest_submission_seconds{state="unknown"}` above 3600 | it is not known whether money moved: `bursar submission ls` |
| `bursar_provider_breaker_open` at 1 for minutes | that provider is away: calls wait, nothing is lost |
| `bursar_conflicts` growing | a provider's id came twice with different bytes: look before you trust either |
| `bursar_run_failures` above 0 | a run cannot do what is due for someone: `bursar run-failures ls` |
| `bursar_efactura_deadline_seconds` below 172800 | an e-Factura is late, or soon will be: `bursar efactura ls --open` |
| `bursar_mails{fate="bounced"}` or `refused` growing | buyers do not get what they are told: `bursar mail ls --fate bounced` |
| `bursar_audit_unsealed` growing | the sealer does not run |
| no answer at all | the standby is down: sweeps stop, lost hints stay lost until it is back |

"""


def gauge(name: str, value: float | None = None) -> GaugeMetricFamily:
    """The family of that name; with `value`, its only sample.

    Raises:
        KeyError: the catalogue has no such gauge.
    """
    text, labels = GAUGES[name]
    return GaugeMetricFamily(name, text, value=value) if value is not None else GaugeMetricFamily(name, text, labels=labels)


def render() -> str:
    """The text of docs/metrics.md."""
    lines = [_HEAD + "| metric | kind | labels | meaning |", "|---|---|---|---|"]
    lines += [f"| `{name}` | gauge | {_code(labels)} | {text} |" for name, (text, labels) in GAUGES.items()]
    for metric in _wrappers(metrics.REGISTRY):
        suffix = "_total" if metric._type == "counter" else ""
        lines.append(
            f"| `{metric._name}{suffix}` | {metric._type} | {_code(metric._labelnames)} | {metric._documentation} |"
        )
    return "\n".join(lines) + "\n"


def _wrappers(registry: CollectorRegistry) -> list[MetricWrapperBase]:
    return [one for one in registry._collector_to_names if isinstance(one, MetricWrapperBase)]


def _code(labels: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{label}`" for label in labels)


if __name__ == "__main__":
    sys.stdout.write(render())
