"""The snapshot of a small city: places, units, conditions, calendar, and how it is swapped."""

import threading
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from app.city.holder import SnapshotHolder
from app.city.models import Cell, CodeScheme, Unit
from app.city.snapshot import CityDep, CitySnapshot, OutOfArea, UnknownCategory, UnknownCondition, load_snapshot
from app.city.version import bump_version, current_version
from app.domain.gcj02 import BadCoordinate
from app.domain.limits import Limit, LimitUnit
from app.infra.database import Database
from tests.builders_city import (
    AT_SEA,
    IN_LICUN,
    IN_XIANGGANGZHONGLU,
    IN_ZHENHUALU,
    IN_ZHONGSHANLU,
    LICUN,
    a_small_city,
)


@pytest.fixture
def session(database: Database, now: datetime) -> Iterator[Session]:
    with database.transaction() as session:
        a_small_city(session, now)
        yield session


@pytest.fixture
def city(session: Session) -> CitySnapshot:
    return load_snapshot(session)


def test_the_snapshot_cannot_be_changed(city: CitySnapshot) -> None:
    with pytest.raises(FrozenInstanceError):
        city.version = 2  # type: ignore[misc]  # frozen: that is the case


def test_a_point_has_cell_community_street_and_district(city: CitySnapshot) -> None:
    place = city.locate(*IN_LICUN)
    assert (place.cell_code, place.community_code) == ("370213006001005", "370213006001")
    assert (place.street_code, place.street_name) == (LICUN, "李村街道")
    assert (place.district_code, place.district_name) == ("370213", "李沧区")
    assert (place.is_certain, place.offset_m) == (True, 0.0)


@pytest.mark.parametrize(
    ("point", "street"),
    [(IN_ZHENHUALU, "振华路街道"), (IN_ZHONGSHANLU, "中山路街道"), (IN_XIANGGANGZHONGLU, "香港中路街道")],
)
def test_every_street_is_found(city: CitySnapshot, point: tuple[float, float], street: str) -> None:
    assert city.locate(*point).street_name == street


def test_off_the_edge_the_nearest_cell_is_given_and_called_uncertain(city: CitySnapshot) -> None:
    lon, lat = IN_XIANGGANGZHONGLU
    place = city.locate(lon, lat - 0.02)  # 2,224 m south of the centre, so 724 m outside
    assert (place.street_name, place.cell_code[-3:], place.is_certain) == ("香港中路街道", "008", False)
    assert place.offset_m == pytest.approx(724, abs=2)


@pytest.mark.parametrize("point", [AT_SEA, (0.0, 0.0), (116.4, 39.9)])
def test_the_sea_and_other_cities_are_refused_without_naming_the_place(
    city: CitySnapshot, point: tuple[float, float]
) -> None:
    with pytest.raises(OutOfArea) as refusal:
        city.locate(*point)
    assert (refusal.value.code, refusal.value.facts) == ("REPORT_OUT_OF_AREA", {"plausible": [], "hint": ""})


@pytest.mark.parametrize(
    "point", [(float("nan"), 36.0), (120.0, float("nan")), (float("inf"), 36.0), (120.0, -float("inf")), (36.0, 120.0)]
)
def test_what_is_no_position_is_refused(city: CitySnapshot, point: tuple[float, float]) -> None:
    with pytest.raises(BadCoordinate):
        city.locate(*point)


@pytest.mark.parametrize(
    ("kind", "area_code", "unit"),
    [
        ("enforcement_squad", "370213006001005", "370213006.enforcement_squad"),
        ("enforcement_squad", "370213006", "370213006.enforcement_squad"),
        ("water", "370213006001005", "370213.water"),
        ("water", "370213", "370213.water"),
        ("water", "3702", "qd.water"),
        ("water", "", "qd.water"),
        ("water", "370281001", "qd.water"),
        ("telecom_admin", "370213006", "qd.telecom_admin"),
        ("power_company", "370213006", "ent.power_company"),
        ("enforcement_squad", "370213", None),
        ("nothing", "370213006", None),
    ],
)
def test_the_unit_of_an_area_is_its_own_or_the_next_above(
    city: CitySnapshot, kind: str, area_code: str, unit: str | None
) -> None:
    assert city.unit_for(kind, area_code) == unit


