"""Every operation of the API, asked by everybody about everybody's things: it answers as the permission tables say."""

from collections.abc import Iterator

import pytest

from tests.access.operations import OPERATIONS, About, Operation, ask, outcome
from tests.access.scene import ASKERS, Asker, Scene

CASES_AT_LEAST = 2_100


def cases(operation: Operation) -> Iterator[tuple[Asker, About]]:
    return ((asker, about) for asker in ASKERS for about in operation.about)


def test_every_operation_is_known_here(scene: Scene) -> None:
    """An endpoint that is not in tests/access/operations.py is an endpoint nobody has thought about."""
    described = {
        f"{method.upper()} {path}"
        for path, operations in scene.service.app.openapi()["paths"].items()
        for method in operations
    }
    assert described == set(OPERATIONS)


def test_the_cases_are_as_many_as_there_should_be() -> None:
    assert sum(len(list(cases(operation))) for operation in OPERATIONS.values()) >= CASES_AT_LEAST


@pytest.mark.parametrize("name", OPERATIONS)
def test_it_lets_in_whom_the_tables_let_in(scene: Scene, name: str) -> None:
    operation = OPERATIONS[name]
    wrong = []
    for asker, about in cases(operation):
        refusal = operation.refusal(asker, about)
        got = outcome(ask(scene, name, asker, about))
        if got != refusal and (refusal is not None or got[0] not in operation.answers):
            wrong.append((asker and asker.value, about, refusal or operation.answers, got))
    assert wrong == []
