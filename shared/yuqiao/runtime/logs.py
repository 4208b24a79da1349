"""Logs: JSON lines on stderr, never a USCC, name, phone or body."""

import logging
import sys

import structlog


def configure(level: str, service: str) -> None:
    """Structlog as JSON on stderr; the libraries' loggers at warning."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format='{"event": "%(message)s", "logger": "%(name)s"}'
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