def test_units_have_names_and_parents(city: CitySnapshot) -> None:
    squad = city.units["370213006.enforcement_squad"]
    assert (squad.name, squad.parent_code) == ("李村街道综合行政执法队", "370213006.street_office")
    assert city.units["370213.water"].parent_code == "qd.water"
    assert {unit.kind for unit in city.units.values()} >= {"publicity", "fire", "bike_sharing", "sanitation_team"}


def test_an_ended_unit_keeps_its_name_and_gets_no_work(session: Session) -> None:
    unit = session.exec(select(Unit).where(Unit.code == "370213.water")).one()
    unit.valid_until = date(2026, 11, 20)
    session.flush()
    on_the_last_day, after = (load_snapshot(session, today=date(2026, 11, day)) for day in (19, 20))
    assert on_the_last_day.unit_for("water", "370213") == "370213.water"
    assert after.unit_for("water", "370213") == "qd.water"
    assert load_snapshot(session).unit_for("water", "370213") == "qd.water"
    assert (after.units["370213.water"].name, after.units["370213.water"].is_active) == ("李沧区水务管理局", False)


def test_of_two_units_of_a_kind_the_smaller_code_answers(session: Session) -> None:
    session.add(
        Unit(
            code="370213.a_second",
            name="另一个",
            kind="water",
            level=session.get_one(Unit, "370213.water").level,
            area_code="370213",
            valid_from=date(2026, 1, 1),
        )
    )
    session.flush()
    assert load_snapshot(session).unit_for("water", "370213") == "370213.a_second"


def test_an_ended_cell_holds_no_point(session: Session) -> None:
    for cell in session.exec(select(Cell).where(col(Cell.code) == "370213006001005")):
        cell.valid_until = date(2026, 11, 20)
    session.flush()
    assert load_snapshot(session, today=date(2026, 11, 19)).locate(*IN_LICUN).is_certain
    assert not load_snapshot(session, today=date(2026, 11, 20)).locate(*IN_LICUN).is_certain


def test_categories_come_in_their_order(city: CitySnapshot) -> None:
    assert [category.position for category in city.categories] == list(range(1, 13))
    assert city.categories[0].name == "卫生脏乱"


def test_a_category_stands_for_its_default_condition(city: CitySnapshot) -> None:
    condition = city.default_condition("street_vending")
    assert (condition.class_code, condition.class_name) == ("09006", "占道经营")
    assert condition.limit == Limit(Decimal(2), LimitUnit.URGENT_HOUR)
    assert condition.auto_dispatch
    assert city.condition(condition.id) == condition
    assert condition in city.conditions


def test_every_condition_has_a_class(city: CitySnapshot) -> None:
    classes = {(each.scheme, each.code): each for each in city.classes}
    assert len(city.conditions) == 75
    for condition in city.conditions:
        assert classes[condition.scheme, condition.class_code].name == condition.class_name


