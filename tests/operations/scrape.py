"""A scrape as Prometheus makes it, read into a dict."""

from __future__ import annotations

import requests
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[str, float]
"""`name{label=value,...}`, labels in the alphabet's order -> value."""


def samples(text: str) -> Samples:
    """The samples of an exposition."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def scrape(port: int) -> Samples:
    """What the standby says now; nothing while it does not listen."""
    try:
        answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30)
    except requests.ConnectionError:
        return {}
    answer.raise_for_status()
    return samples(answer.text)
