"""Endpoints of rule sets: who may, reads and changes versions of the rules that decide."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Path, Query, Response, UploadFile

from app.city.snapshot import CityDep
from app.domain.roles import Caller, Permission
from app.domain.working_time import beijing_day
from app.identity.caller import require
from app.infra.clock import Now
from app.infra.database import DatabaseDep
from app.infra.paging import Page, PageRequest
from app.infra.problems import problems
from app.infra.wire import NO_NUL, HumanText
from app.routing.check import examine_version, keep_check, to_check
from app.routing.compare import compare
from app.routing.file_format import MAX_BYTES, FileFormat, write_rule_file
from app.routing.import_draft import import_draft
from app.routing.present import difference, editor_of, rule_set, rule_sets, rules
from app.routing.publish import publish
from app.routing.queries import words_named
from app.routing.retire import retire
from app.routing.schemas import DifferenceRead, PublishBody, RetireBody, RuleRead, RuleSetItem, RuleSetRead
from app.routing.validating import understand

router = APIRouter(prefix="/api/v1/routing/rule-sets", tags=["routing"])

file_router = APIRouter(prefix="/api/v1/routing/rule-sets", tags=["routing"])
"""Included with a `max_body_size` a little above `MAX_BYTES`."""

Version = Annotated[str, Path(min_length=1, max_length=32, pattern=NO_NUL, description="规则版本名")]
MayView = Depends(require(Permission.VIEW_RULES))
Editor = Annotated[Caller, Depends(require(Permission.EDIT_RULES))]

_MEDIA = {
    FileFormat.YAML: "application/yaml",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA.values()}}
}


@router.get("", dependencies=[MayView], responses=problems(401, 403, 422))
def list_rule_sets(request: Annotated[PageRequest, Query()], database: DatabaseDep, now: Now) -> Page[RuleSetItem]:
    """List the versions of the rules, the newest first."""
    with database.reading() as session:
        return rule_sets(session, request, now=now)


@file_router.post("", status_code=201, responses=problems(401, 403, 404, 409, 413, 422))
def import_rule_set(
    *,
    caller: Editor,
    file: Annotated[UploadFile, File(description="规则文件：YAML 或 XLSX，最大 16 MB；版本名在文件里")],
    reason: Annotated[str, HumanText(min_length=1, max_length=1000), Form(description="为什么导入，记入版本历史")],
    based_on: Annotated[
        str | None, Form(max_length=32, pattern=NO_NUL, description="以哪个版本为基础；不填则为现行版本")
    ] = None,
    city: CityDep,
    database: DatabaseDep,
    now: Now,
) -> RuleSetRead:
    """Import a rule file as a draft. A version that was not published yet is replaced; what decides is not touched."""
    words = understand(file.file.read(MAX_BYTES + 1), city=city)
    with database.transaction() as session:
        import_draft(session, words, editor=editor_of(caller), reason=reason, based_on=based_on, now=now)
        return rule_set(session, words.version, now=now)


@router.get("/{version}", dependencies=[MayView], responses=problems(401, 403, 404, 422))
def read_rule_set(version: Version, database: DatabaseDep, now: Now) -> RuleSetRead:
    """Show a version: its state, its history and its last check."""
    with database.reading() as session:
        return rule_set(session, version, now=now)


@router.get("/{version}/rules", dependencies=[MayView], responses=problems(401, 403, 404, 422))
def read_rules(version: Version, request: Annotated[PageRequest, Query()], database: DatabaseDep) -> Page[RuleRead]:
    """List the rules of a version in the order of its file."""
    with database.reading() as session:
        return rules(session, version, request)


@router.get(
    "/{version}/file",
    dependencies=[MayView],
    response_class=Response,
    responses=_FILE | problems(401, 403, 404, 422),
)
def export_rule_set(
    version: Version,
    database: DatabaseDep,
    file_format: Annotated[FileFormat, Query(alias="format", description="yaml 或 xlsx")] = FileFormat.YAML,
) -> Response:
    """Download a version as a file; imported again, it says the same."""
    with database.reading() as session:
        words = words_named(session, version)
    name = quote(f"{words.version}.{file_format.value}")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(write_rule_file(words, file_format), media_type=_MEDIA[file_format], headers=headers)


@router.get("/{version}/diff/{other}", dependencies=[MayView], responses=problems(401, 403, 404, 422))
def compare_rule_sets(version: Version, other: Version, database: DatabaseDep) -> DifferenceRead:
    """Say what `other` has that `version` has not, what it lacks, and what is not the same, field by field."""
    with database.reading() as session:
        before, after = words_named(session, version), words_named(session, other)
    return difference(version, other, compare(before, after))


@router.post("/{version}/check", responses=problems(401, 403, 404, 409, 413, 422))
def check_rule_set(version: Version, caller: Editor, city: CityDep, database: DatabaseDep, now: Now) -> RuleSetRead:
    """Check a version against the city: unknown names, ties, gaps, rules that never decide. Takes seconds."""
    with database.reading() as session:
        found = to_check(session, version)
    report = examine_version(found, city=city, from_day=beijing_day(now))
    with database.transaction() as session:
        keep_check(session, found, report, editor=editor_of(caller), reason="", now=now)
        return rule_set(session, version, now=now)


@router.post("/{version}/publish", responses=problems(401, 403, 404, 409, 413, 422))
def publish_rule_set(
    version: Version, body: PublishBody, caller: Editor, database: DatabaseDep, now: Now
) -> RuleSetRead:
    """Publish a version that was checked and rehearsed; every process decides by it within five seconds."""
    with database.transaction() as session:
        publish(
            session,
            version,
            effective_from=body.effective_from,
            editor=editor_of(caller),
            reason=body.reason,
            now=now,
        )
        return rule_set(session, version, now=now)


@router.post("/{version}/retire", responses=problems(401, 403, 404, 409, 413, 422))
def retire_rule_set(version: Version, body: RetireBody, caller: Editor, database: DatabaseDep, now: Now) -> RuleSetRead:
    """Take a published version back; the one before it decides again."""
    with database.transaction() as session:
        retire(session, version, editor=editor_of(caller), reason=body.reason, now=now)
        return rule_set(session, version, now=now)