def test_defaults_come_from_the_scheme_in_force(session: Session) -> None:
    scheme = session.exec(select(CodeScheme)).one()
    scheme.valid_until = date(2027, 1, 1)
    session.flush()
    last, after = (load_snapshot(session, today=day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    condition = last.default_condition("sanitation")
    with pytest.raises(UnknownCategory):
        after.default_condition("sanitation")
    assert after.condition(condition.id) == condition


def test_unknown_names_are_refused(city: CitySnapshot) -> None:
    with pytest.raises(UnknownCategory) as no_category:
        city.default_condition("nothing")
    with pytest.raises(UnknownCondition) as no_condition:
        city.condition(0)
    assert no_category.value.facts == {"category": "nothing"}
    assert no_condition.value.facts == {"condition_id": 0}


def test_the_calendar_knows_make_up_days_and_provisional_years(city: CitySnapshot) -> None:
    calendar = city.calendar
    assert calendar.is_workday(date(2026, 2, 14))
    assert not calendar.is_workday(date(2026, 2, 16))
    at = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)
    assert not calendar.is_provisional(at, at + timedelta(days=1))
    assert calendar.is_provisional(at, at + timedelta(days=7))


def test_an_empty_city_refuses_every_point(database: Database) -> None:
    with database.reading() as session:
        empty = load_snapshot(session)
    assert (empty.version, empty.categories, empty.unit_for("water", "")) == (0, (), None)
    with pytest.raises(OutOfArea):
        empty.locate(*IN_LICUN)
    at = datetime(2026, 11, 20, tzinfo=UTC)
    assert empty.calendar.is_provisional(at, at)


def test_every_change_counts(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        assert current_version(session) == 0
        bump_version(session, now=now)
        bump_version(session, now=now)
        assert current_version(session) == 2


class MovableClock:
    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        return self.instant


def end_water(database: Database, now: datetime, *, until: date) -> None:
    with database.transaction() as session:
        session.get_one(Unit, "370213.water").valid_until = until
        bump_version(session, now=now)


def test_a_change_is_live_after_the_next_refresh(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        a_small_city(session, now)
    clock = MovableClock(now)
    holder = SnapshotHolder(database, clock=clock)
    before = holder.current()
    assert before.unit_for("water", "370213") == "370213.water"
    end_water(database, now, until=date(2026, 11, 20))

    assert not holder.refresh()  # within a second it does not ask
    assert holder.current() is before
    clock.instant += timedelta(seconds=1)
    assert holder.refresh()
    assert holder.current().unit_for("water", "370213") == "qd.water"
    clock.instant += timedelta(seconds=1)
    assert not holder.refresh()  # nothing has changed since


def test_what_ends_with_a_day_ends_at_midnight_in_beijing(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        a_small_city(session, now)
    end_water(database, now, until=date(2026, 11, 21))
    clock = MovableClock(datetime(2026, 11, 20, 15, 59, 58, tzinfo=UTC))
    holder = SnapshotHolder(database, clock=clock)
    assert holder.current().unit_for("water", "370213") == "370213.water"
    clock.instant += timedelta(seconds=1)
    assert not holder.refresh()
    clock.instant += timedelta(seconds=1)
    assert holder.refresh()
    assert holder.current().unit_for("water", "370213") == "qd.water"


def test_one_thread_asks_while_the_others_go_on(database: Database, now: datetime) -> None:
    answers: list[bool] = []

    def ask_meanwhile() -> datetime:
        other = threading.Thread(target=lambda: answers.append(holder.refresh()))
        other.start()
        other.join()
        return now

    holder = SnapshotHolder(database, clock=lambda: now - timedelta(minutes=1))
    holder.current()
    holder._clock = ask_meanwhile
    assert not holder.refresh()
    assert answers == [False]


def test_endpoints_get_the_current_city(database: Database, now: datetime) -> None:
    app = FastAPI()
    app.state.city = SnapshotHolder(database, clock=MovableClock(now))

    @app.get("/version")
    def version(city: CityDep) -> int:
        return city.version

    with database.transaction() as session:
        a_small_city(session, now)
    with TestClient(app) as client:
        assert client.get("/version").json() == 1


def test_reload_reads_the_city_at_once(database: Database, now: datetime) -> None:
    holder = SnapshotHolder(database, clock=MovableClock(now))
    assert holder.current().version == 0
    with database.transaction() as session:
        a_small_city(session, now)
    assert holder.reload().version == 1
    assert holder.current().version == 1
