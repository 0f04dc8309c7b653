"""Logs are one JSON object a line, whoever logs, and never show what must not be shown (RELIABILITY row 34)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import logs, redaction
from core.settings import load

_CANARY = "canary-4f1d9a"


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[io.StringIO]:
    """Logging as a process sets it up, into a stream; undone afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    made = io.StringIO()
    logs.configure(load(home=tmp_path, stripe_api_key=f"the {_CANARY} key"), "worker-payments", made)
    yield made
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    redaction._protected = None


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_who_when_and_what(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(inbox_id=7, queue="payments"):
        structlog.get_logger("x").info("event_done", amount_minor=1200)

    (line,) = _lines(stream)
    assert line["timestamp"].endswith("Z")
    assert {name: line[name] for name in ("event", "level", "process", "inbox_id", "queue", "amount_minor")} == {
        "event": "event_done",
        "level": "info",
        "process": "worker-payments",
        "inbox_id": 7,
        "queue": "payments",
        "amount_minor": 1200,
    }


def test_the_standard_library_s_loggers_end_in_the_same_stream(stream: io.StringIO) -> None:
    logging.getLogger("celery.worker").warning("restarting %s", "worker1")
    logging.getLogger("uvicorn.access").debug("not at this level")

    (line,) = _lines(stream)
    assert (line["event"], line["level"], line["logger"], line["process"]) == (
        "restarting worker1",
        "warning",
        "celery.worker",
        "worker-payments",
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=60), name=st.sampled_from(["value", "error", "reason"]))
def test_no_text_can_start_a_line_of_its_own(stream: io.StringIO, text: str, name: str) -> None:
    before = stream.getvalue().count("\n")
    structlog.get_logger("x").error("failed", **{name: text + '\n{"event": "forged"}'})
    logging.getLogger("y").error("failed %s", text + "\r\u2028\x85forged")

    said = stream.getvalue()
    assert said.count("\n") == before + 2
    assert said.isascii()
    assert all(json.loads(line)["event"] != "forged" for line in said.splitlines()[before:])


@pytest.mark.requirement("SEC-6", "SEC-3")
def test_no_secret_appears_however_it_is_logged(stream: io.StringIO) -> None:
    secret = f"the {_CANARY} key"
    log = structlog.get_logger("x")
    log.info(
        secret, value=secret, nested={"a": [secret, {secret: (secret,)}]}, thing=ValueError(secret), raw=secret.encode()
    )
    logging.getLogger("y").error("said %s", secret, extra={"body": secret})
    for logger in (log, logging.getLogger("z")):
        try:
            raise RuntimeError(secret)
        except RuntimeError:
            logger.exception("broke")
    with structlog.contextvars.bound_contextvars(actor=secret):
        log.warning("context")

    assert len(_lines(stream)) == 5
    assert _CANARY not in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()
