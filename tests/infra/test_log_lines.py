"""Every line on stderr is one JSON object, ours and the libraries' alike, and repeats nobody's data."""

import json
import subprocess
import sys
from typing import Any

import pytest

PREAMBLE = """
import logging, warnings
import structlog
from app.infra.logging import configure_logging
configure_logging("info", json={json})
log = structlog.get_logger("test")
"""


def lines_of(program: str, *, as_json: bool = True) -> list[Any]:
    source = PREAMBLE.format(json=as_json) + program
    result = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    return [json.loads(line) for line in lines] if as_json else lines


def test_our_lines_and_the_libraries_lines_look_alike() -> None:
    ours, theirs = lines_of('log.info("会话", n=1); logging.getLogger("uvicorn.error").info("started %s", 2)')
    assert (ours["event"], ours["level"], ours["n"]) == ("会话", "info", 1)
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("started 2", "info", "uvicorn.error")
    assert ours["timestamp"].endswith("Z")
    assert theirs["timestamp"].endswith("Z")


def test_lines_below_the_level_and_second_access_lines_are_dropped() -> None:
    program = 'log.debug("a"); logging.getLogger("x").debug("b"); logging.getLogger("uvicorn.access").info("c")'
    assert lines_of(program) == []


def test_an_exception_tells_where_and_not_who() -> None:
    program = """
from pydantic import BaseModel
from sqlalchemy import create_engine, text
class Person(BaseModel):
    age: int
try:
    try:
        Person(age="13800000000")
    except ValueError as error:
        with create_engine("sqlite://").connect() as c:
            c.execute(text("SELECT * FROM t13800000000"))
except Exception:
    log.exception("failed")
    logging.getLogger("lib").exception("failed too")
"""
    for line in lines_of(program):
        assert "13800000000" not in json.dumps(line)
        types = [each["type"] for each in line["exception"]]
        assert types[0] == "OperationalError"
        assert types[-1] == "ValidationError"
        assert line["exception"][0]["message"] == "SQLSTATE SQLITE_ERROR"
        assert line["exception"][-1]["message"] == "int_parsing"
        assert any("<module>" in frame for frame in line["exception"][0]["at"])


def test_a_plain_message_is_kept() -> None:
    (line,) = lines_of('try:\n    {}["x"]\nexcept KeyError:\n    log.exception("failed")')
    (cause,) = line["exception"]
    assert (cause["type"], cause["message"]) == ("KeyError", "'x'")


def test_no_line_is_lost_for_its_contents() -> None:
    first, second, third = lines_of('log.info("a", x="\\ud800"); log.info("b", x=2**70); log.info("c", x=object)')
    assert (first["x"], second["x"], third["x"]) == ("\ud800", 2**70, "<class 'object'>")


def test_warnings_are_logged() -> None:
    (line,) = lines_of('warnings.warn("old")')
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")


def test_a_person_at_a_terminal_reads_plain_lines() -> None:
    (line,) = lines_of('log.info("started", port=80)', as_json=False)
    assert "started" in line
    assert "port=80" in line


@pytest.mark.parametrize("logger", ["log", 'logging.getLogger("uvicorn.error")'])
def test_a_person_at_a_terminal_reads_what_failed_and_where(logger: str) -> None:
    program = f"""
def fail():
    raise ValueError("no such thing")
try:
    try:
        fail()
    except ValueError as error:
        raise RuntimeError("outer") from error
except RuntimeError:
    {logger}.exception("boom")
"""
    lines = lines_of(program, as_json=False)
    assert "boom" in lines[0]
    assert "RuntimeError: outer" in lines
    assert "ValueError: no such thing" in lines
    assert any(line.startswith("  ") and line.endswith(" fail") for line in lines)
