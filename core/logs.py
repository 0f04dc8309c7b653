"""One JSON object a line on standard error, scrubbed; celery's and uvicorn's own loggers end in the same stream.

A line break inside a value cannot start a line of its own, because JSON escapes it; other control characters likewise.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.redaction import protect, scrub_deep
from core.settings import Settings


def configure(settings: Settings, process: str, stream: TextIO | None = None) -> None:
    """Set up logging for this process; `process` stands on every line. `stream` is standard error unless given."""
    protect(settings)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(process=process)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _scrubbed,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)


def _scrubbed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """All texts of the line; the underscored names are structlog's own and are taken out by it later."""
    return {name: value if name.startswith("_") else scrub_deep(value) for name, value in event.items()}
