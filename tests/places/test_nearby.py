"""Open reports near a pin: which are shown, what of them, and that history does not make the question dearer."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.domain.roles import Role
from app.places.queries import NEARBY_M, NEARBY_SHOWN, NEARBY_SINCE, in_box, open_nearby
from app.reports.models import Report
from tests.builders import DECISIVE_CATEGORY, NOW, a_report
from tests.builders_city import IN_LICUN, LICUN, ZHENHUALU
from tests.http.strict_client import Person, Service
from tests.towns import Town

NORTH_1_M = 1 / 111_195
Point = tuple[float, float]


def north_of(point: Point, metres: float) -> Point:
    return point[0], point[1] + metres * NORTH_1_M


def distances(session: Session, at: Point = IN_LICUN, streets: Iterable[str] = (LICUN,), now: Any = NOW) -> list[float]:
    found = open_nearby(session, *at, streets=list(streets), category_code=DECISIVE_CATEGORY, now=now)
    return [round(each.distance_m, 1) for each in found]


def test_what_is_within_50_metres_is_shown_the_nearest_first(town: Town) -> None:
    with town.database.transaction() as session:
        for metres in (30, -49.9, 0, 50.2, 12, -300):
            a_report(session, town.world, category=DECISIVE_CATEGORY, at=north_of(IN_LICUN, metres))
        # In the corner of the box, but 60 m away.
        corner = (IN_LICUN[0] + 0.00047, north_of(IN_LICUN, 42)[1])
        a_report(session, town.world, category=DECISIVE_CATEGORY, at=corner)
        assert distances(session) == [0.0, 12.0, 30.0, 49.9]
    assert NEARBY_M == 50


def test_what_is_older_than_a_day_is_not_shown(town: Town) -> None:
    with town.database.transaction() as session:
        for late, metres in ((NEARBY_SINCE, 5), (NEARBY_SINCE + timedelta(seconds=1), 6)):
            at = north_of(IN_LICUN, metres)
            a_report(session, town.world, category=DECISIVE_CATEGORY, at=at, now=NOW - late)
        assert distances(session) == [5.0]


@pytest.mark.parametrize(("category", "shown"), [(DECISIVE_CATEGORY, 1), ("sanitation", 0), (None, 0)])
def test_only_the_same_category_counts(town: Town, category: str | None, shown: int) -> None:
    with town.database.transaction() as session:
        a_report(session, town.world, category=category)
        assert len(distances(session)) == shown


def test_of_many_only_the_nearest_are_shown(town: Town) -> None:
    with town.database.transaction() as session:
        for metres in range(NEARBY_SHOWN + 3):
            a_report(session, town.world, category=DECISIVE_CATEGORY, at=north_of(IN_LICUN, metres))
        assert distances(session) == [float(metres) for metres in range(NEARBY_SHOWN)]


def test_the_question_enters_an_index_at_the_last_day(town: Town) -> None:
    """Both engines go through a street's reports by time, or all by time: never through the history."""
    with town.database.transaction() as session:
        a_report(session, town.world, category=DECISIVE_CATEGORY)
        statement = in_box(*IN_LICUN, streets=[LICUN, ZHENHUALU], category_code=DECISIVE_CATEGORY, now=NOW)
        plan = plan_of(session, statement)
    assert "street_code_submitted_at_id" in plan
    assert "submitted_at" in plan.split("Cond" if town.database.dialect == "postgresql" else "INDEX")[1]


def plan_of(session: Session, statement: Any) -> str:
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
    rows = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{sql}")
    return "\n".join(str(row[-1]) for row in rows)


# Over HTTP -----------------------------------------------------------------------------------------------------------

SOMEWHERE = (120.4100, 36.1550)


def nearby(person: Person, at: Point, category: str = DECISIVE_CATEGORY) -> list[dict[str, Any]]:
    answer = person.get("/geo/resolve", lon=at[0], lat=at[1], datum="wgs84", category=category)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["nearby"]
    return found


def test_a_citizen_learns_that_there_is_one_and_not_whose_or_which(service: Service) -> None:
    service.clock.advance(days=30, minutes=47, seconds=11)
    somebody, asking = service.citizen(), service.citizen()
    report = somebody.report(at=north_of(SOMEWHERE, 23), description="电话 13800138000")
    (found,) = nearby(asking, SOMEWHERE)
    assert found == {
        "category": {"code": DECISIVE_CATEGORY, "name": "车辆乱停乱放"},
        "distance_m": 20,
        "submitted_at": "2026-12-20T10:00:00+08:00",
        "status_text": "已派遣",
    }
    assert report["number"] not in str(found)


def test_what_is_over_is_not_shown(service: Service) -> None:
    service.clock.advance(days=60)
    citizen = service.citizen()
    numbers = [citizen.report(at=SOMEWHERE)["number"] for _ in range(2)]
    assert len(nearby(citizen, SOMEWHERE)) == 2
    citizen.post(f"/reports/{numbers[0]}/withdraw")
    assert len(nearby(citizen, SOMEWHERE)) == 1
    dispatcher = service.as_role(Role.DISPATCHER)
    assert dispatcher.post(f"/reports/{numbers[1]}/void", {"reason": "测试用件"}).status_code == 200
    assert nearby(citizen, SOMEWHERE) == []


def test_a_report_across_the_border_of_the_street_is_near_too(service: Service) -> None:
    """Between 李村街道 and 振华路街道 lie 260 m without a cell: what is west of their middle belongs to the other."""
    service.clock.advance(days=90)
    citizen = service.citizen()
    middle = (120.3968, 36.1610)
    sides = [(middle[0] + metres * NORTH_1_M / 0.807, middle[1]) for metres in (-15, 15)]
    numbers = [citizen.report(at=side)["number"] for side in sides]
    with service.database.reading() as session:
        streets = session.exec(select(Report.street_code).where(col(Report.number).in_(numbers))).all()
    assert set(streets) == {LICUN, ZHENHUALU}
    for side in sides:
        assert [each["distance_m"] for each in nearby(citizen, side)] == [0, 30]


def test_at_the_edge_of_the_city_the_box_reaches_out_to_sea(service: Service) -> None:
    """Cells are taken from up to 2,000 m away: here the southern corners of the box lie further."""
    edge = north_of(IN_LICUN, -(1_500 + 1_975))
    assert nearby(service.citizen(), edge) == []
