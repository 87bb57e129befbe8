"""Endpoints of dry runs: ask for one, follow it, read what would change."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse

from app.city.snapshot import CityDep
from app.domain.roles import Caller, Permission
from app.identity.caller import require
from app.infra.clock import Now
from app.infra.database import DatabaseDep
from app.infra.paging import Page, PageRequest
from app.infra.problems import problems
from app.routing.present import editor_of
from app.rulebook.rehearsals.csv_file import changes_csv
from app.rulebook.rehearsals.queries import get_done, get_dry_run, list_changes, list_dry_runs, present
from app.rulebook.rehearsals.request import request_dry_run
from app.rulebook.rehearsals.schemas import DryRunChangeRead, DryRunRead, DryRunRequest

router = APIRouter(prefix="/api/v1/routing", tags=["routing"])

Viewer = Annotated[Caller, Depends(require(Permission.VIEW_RULES))]
Editor = Annotated[Caller, Depends(require(Permission.EDIT_RULES))]
RuleSetName = Annotated[str, Path(min_length=1, max_length=32, pattern=r"^[^\x00]*$", description="规则版本名")]
DryRunId = Annotated[int, Path(ge=1, le=2**31 - 1, description="试运行编号")]


class CsvResponse(StreamingResponse):
    """A CSV file, sent as it is read."""

    media_type = "text/csv"

    def __init__(self, content: Iterator[bytes], status_code: int = 200) -> None:
        headers = {"Content-Disposition": 'attachment; filename="changes.csv"'}
        super().__init__(content, status_code=status_code, headers=headers)


@router.post("/rule-sets/{version}/dry-runs", status_code=202, responses=problems(401, 403, 404, 409, 413, 422))
def ask_for_dry_run(
    version: RuleSetName, body: DryRunRequest, database: DatabaseDep, caller: Editor, now: Now
) -> DryRunRead:
    """Ask for the last reports to be replayed through a version; the worker does it, and nothing is dispatched.

    A version that has been checked counts as rehearsed afterwards and may be published.
    """
    with database.transaction() as session:
        run = request_dry_run(session, version, last=body.last, reason=body.reason, editor=editor_of(caller), now=now)
        return present(get_dry_run(session, run.id or 0))


@router.get("/rule-sets/{version}/dry-runs", responses=problems(401, 403, 422))
def list_dry_runs_of_version(version: RuleSetName, database: DatabaseDep, _caller: Viewer) -> list[DryRunRead]:
    """List the 50 newest dry runs of a version, the newest first."""
    with database.reading() as session:
        return [present(each) for each in list_dry_runs(session, version)]


@router.get("/dry-runs/{dry_run_id}", responses=problems(401, 403, 404, 422))
def read_dry_run(dry_run_id: DryRunId, database: DatabaseDep, _caller: Viewer) -> DryRunRead:
    """Read how far a dry run is, and its result once it is done."""
    with database.reading() as session:
        return present(get_dry_run(session, dry_run_id))


@router.get("/dry-runs/{dry_run_id}/changes", responses=problems(401, 403, 404, 409, 422))
def list_dry_run_changes(
    dry_run_id: DryRunId,
    request: Annotated[PageRequest, Query()],
    database: DatabaseDep,
    caller: Viewer,
    city: CityDep,
) -> Page[DryRunChangeRead]:
    """List the reports in one's area that would have gone to another unit, the newest first.

    A request looks at 2,000 changes at most, so a page may be shorter than `limit` and even empty; the list ends where
    `next_cursor` is null.
    """
    with database.reading() as session:
        return list_changes(session, get_done(session, dry_run_id), request, caller=caller, city=city)


@router.get(
    "/dry-runs/{dry_run_id}/changes.csv", response_class=CsvResponse, responses=problems(401, 403, 404, 409, 422)
)
def download_dry_run_changes(dry_run_id: DryRunId, database: DatabaseDep, caller: Viewer, city: CityDep) -> CsvResponse:
    """Download all of these reports as a CSV file."""
    with database.reading() as session:
        stored = get_done(session, dry_run_id)
    return CsvResponse(changes_csv(database.reading, stored, caller=caller, city=city))
