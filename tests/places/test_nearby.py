"""Open reports around a pin: of one category, within its own reach, without telling whose or which they are."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import Session, col, select

from app.city.models import Category
from app.city.version import bump_version
from app.domain.duplicates import SHOWN, Reach
from app.domain.roles import Role
from app.reports.models import Report
from app.reports.near import OPEN_IN_BOXES, READ, Around, open_around, streets_around, values_of
from tests.builders import DECISIVE_CATEGORY, NOW, a_report
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU, LICUN, ZHENHUALU
from tests.http.strict_client import Person, Service
from tests.towns import Town

NORTH_1_M = 1 / 111_195
DAY = timedelta(hours=24)
REACH = Reach(radius_m=50, window=DAY, photo_radius_m=300, photo_window=30 * DAY, photo_bits=5)
Point = tuple[float, float]


def north_of(point: Point, metres: float) -> Point:
    return point[0], point[1] + metres * NORTH_1_M


def around(at: Point = IN_LICUN, *, streets: Iterable[str] = (LICUN,), reach: Reach = REACH) -> Around:
    return Around(*at, list(streets), DECISIVE_CATEGORY, reach, NOW)


def distances(session: Session, reach: Reach) -> list[float]:
    return [round(each.distance_m, 1) for each in open_around(session, around(reach=reach))]


def test_what_may_be_one_problem_is_read_from_both_reaches_the_nearest_first(town: Town) -> None:
    with town.database.transaction() as session:
        for metres, days in ((30, 0), (-49.9, 1), (0, 2), (12, 31), (299, 29), (301, 0), (-200, 0)):
            at = north_of(IN_LICUN, metres)
            a_report(session, town.world, category=DECISIVE_CATEGORY, at=at, now=NOW - days * DAY)
        assert distances(session, REACH) == [0.0, 30.0, 49.9, 200.0, 299.0]
        assert distances(session, REACH.without_photos()) == [30.0, 49.9]
        assert distances(session, replace(REACH, radius_m=0, photo_bits=-1)) == []


def test_for_whoever_only_asks_a_place_is_that_of_a_square_of_ten_metres(town: Town) -> None:
    """However many points one asks from, two reports in a square look alike: where an answer changes tells no more."""
    corners = ((120.41486, 36.16016), (120.41494, 36.16024))
    places = [north_of(IN_LICUN, 0.5 * step) for step in range(-140, 141)]
    with town.database.transaction() as session:
        told: list[list[list[float]]] = []
        for days, corner in enumerate(corners):
            now = NOW + 90 * days * DAY
            a_report(session, town.world, category=DECISIVE_CATEGORY, at=corner, now=now)
            asked = [
                replace(around(at, reach=REACH.without_photos()), at=now, is_blurred=is_blurred)
                for at in places
                for is_blurred in (True, False)
            ]
            told.append([[each.distance_m for each in open_around(session, one)] for one in asked])
    blurred, exact = ([answers[kind::2] for answers in told] for kind in (0, 1))
    within = [[[metres for metres in answer if metres <= REACH.radius_m] for answer in each] for each in blurred]
    assert within[0] == within[1]
    assert sum(map(bool, within[0])) in {199, 201}  # 50 m to either side of the middle of the square
    assert exact[0] != exact[1]


def test_what_was_sent_later_counts_too(town: Town) -> None:
    """A desk asks about a report that is some days old; and machines' clocks are not the same."""
    with town.database.transaction() as session:
        for hours in (1, 25):
            late = NOW + timedelta(hours=hours)
            a_report(session, town.world, category=DECISIVE_CATEGORY, now=late, at=north_of(IN_LICUN, hours))
        found = open_around(session, around(reach=REACH.without_photos()))
        assert [(round(each.distance_m), each.apart) for each in found] == [(1, timedelta(hours=1))]


@pytest.mark.parametrize(("category", "shown"), [(DECISIVE_CATEGORY, 1), ("sanitation", 0), (None, 0)])
def test_only_the_same_category_counts(town: Town, category: str | None, shown: int) -> None:
    with town.database.transaction() as session:
        a_report(session, town.world, category=category)
        assert len(distances(session, REACH)) == shown


def test_of_very_many_the_nearest_are_read(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY, at=north_of(IN_LICUN, 40))
        values = report.model_dump(exclude={"id"})
        for each in range(READ + 3):
            numbered = values | {"number": f"x{each}", "lat": north_of(IN_LICUN, each / 10)[1]}
            session.add(Report(**numbered))
        session.flush()
        assert distances(session, REACH) == [round(each / 10, 1) for each in range(READ)]


