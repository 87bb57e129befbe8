"""One action on many reports: each in a transaction of its own, each with its own answer."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any

import orjson
import structlog
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError
from sqlmodel import Session

from app.domain.errors import DomainError
from app.domain.report_number import InvalidReportNumber, parse
from app.domain.workflow import Action, roles_for
from app.identity.refusals import PermissionMissing
from app.infra.database import DATABASE_FAILURES
from app.infra.problem_body import short_problem
from app.infra.problem_families import DatabaseUnavailable, ValidationFailed
from app.infra.validation_problems import field_problems
from app.reports.acting import BadVersion, Desk
from app.reports.actions.schemas import Body, WrittenNumber
from app.reports.actions.verbs import VERBS
from app.reports.schemas import ReportState
from app.texts import text

_log = structlog.get_logger(__name__)

MOST = 100

IN_BULK = (
    Action.ACCEPT,
    Action.REJECT,
    Action.REQUEST_VERIFICATION,
    Action.FILE,
    Action.VOID,
    Action.MERGE,
    Action.UNMERGE,
    Action.DISPATCH,
    Action.SIGN,
    Action.ASSIGN,
    Action.RETURN,
    Action.SEND_BACK,
    Action.INTERNAL_REWORK,
    Action.PASS_REVIEW,
    Action.REWORK,
    Action.CLOSE,
    Action.ACCEPT_REOPEN,
    Action.REFUSE_REOPEN,
    Action.NOTE,
)
"""What staff do with many reports alike: everything that needs neither a photo of each nor a visit to each."""


def _in_bulk(action: Action) -> Action:
    if action not in IN_BULK:
        raise PydanticCustomError("enum", "not in bulk")
    return action


class BulkItem(BaseModel):
    """A report, and the version the caller has read, if it must still be that one."""

    model_config = ConfigDict(extra="forbid")

    number: WrittenNumber
    version: int | None = Field(default=None, ge=1, lt=2**31)


class BulkRequest(BaseModel):
    """One action with one body for all; `body` is what the action's own endpoint takes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "action": "dispatch",
                    "items": [{"number": "261120360007429103"}, {"number": "261120360015530721", "version": 3}],
                    "body": {"unit": "370213006.sanitation_team"},
                }
            ]
        },
    )

    action: Annotated[
        Action,
        AfterValidator(_in_bulk),
        WithJsonSchema({"type": "string", "enum": [action.value for action in IN_BULK]}),
    ]
    items: list[BulkItem] = Field(min_length=1, max_length=MOST)
    body: dict[str, Any] = {}


class BulkProblem(BaseModel):
    """Why an item was not done: as in the problem document that its own endpoint would have answered."""

    code: str
    message: str
    status: int
    retryable: bool


class BulkResult(BaseModel):
    """What became of one item: its new state, or why it is as it was."""

    number: str
    is_done: bool
    state: ReportState | None
    problem: BulkProblem | None


class BulkRead(BaseModel):
    """A result for each item, in the order they were given."""

    results: list[BulkResult]


def act_on_each(request: BulkRequest, *, desk: Desk) -> BulkRead:
    """Take the action on each report; one that is refused leaves no trace and stops no other.

    :raises BadVersion: one version cannot be that of all
    :raises PermissionMissing: none of the caller's roles ever takes this action
    :raises ValidationFailed: the body is not the action's, or a report is there twice; nothing is done
    """
    if desk.version is not None:
        raise BadVersion
    if desk.context.caller.roles.isdisjoint(roles_for(request.action)):
        raise PermissionMissing(permission=request.action.value)
    body = _body_of(request)
    _check_distinct(request.items)
    return BulkRead(results=list(_results(request, body, desk=desk)))


def _results(request: BulkRequest, body: Body, *, desk: Desk) -> Iterator[BulkResult]:
    """Yield a result for each item; once the database fails, the rest is not tried, or it would wait for each."""
    failed: DomainError | None = None
    for item in request.items:
        if failed is None:
            try:
                yield _result(item, request.action, body, desk=desk)
                continue
            except DATABASE_FAILURES as failure:
                _log.error("database unavailable", exc_info=failure)
                failed = DatabaseUnavailable(retry_after_s=1)
        yield _refused(item, failed)


def _refused(item: BulkItem, why: DomainError) -> BulkResult:
    problem = BulkProblem.model_validate(short_problem(why))
    return BulkResult(number=_canonical(item.number), is_done=False, state=None, problem=problem)


def _body_of(request: BulkRequest) -> Body:
    try:
        return VERBS[request.action].body.model_validate(request.body)
    except ValidationError as refused:
        found = [{**error, "loc": ("body", "body", *error["loc"])} for error in refused.errors(include_url=False)]
        raise ValidationFailed(errors=field_problems(found)) from None


def _check_distinct(items: list[BulkItem]) -> None:
    numbers = [_canonical(item.number) for item in items]
    twice = [place for place, number in enumerate(numbers) if number in numbers[:place]]
    if twice:
        detail = text("validation.twice")
        raise ValidationFailed(errors=[{"pointer": f"/body/items/{place}/number", "detail": detail} for place in twice])


def _canonical(written: str) -> str:
    try:
        return parse(written)
    except InvalidReportNumber:
        return written


def _result(item: BulkItem, action: Action, body: Body, *, desk: Desk) -> BulkResult:
    number = _canonical(item.number)

    def work(session: Session) -> Any:  # noqa: ANN401
        return desk.do(session, number, action, body, version=item.version)

    try:
        told = desk.keyed(200, work, **_key_of(number, action, body, desk=desk))
    except DomainError as refused:
        return _refused(item, refused)
    return BulkResult(number=number, is_done=True, state=ReportState.model_validate_json(told.body), problem=None)


def _key_of(number: str, action: Action, body: Body, *, desk: Desk) -> Mapping[str, Any]:
    """Return the item's own key and what it is for: a request sent again finds each item as it left it.

    The version is no part of it, so that a client may send what failed again with the version it has read since.
    """
    if desk.key is None:
        return {"key": None, "body_hash": ""}
    content = orjson.dumps([action.value, body.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS)
    return {"key": sha256(f"{desk.key}\n{number}".encode()).hexdigest(), "body_hash": sha256(content).hexdigest()}
