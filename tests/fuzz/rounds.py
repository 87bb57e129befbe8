"""Sends made-up requests to every operation as every role, and collects whatever the description does not allow."""

import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle, islice
from typing import Any

import hypothesis
import jsonschema_rs
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Err, Ok
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.fuzz.playground import ROLES, Playground
from tests.fuzz.real_values import put_real_values

Operation = APIOperation[Any, Any, Any, Any]
MadeUp = Case[Operation]


def refusal_is_declared(_: CheckContext, response: Response, case: MadeUp) -> None:
    """Check the code of a problem against those the description gives for its status."""
    declared = case.operation.definition.raw["responses"].get(str(response.status_code), {}).get("content", {})
    if response.status_code >= 400 and "application/problem+json" in declared:
        code = response.json()["code"]
        assert code in declared["application/problem+json"]["examples"], f"the code {code} is not declared"


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    refusal_is_declared,
]


@dataclass(frozen=True)
class Finding:
    """Something an answer should not be, with the request that shows it."""

    role: str
    operation: str
    what: str
    text: str
    seed: int


@dataclass
class Tally:
    """What has been tried and found so far; one finding of a kind per operation is enough."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    databases: Counter[str] = field(default_factory=Counter)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)


@dataclass
class Round:
    """One pass over the API on one playground; the same seed sends the same requests."""

    playground: Playground
    schema: BaseSchema
    tally: Tally
    seed: int

    def __post_init__(self) -> None:
        self.schema.config.output.sanitization.update(enabled=False)  # a request is shown as it was sent

    def operations(self) -> list[Operation]:
        """Return every operation of the description.

        :raises InvalidSchema: one cannot be understood
        """
        found = list(self.schema.get_all_operations())
        for each in found:
            if isinstance(each, Err):
                raise each.err()
        return [each.ok() for each in found if isinstance(each, Ok)]

    def send_boundaries(self, operation: Operation, *, one_in: int = 1) -> None:
        """Send cases that try the limits of each parameter, one after the other by another role."""
        cases = self.schema.iter_coverage_cases(
            operation, generation_modes=list(GenerationMode), generation_config=self.schema.config.generation
        )
        for case, role in zip(islice(cases, self.seed % one_in, None, one_in), cycle(ROLES), strict=False):
            is_negative = case.meta is not None and case.meta.generation.mode is GenerationMode.NEGATIVE
            self._send(case, role=role, must_fail=is_negative and not self._only_seems_wrong(case))

    def send_made_up(self, operation: Operation, mode: GenerationMode, *, examples: int) -> None:
        """Send so many requests that fit the description (positive) or do not (negative), each as every role.

        Roles that the description does not let in send only the first.
        """
        sent: set[str] = set()

        def each(case: MadeUp, data: st.DataObject) -> None:
            for role in ROLES:
                if role not in sent or may_call(operation, role):
                    sent.add(role)
                    own = case.derive()
                    put_real_values(own, data, self.playground, role=role)
                    is_negative = mode is GenerationMode.NEGATIVE
                    self._send(own, role=role, must_fail=is_negative and not self._only_seems_wrong(own))

        seed = zlib.crc32(f"{self.seed} {mode.value} {operation.label}".encode())
        given = hypothesis.given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        with suppress(Unsatisfiable):  # nothing about this operation can be wrong
            _settings(examples)(hypothesis.seed(seed)(given(each)))()

    def _only_seems_wrong(self, case: MadeUp) -> bool:
        """Say whether a body that should be wrong fits its schema after all: another of its forms than the first."""
        content = case.operation.definition.raw.get("requestBody", {}).get("content", {}).get(case.media_type)
        if content is None or not isinstance(case.body, dict) or case.meta is None:
            return False
        elsewhere = (part.mode for place, part in case.meta.components.items() if place is not ParameterLocation.BODY)
        whole = content["schema"] | {"components": self.schema.raw_schema["components"]}
        return GenerationMode.NEGATIVE not in elsewhere and jsonschema_rs.is_valid(whole, case.body)

    def _send(self, case: MadeUp, *, role: str, must_fail: bool) -> None:
        response = case.call(app=self.playground.app, headers=self.playground.headers(role))
        self.tally.cases[role] += 1
        self.tally.statuses[response.status_code] += 1
        self.tally.databases[self.playground.database.dialect] += 1
        if case.path.endswith("/logout"):
            self.playground.forget_token(role)
        try:
            case.validate_response(response, checks=[*CHECKS, negative_data_rejection] if must_fail else CHECKS)
            if response.status_code < HTTPStatus.BAD_REQUEST:
                assert may_call(case.operation, role), f"{role} is not let in, but was answered {response.status_code}"
        except FailureGroup as failed:
            kinds = sorted({type(failure).__name__ for failure in failed.exceptions})
            self._note(case, role, f"{response.status_code} {', '.join(kinds)}", str(failed))
        except AssertionError as failed:
            self._note(case, role, "let in", f"{failed}\n{case.as_curl_command()}")

    def _note(self, case: MadeUp, role: str, what: str, text: str) -> None:
        label = case.operation.label
        self.tally.findings.setdefault((label, what), Finding(role, label, what, text, self.seed))


def _settings(examples: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    return hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def may_call(operation: Operation, role: str) -> bool:
    """Say whether the description lets a role in, where it says that at all."""
    allowed = operation.definition.raw.get("x-roles", [role])
    return role in allowed or "anonymous" in allowed
