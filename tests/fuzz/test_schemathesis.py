"""Made-up requests, as every role, against a service full of data: no answer that the description does not allow.

The same requests in every run; `make fuzz` sends other ones for as long as one likes, on both databases.
"""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
import structlog
from schemathesis import GenerationMode

from app.main import describe
from tests.fuzz.playground import ROLES, Playground, fill, playing
from tests.fuzz.rounds import Round, Tally

SEED = 20261120
FITTING, WRONG = 4, 2
"""Requests per operation, as described and not as described; each is sent as every role."""
SLICES = 4
"""The API is cut in so many tests, because two processes share the work."""


@pytest.fixture(scope="session")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("fuzz") / "filled.db"))
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Leave out the line of each request, there are thousands; a finding says by itself what it is."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture
def playground(filled: Path, tmp_path: Path) -> Iterator[Playground]:
    with playing(f"sqlite:///{shutil.copy(filled, tmp_path / 'playground.db')}") as opened:
        yield opened


@pytest.mark.parametrize("part", range(SLICES))
def test_no_request_gets_an_answer_that_is_not_described(part: int, playground: Playground) -> None:
    this = Round(playground, schemathesis.openapi.from_dict(describe()), Tally(), SEED)
    for operation in this.operations()[part::SLICES]:
        this.send_boundaries(operation, one_in=4)
        this.send_made_up(operation, GenerationMode.POSITIVE, examples=FITTING)
        this.send_made_up(operation, GenerationMode.NEGATIVE, examples=WRONG)
    tally = this.tally
    if tally.findings:
        pytest.fail("\n\n".join(each.text for each in tally.findings.values()), pytrace=False)
    assert min(tally.cases[role] for role in ROLES) > len(this.operations()) / SLICES
    assert tally.statuses[200] + tally.statuses[201] > tally.cases.total() / 20, f"little got through: {tally.statuses}"
