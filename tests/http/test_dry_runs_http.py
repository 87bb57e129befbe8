"""Dry runs and what returns teach over HTTP: asked for, carried out by the worker, read page by page and as a file."""

import csv
import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.domain.roles import Role
from app.domain.workflow import Status
from app.reports.world import WorldHolder
from app.routing.models import RuleSetState
from app.routing.recording import version_to_change
from app.routing.words import RuleWords
from app.rulebook.models import DryRunState
from app.rulebook.rehearsals import csv_file, queries
from app.rulebook.rehearsals.csv_file import plain_cell
from app.rulebook.rehearsals.jobs import Rehearsing
from tests.builders import NOW, OTHER_UNIT, SQUAD
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU, LICANG, SHINAN
from tests.conftest import postgres_copy
from tests.http.conftest import a_service
from tests.http.strict_client import Person, Service
from tests.query_recorder import QueryRecorder
from tests.rulebook.past import Past, a_rule, a_version, store_past, store_version

REFUSE = "06010"
REASON = "发布前看看"

_trials = count(1)


@pytest.fixture(scope="module")
def sqlite_city(sqlite_town_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    path = shutil.copy(sqlite_town_template, tmp_path_factory.mktemp("dry-runs") / "service.db")
    with a_service(f"sqlite:///{path}") as service:
        yield service


@pytest.fixture(scope="module")
def postgres_city(postgres_url: str, postgres_town_template: str) -> Iterator[Service]:
    with postgres_copy(postgres_url, template=postgres_town_template) as url, a_service(url) as service:
        yield service


@pytest.fixture
def city(engine_name: str, request: pytest.FixtureRequest) -> Service:
    """Give an application whose only reports are those of the tests here, each test's newer than all before."""
    found: Service = request.getfixturevalue("sqlite_city" if engine_name == "sqlite" else "postgres_city")
    return found


@dataclass(frozen=True)
class Trial:
    """A version and the newest reports, on which it is tried."""

    name: str
    last: int

    @property
    def path(self) -> str:
        return f"/routing/rule-sets/{self.name}/dry-runs"

    @property
    def asked(self) -> dict[str, Any]:
        return {"last": max(1, self.last), "reason": REASON}


@pytest.fixture
def administrator(city: Service) -> Person:
    return city.as_role(Role.ADMINISTRATOR)


def prepare(city: Service, *history: Past, rules: Sequence[RuleWords] = ()) -> Trial:
    """Store a history, and a version: by default one that gives all refuse to the squads."""
    number = next(_trials)
    trial = Trial(f"draft-{number}", len(history))
    squads = a_rule("squads", {"class": REFUSE}, {"role": "enforcement_squad"})
    with city.database.transaction() as session:
        store_past(session, city.world, history, since=NOW - timedelta(days=400 - number))
        store_version(session, a_version(trial.name, *(rules or [squads])))
    return trial


def work(city: Service) -> int:
    holder: WorldHolder = city.app.state.world
    return Rehearsing(city.database, holder, clock=city.clock)()


def rehearsed(city: Service, person: Person, trial: Trial) -> str:
    """Ask for a dry run, let the worker do it, and return its id."""
    asked = person.post(trial.path, trial.asked)
    assert asked.status_code == 202, asked.text
    assert work(city) == 1
    run_id: str = asked.json()["id"]
    return run_id


def test_from_the_request_to_the_result(city: Service, administrator: Person) -> None:
    trial = prepare(city, Past(is_returned=True, handled_by=SQUAD), Past(at=IN_ZHONGSHANLU))
    asked = administrator.post(trial.path, trial.asked).json()
    assert (asked["state"], asked["state_text"], asked["summary"]) == ("waiting", "等待中", None)
    assert (asked["rule_set"], asked["last"], asked["editor"]) == (
        trial.name,
        2,
        f"user:{administrator.caller.user_id}",
    )
    assert work(city) == 1
    assert work(city) == 0
    found = administrator.get(f"/routing/dry-runs/{asked['id']}").json()
    assert (found["state"], found["done"], found["total"], found["failure"]) == ("done", 2, 2, None)
    summary = found["summary"]
    assert (summary["other_unit"], summary["returned_by_old"]) == (2, 1)
    assert (summary["changed_agreed_before"], summary["changed_agreed_after"]) == (1, 1)
    assert {move["from_unit"] for move in summary["units"]} == {OTHER_UNIT, "370202005.sanitation_team"}
    listed = administrator.get(trial.path).json()
    assert listed == [found]


def test_the_changes_page_by_page(city: Service, administrator: Person) -> None:
    trial = prepare(city, *[Past() for _ in range(5)])
    run_id = rehearsed(city, administrator, trial)
    numbers, cursor = [], None
    for _ in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = administrator.get(f"/routing/dry-runs/{run_id}/changes", **query).json()
        numbers += [each["number"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len(numbers) == 5
    assert numbers == sorted(numbers, reverse=True)
    first = page["items"][0]
    assert (first["from_unit"], first["to_unit"], first["to_rule"]) == (OTHER_UNIT, SQUAD, "squads")
    assert (first["from_name"], first["to_name"]) == tuple(
        city.world.city.units[code].name for code in (OTHER_UNIT, SQUAD)
    )
    assert (first["was_returned"], first["final_unit"], first["is_closed"]) == (False, OTHER_UNIT, True)


def test_a_desk_sees_the_reports_of_its_area(city: Service, administrator: Person) -> None:
    trial = prepare(city, Past(at=IN_LICUN), Past(at=IN_ZHONGSHANLU), Past(at=IN_LICUN))
    run_id = rehearsed(city, administrator, trial)
    seen = {}
    for area in ("", LICANG, SHINAN):
        desk = city.as_role(Role.DISPATCHER, area_code=area)
        items = desk.get(f"/routing/dry-runs/{run_id}/changes").json()["items"]
        lines = sheet(desk.get(f"/routing/dry-runs/{run_id}/changes.csv").content)
        assert [line[0] for line in lines[1:]] == [each["number"] for each in items]
        seen[area] = [each["street_code"][:6] for each in items]
    assert seen == {"": [LICANG, SHINAN, LICANG], LICANG: [LICANG] * 2, SHINAN: [SHINAN]}


def test_a_request_looks_at_so_many_changes_and_no_more(
    city: Service, administrator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "BUDGET", 3)
    monkeypatch.setattr(csv_file, "BUDGET", 3)
    trial = prepare(city, Past(at=IN_ZHONGSHANLU), *[Past(at=IN_LICUN) for _ in range(7)])
    run_id = rehearsed(city, administrator, trial)
    desk = city.as_role(Role.SUPERVISOR, area_code=SHINAN)
    sizes, cursor = [], None
    while True:
        query: dict[str, Any] = {"cursor": cursor} if cursor else {}
        page = desk.get(f"/routing/dry-runs/{run_id}/changes", **query).json()
        sizes.append(len(page["items"]))
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sizes == [0, 0, 1]
    assert len(sheet(desk.get(f"/routing/dry-runs/{run_id}/changes.csv").content)) == 2
    assert len(sheet(administrator.get(f"/routing/dry-runs/{run_id}/changes.csv").content)) == 9


def test_a_list_that_is_replaced_is_refused_and_breaks_off_a_download(
    city: Service, administrator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "BUDGET", 2)
    monkeypatch.setattr(csv_file, "BUDGET", 2)
    trial = prepare(city, *[Past() for _ in range(5)])
    first = rehearsed(city, administrator, trial)
    with city.database.reading() as session:
        stored = queries.get_done(session, int(first))
    parts = csv_file.changes_csv(city.database.reading, stored, caller=administrator.caller, city=city.world.city)
    assert sheet(next(parts) + next(parts))[1:]
    second = rehearsed(city, administrator, trial)
    with pytest.raises(queries.DryRunReplaced):
        list(parts)
    for path in ("changes", "changes.csv"):
        refused = administrator.get(f"/routing/dry-runs/{first}/{path}")
        assert (refused.status_code, refused.json()["code"]) == (409, "DRY_RUN_REPLACED")
        assert refused.json()["newer"] == second
    assert administrator.get(f"/routing/dry-runs/{first}").json()["summary"]["other_unit"] == 5


def sheet(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_file_opens_in_a_spreadsheet_and_calculates_nothing(city: Service, administrator: Person) -> None:
    team = a_rule("class-06010", {"class": REFUSE}, {"role": "sanitation_team"})
    evil = a_rule('=HYPERLINK("http://x")', {"class": REFUSE, "area": LICANG}, {"unit": "qd.water"})
    trial = prepare(city, Past(), rules=[team, evil])
    run_id = rehearsed(city, administrator, trial)
    answer = administrator.get(f"/routing/dry-runs/{run_id}/changes.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="changes.csv"'
    head, line = sheet(answer.content)
    assert head[:3] == ["上报件编号", "上报时间", "小类"]
    assert line[head.index("新规则")] == '\'=HYPERLINK("http://x")'
    assert (line[head.index("原单位退回过")], line[head.index("已结案")]) == ("否", "是")
    assert line[head.index("上报时间")].endswith("+08:00")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＠"])
def test_no_cell_begins_a_calculation(sign: str) -> None:
    assert plain_cell(f"{sign}1+1") == f"'{sign}1+1"
    assert plain_cell(f"1{sign}1") == f"1{sign}1"


def test_without_history_it_is_done_and_says_so(committed_url: str) -> None:
    with a_service(committed_url) as city:
        check_without_history(city)


def check_without_history(city: Service) -> None:
    administrator, trial = city.as_role(Role.ADMINISTRATOR), prepare(city)
    run_id = rehearsed(city, administrator, trial)
    found = administrator.get(f"/routing/dry-runs/{run_id}").json()
    assert (found["state"], found["total"], found["summary"]["reports"]) == ("done", 0, 0)
    assert administrator.get(f"/routing/dry-runs/{run_id}/changes").json() == {"items": [], "next_cursor": None}
    assert len(sheet(administrator.get(f"/routing/dry-runs/{run_id}/changes.csv").content)) == 1


def test_what_is_refused(city: Service, administrator: Person) -> None:
    trial = prepare(city, Past())
    unknown = administrator.post("/routing/rule-sets/nothing/dry-runs", trial.asked)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "RULE_SET_NOT_FOUND")
    first = administrator.post(trial.path, trial.asked).json()
    twice = administrator.post(trial.path, trial.asked)
    assert (twice.status_code, twice.json()["code"], twice.json()["dry_run"]) == (409, "DRY_RUN_UNDER_WAY", first["id"])
    for path in ("changes", "changes.csv"):
        early = administrator.get(f"/routing/dry-runs/{first['id']}/{path}")
        assert (early.status_code, early.json()["code"]) == (409, "DRY_RUN_NOT_DONE")
    for path in ("", "/changes", "/changes.csv"):
        gone = administrator.get(f"/routing/dry-runs/999999{path}")
        assert (gone.status_code, gone.json()["code"]) == (404, "DRY_RUN_NOT_FOUND")
    assert work(city) == 1  # for the next test


@pytest.mark.parametrize(
    "body",
    [
        {"last": 0, "reason": "x"},
        {"last": 1_000_001, "reason": "x"},
        {"last": 10},
        {"last": 10, "reason": "  "},
        {"last": 10, "reason": "x" * 1001},
        {"last": 10, "reason": "x", "publish": True},
    ],
)
def test_a_request_that_says_nothing_sensible(service: Service, body: dict[str, Any]) -> None:
    name = service.world.rules.version
    answer = service.as_role(Role.ADMINISTRATOR).post(f"/routing/rule-sets/{name}/dry-runs", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION")


def test_a_failed_dry_run_says_why(city: Service, administrator: Person) -> None:
    trial = prepare(city, Past())
    asked = administrator.post(trial.path, trial.asked).json()
    with city.database.transaction() as session:
        version_to_change(session, trial.name).content_sha256 = "f" * 64
    work(city)
    found = administrator.get(f"/routing/dry-runs/{asked['id']}").json()
    assert (found["state"], found["summary"]) == (DryRunState.FAILED.value, None)
    assert "改动" in found["failure"]


def test_a_worker_that_is_told_to_stop_leaves_the_run_to_the_next(city: Service, administrator: Person) -> None:
    trial = prepare(city, Past())
    asked = administrator.post(trial.path, trial.asked).json()
    stopping = Rehearsing(city.database, city.app.state.world, clock=city.clock)
    stopping.stop()
    stopping()
    assert administrator.get(f"/routing/dry-runs/{asked['id']}").json()["state"] == "waiting"
    assert work(city) == 1
    assert administrator.get(f"/routing/dry-runs/{asked['id']}").json()["state"] == "done"


def test_a_page_costs_the_same_however_long_it_is(city: Service, administrator: Person) -> None:
    trial = prepare(city, *[Past() for _ in range(30)])
    run_id = rehearsed(city, administrator, trial)
    counts = []
    for limit in (1, 30):
        with QueryRecorder(city.database) as recorder:
            assert len(administrator.get(f"/routing/dry-runs/{run_id}/changes", limit=limit).json()["items"]) == limit
        counts.append(len(recorder.statements))
    assert max(counts) <= 5, counts


def test_statistics_of_each_rule(city: Service, administrator: Person) -> None:
    trial = prepare(
        city,
        Past(is_returned=True, handled_by=SQUAD),
        Past(),
        Past(status=Status.RETURNED, is_returned=True),
        Past(class_code="06012"),
    )
    found = administrator.get("/routing/statistics", limit=trial.last).json()
    name = city.world.rules.version
    assert (found["reports"], found["left_out"]) == (4, 0)
    assert found["items"] == [
        {
            "rule_set": name,
            "rule": "class-06010",
            "reports": 3,
            "dispatched": 3,
            "returned": 2,
            "settled": 2,
            "elsewhere": 1,
            "accuracy": 0.5,
        },
        {
            "rule_set": name,
            "rule": "class-06012",
            "reports": 1,
            "dispatched": 1,
            "returned": 0,
            "settled": 1,
            "elsewhere": 0,
            "accuracy": 1.0,
        },
    ]
    assert administrator.get("/routing/statistics", limit=1).json()["reports"] == 1
    assert administrator.get("/routing/statistics", rule_set=trial.name).json()["items"] == []
    assert administrator.get("/routing/statistics", since=NOW.isoformat()).json()["reports"] == 0
    unknown = administrator.get("/routing/statistics", rule_set="nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "RULE_SET_NOT_FOUND")


def test_statistics_are_those_of_the_desks_area(city: Service) -> None:
    trial = prepare(city, Past(at=IN_LICUN), Past(at=IN_ZHONGSHANLU), Past(at=IN_LICUN, class_code="06012"))
    counts = {}
    for area in ("", LICANG, SHINAN):
        desk = city.as_role(Role.ACCEPTOR, area_code=area)
        found = desk.get("/routing/statistics", limit=trial.last).json()
        counts[area] = found["reports"], sorted((each["rule"], each["reports"]) for each in found["items"])
    assert counts == {
        "": (3, [("class-06010", 2), ("class-06012", 1)]),
        LICANG: (2, [("class-06010", 1), ("class-06012", 1)]),
        SHINAN: (1, [("class-06010", 1)]),
    }


def test_suggestions_with_their_evidence(city: Service, administrator: Person) -> None:
    history = [Past(is_returned=True, handled_by=SQUAD), Past(at=IN_ZHONGSHANLU)] * 80
    trial = prepare(city, *history)
    found = administrator.get("/routing/suggestions", limit=trial.last).json()
    assert (found["rule_set"], found["older"], found["newer"]) == (city.world.rules.version, 112, 48)
    (only,) = found["items"]
    assert only["rule"]["when"] == {"class": REFUSE, "area": "370213006"}
    assert only["rule"]["then"] == {"role": "enforcement_squad"}
    assert (only["tested"]["reports"], only["tested"]["accuracy_before"], only["tested"]["accuracy_after"]) == (
        24,
        0,
        1,
    )
    assert administrator.get("/routing/suggestions", limit=100).json()["items"] == []  # too few are left


def test_nobody_but_an_administrator_asks_for_one(city: Service) -> None:
    trial = prepare(city)
    for role in (Role.DISPATCHER, Role.SUPERVISOR, Role.CITIZEN):
        refused = city.as_role(role).post(trial.path, trial.asked)
        assert (refused.status_code, refused.json()["code"]) == (403, "PERMISSION_MISSING")


def test_the_version_counts_as_rehearsed(city: Service, administrator: Person) -> None:
    trial = prepare(city, Past())
    rehearsed(city, administrator, trial)
    answer = administrator.get(f"/routing/rule-sets/{trial.name}").json()
    assert answer["state"] == RuleSetState.REHEARSED.value
