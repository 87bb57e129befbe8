"""Loading the default city: complete, repeatable, located right."""

from datetime import date, datetime

from sqlmodel import Session, SQLModel, func, select

from app.city import default_data, loading
from app.city.load_default import load_default_city
from app.city.models import (
    Area,
    CalendarDay,
    Category,
    Cell,
    CityVersion,
    CodeScheme,
    EventClass,
    FilingCondition,
    GridGeneration,
    Unit,
)
from app.city.snapshot import load_snapshot
from app.domain.cells import Level, community_of
from app.infra.database import Database
from tests.builders_city import a_small_city

TODAY = date(2026, 11, 20)
TABLES: tuple[type[SQLModel], ...] = (
    Area,
    CalendarDay,
    Category,
    Cell,
    CityVersion,
    CodeScheme,
    EventClass,
    FilingCondition,
    GridGeneration,
    Unit,
)


def counts(session: Session) -> dict[str, int]:
    return {table.__name__: session.exec(select(func.count()).select_from(table)).one() for table in TABLES}


def test_the_default_city_is_complete_and_loading_it_again_changes_nothing(database: Database, now: datetime) -> None:
    told: list[tuple[str, int, int]] = []
    with database.transaction() as session:
        load_default_city(
            session, today=TODAY, now=now, progress=lambda stage, done, total: told.append((stage, done, total))
        )

    with database.transaction() as session:
        first = counts(session)
        load_default_city(session, today=TODAY, now=now)
        assert counts(session) == first
        city = load_snapshot(session, today=TODAY)

    assert city.version == 1
    assert first["Area"] == 10 + 135 + 135  # districts, streets, one community in each street
    assert 10_000 < first["Cell"] < 20_000
    assert first["FilingCondition"] == 75
    assert told[-1][0] == "calendar"
    assert [each for each in told if each[0] == "cells"][-1] == ("cells", first["Cell"], first["Cell"])

    for street in default_data.streets():
        place = city.locate(*street.centre)
        assert (place.street_code, place.street_name, place.is_certain) == (street.code, street.name, True)
        assert city.unit_for("sanitation_team", place.cell_code) == f"{street.code}.sanitation_team"
        assert city.areas[street.code].is_approximate
    for zone in default_data.zones():
        assert city.units[f"{zone.code}.zone_committee"].area_code == zone.code
        assert zone.code not in city.areas


def test_units_are_named_as_their_area_is(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        load_default_city(session, today=TODAY, now=now)
        names = {unit.code: unit.name for unit in session.exec(select(Unit))}
    assert {
        "370213.urban_management": "李沧区城市管理局",
        "370211.housing": "青岛西海岸新区住房和城乡建设局",
        "370213.traffic_police": "李沧区公安分局交警大队",
        "370281.traffic_police": "胶州市公安局交警大队",
        "qd.traffic_police": "青岛市公安局交警支队",
        "370213001.street_office": "振华路街道办事处",
        "370211102.street_office": "琅琊镇人民政府",
        "370211401.street_office": "灵山岛省级自然保护区管理委员会",
        "370214400.zone_committee": "青岛高新技术产业开发区管理委员会",
        "ent.water_group": "青岛水务集团",
    }.items() <= names.items()
    assert "370213.telecom_admin" not in names
    assert "370211102.zone_committee" not in names


def test_nothing_to_add_adds_nothing(database: Database) -> None:
    with database.transaction() as session:
        loading.add_days(session, [], source="test")
        assert counts(session)["CalendarDay"] == 0


def test_a_later_year_only_adds_its_days(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        load_default_city(session, today=TODAY, now=now)
        first = counts(session)
        load_default_city(session, today=date(2027, 1, 1), now=now)
        second = counts(session)
        assert load_snapshot(session).version == 2
    assert second["CalendarDay"] > first["CalendarDay"]
    assert {name for name in first if first[name] != second[name]} == {"CalendarDay"}


def test_every_cell_lies_in_a_community_that_is_known_and_marked_approximate(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        a_small_city(session, now)
        communities = {area.code: area for area in session.exec(select(Area).where(Area.level == Level.COMMUNITY))}
        cells = session.exec(select(Cell.code)).all()
    assert {community_of(code) for code in cells} == set(communities)
    assert all(area.is_approximate and area.parent_code == area.code[:9] for area in communities.values())
