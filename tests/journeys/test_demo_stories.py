"""The stories' figures come from the times of their actions alone: move an action and the figure moves."""

from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlmodel import select

from app.analytics.behind import handling_time_reports
from app.analytics.question import HandlingTimeReportsQuery
from app.demo.people import load_cast
from app.demo.scenario import load_scenario
from app.demo.simulation import report_of
from app.demo.summary import summarise
from app.domain.roles import Role
from app.domain.workflow import Status
from app.infra.database import Database
from app.reports.models import Report
from app.reports.world import WorldHolder
from tests.journeys.conftest import NOW, Demo, Played

SCENARIO = files("app.demo").joinpath("scenario.yaml").read_text("utf-8")


def feedback_minutes(database: Database, reporter: str) -> float:
    """Return the figure of a story's report as the drill-down shows it to the supervisor."""
    world = WorldHolder(database, clock=lambda: NOW).current()
    query = HandlingTimeReportsQuery.model_validate({"limit": 100, "order": "shortest"})
    with database.reading() as session:
        report = report_of(session, reporter)
        (supervisor,) = load_cast(session).desks[Role.SUPERVISOR]
        page = handling_time_reports(session, query, caller=supervisor, world=world, now=NOW)
    assert report is not None
    (item,) = [item for item in page.items if item.number == report.number]
    return item.duration_s / 60


def test_the_result_came_42_minutes_after_the_photos(played: Played) -> None:
    assert feedback_minutes(played(None), "story-licang") == 42


def test_moving_the_action_by_five_minutes_moves_the_figure(played: Played, tmp_path: Path) -> None:
    assert SCENARIO.count("{after: 42 min,") == 1
    moved = tmp_path / "moved.yaml"
    moved.write_text(SCENARIO.replace("{after: 42 min,", "{after: 47 min,"), "utf-8")
    assert feedback_minutes(played(moved), "story-licang") == 47


def test_every_story_comes_to_its_end(demo: Demo) -> None:
    with demo.database.reading() as session:
        stories = [report_of(session, story.reporter) for story in load_scenario() if story.reporter[:5] == "story"]
        assert [report.status for report in stories if report] == [Status.CLOSED] * 4


def test_the_rubbish_of_tongan_road_is_gone_within_a_day(demo: Demo) -> None:
    with demo.database.reading() as session:
        report = report_of(session, "story-tongan")
    assert report is not None
    assert (report.district_code, report.category_code) == ("370203", "sanitation")
    assert report.closed_at is not None
    assert report.closed_at - report.submitted_at < timedelta(days=1)


def test_a_return_is_the_second_units_business(demo: Demo) -> None:
    with demo.database.reading() as session:
        report = report_of(session, "story-laoshan")
    assert report is not None
    assert (report.return_count, report.unit_code) == (1, "ent.telecom")


def test_a_rework_and_a_failed_check_count_twice(demo: Demo) -> None:
    with demo.database.reading() as session:
        report = report_of(session, "story-shinan")
    assert report is not None
    assert (report.rework_count, report.rating_score) == (2, 2)


def test_what_needs_verification_is_seen_before_it_is_filed(demo: Demo) -> None:
    words = next(story.words for story in load_scenario() if story.key == "verified-first")
    with demo.database.reading() as session:
        report = session.exec(select(Report).where(Report.description == words)).one()
    assert (report.is_verified, report.status) == (True, Status.CLOSED)


def test_the_summary_tells_the_fastest_story(demo: Demo) -> None:
    with demo.database.reading() as session:
        summary = summarise(session, world=demo.world, now=NOW)
    assert summary.story is not None
    assert summary.story.feedback == timedelta(minutes=42)
    assert summary.story.timeline[0].at + timedelta(minutes=42) in {entry.at for entry in summary.story.timeline}
    assert summary.figures.total.reports == summary.reports
    assert summary.warnings > summary.breaches > 0
    assert {role for role, _ in summary.accounts} == set(Role) - {Role.CITIZEN, Role.SERVICE}


@pytest.mark.parametrize(
    ("written", "mistake"),
    [("after: 42 min", "after: soon"), ("does: resolve", "does: vanish"), ("who: handler", "who: nobody")],
)
def test_a_mistake_in_the_file_is_found_when_it_is_read(tmp_path: Path, written: str, mistake: str) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(SCENARIO.replace(written, mistake), "utf-8")
    with pytest.raises(ValidationError):
        load_scenario(wrong)


def test_steps_out_of_order_stop_the_play(played: Played, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(SCENARIO.replace("{after: 5 min,", "{after: 2 min,"), "utf-8")
    with pytest.raises(ValueError, match="comes before"):
        played(wrong)
