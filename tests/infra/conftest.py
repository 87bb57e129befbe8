"""Log lines of these tests are short: structlog's own default draws every traceback with its variables."""

import pytest
import structlog

from app.infra.logging import explain_exception


@pytest.fixture(autouse=True, scope="session")
def _short_log_lines() -> None:
    structlog.configure(processors=[explain_exception, structlog.processors.KeyValueRenderer()])