def test_the_streets_are_those_of_a_net_over_the_box(town: Town) -> None:
    city = town.world.city
    assert streets_around(*IN_LICUN, 50, city=city) == {LICUN}
    border = (120.3968, 36.1610)
    assert streets_around(*border, 50, city=city) == streets_around(*border, 2_000, city=city) == {LICUN, ZHENHUALU}
    assert streets_around(*IN_ZHONGSHANLU, 0, city=city) == {city.locate(*IN_ZHONGSHANLU).street_code}


@pytest.mark.parametrize("reach", [REACH, REACH.without_photos()])
def test_the_question_enters_the_index_of_what_is_open_at_the_window(town: Town, reach: Reach) -> None:
    """Street, category and time are looked up, and the place is read from the index: never the history."""
    with town.database.transaction() as session:
        values = a_report(session, town.world, category=DECISIVE_CATEGORY).model_dump(exclude={"id"})
        history = [
            values
            | {
                "number": f"x{each}",
                "submitted_at": NOW - each * DAY / 200,
                "holder": None if each % 9 else "acceptance",
                "category_code": (DECISIVE_CATEGORY, "sanitation", "clutter")[each % 3],
            }
            for each in range(3_000)
        ]
        session.execute(insert(Report), history)
        if town.database.dialect == "postgresql":  # which keeps statistics by itself; SQLite has none
            session.connection().exec_driver_sql("ANALYZE report")
        plan = plan_of(session, OPEN_IN_BOXES.params(values_of(around(streets=[LICUN, ZHENHUALU], reach=reach))))
    assert "ix_report_open_alike" in plan
    entered = plan.split("Cond" if town.database.dialect == "postgresql" else "INDEX")[1]
    assert all(column in entered for column in ("street_code", "category_code", "submitted_at"))
    assert "SCAN report" not in plan


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


def test_the_distance_told_is_that_of_a_square_of_ten_metres(service: Service) -> None:
    for aside in (-4, 4):
        service.clock.advance(days=40)
        service.citizen().report(at=north_of(SOMEWHERE, aside))
        assert [each["distance_m"] for each in nearby(service.citizen(), north_of(SOMEWHERE, 18))] == [20]


def test_the_reach_is_the_categorys_own(service: Service) -> None:
    """车辆乱停乱放 looks six hours back, 占路经营 twelve, and 其他 never: nothing is known of what it may be."""
    service.clock.advance(days=20)
    citizen = service.citizen()
    for category, hours, shown in (
        (DECISIVE_CATEGORY, 7, 0),
        (DECISIVE_CATEGORY, 5, 1),
        ("street_vending", 11, 1),
        ("street_vending", 13, 0),
        ("other", 0, 0),
    ):
        before = service.clock.now
        citizen.report(at=SOMEWHERE, category=category)
        service.clock.advance(hours=hours)
        assert len(nearby(citizen, SOMEWHERE, category)) == shown, (category, hours)
        service.clock.now = before
        service.clock.advance(days=2)


def test_a_reach_that_is_changed_counts_at_once(service: Service) -> None:
    service.clock.advance(days=25)
    citizen = service.citizen()
    citizen.report(at=north_of(SOMEWHERE, 80), category="clutter")
    for radius_m, shown in ((50, 0), (90, 1), (0, 0)):
        with changed_reach(service, "clutter", duplicate_radius_m=radius_m):
            assert len(nearby(citizen, SOMEWHERE, "clutter")) == shown
            question = {"lon": SOMEWHERE[0], "lat": SOMEWHERE[1], "datum": "wgs84"}
            assert citizen.get("/geo/resolve", **question, category="clutter").json()["nearby_radius_m"] == radius_m
            assert citizen.get("/geo/resolve", **question).json()["nearby_radius_m"] is None


def test_of_many_only_the_nearest_ten_are_shown(service: Service) -> None:
    service.clock.advance(days=75)
    citizen = service.citizen()
    for metres in range(SHOWN + 3):
        citizen.report(at=north_of(SOMEWHERE, metres))
    assert len(nearby(citizen, SOMEWHERE)) == SHOWN


@contextmanager
def changed_reach(service: Service, category: str, **columns: int) -> Iterator[None]:
    """Change what may be one problem as an administrator would, and put it back."""
    before = _set_reach(service, category, columns)
    yield
    _set_reach(service, category, before)


def _set_reach(service: Service, category: str, columns: dict[str, int]) -> dict[str, int]:
    with service.database.transaction() as session:
        row = session.get_one(Category, category)
        before = {name: getattr(row, name) for name in columns}
        session.add(row.sqlmodel_update(columns))
        bump_version(session, now=service.clock.now)
    service.clock.advance(seconds=2)  # the city is asked for changes at most once a second
    assert service.app.state.world.refresh()
    return before


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
