"""What the tables refuse, on both engines."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, select

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
    UnitLevel,
)
from app.domain.cells import Level
from app.domain.limits import LimitUnit
from app.infra.database import Database

DAY = date(2026, 11, 20)
SCHEME = "GB/T 47678.5-2026"


def a_unit(**changes: Any) -> Unit:
    fields: dict[str, Any] = {
        "code": "370213.water",
        "name": "李沧区水务管理局",
        "kind": "water",
        "level": UnitLevel.DISTRICT,
        "area_code": "370213",
        "valid_from": DAY,
    }
    return Unit(**(fields | changes))


def an_area(**changes: Any) -> Area:
    fields: dict[str, Any] = {
        "code": "370213",
        "name": "李沧区",
        "level": Level.DISTRICT,
        "centre_lon": 120.4,
        "centre_lat": 36.2,
        "is_approximate": True,
        "generation_id": 1,
    }
    return Area(**(fields | changes))


def a_cell(**changes: Any) -> Cell:
    fields: dict[str, Any] = {
        "code": "370213001001001",
        "generation_id": 1,
        "shape": b"",
        "area_m2": 10_000.0,
        "valid_from": DAY,
    }
    return Cell(**(fields | changes))


def a_condition(**changes: Any) -> FilingCondition:
    fields: dict[str, Any] = {
        "scheme": SCHEME,
        "class_code": "06010",
        "category_code": "sanitation",
        "name": "未入容器",
        "is_default": True,
        "limit_amount": Decimal("0.25"),
        "limit_unit": LimitUnit.WORK_HOUR,
        "closing_condition": "清走",
        "needs_verification": False,
        "auto_dispatch": True,
        "basis": "typical",
    }
    return FilingCondition(**(fields | changes))


def prepare(session: Session) -> None:
    session.add(GridGeneration(id=1, created_at=datetime(2026, 11, 20, tzinfo=UTC), source="test", note=""))
    session.add(CodeScheme(code=SCHEME, name="第5部分", valid_from=DAY))
    session.add(Category(code="sanitation", name="卫生脏乱", position=1, is_public=True, hint="", icon="broom"))
    session.flush()
    session.add(EventClass(scheme=SCHEME, code="06010", name="暴露垃圾", major="06"))
    session.flush()


WRONG: dict[str, list[SQLModel]] = {
    "unit ends before it begins": [a_unit(valid_until=DAY)],
    "district unit without a district": [a_unit(area_code="")],
    "street unit for a district": [a_unit(level=UnitLevel.STREET)],
    "municipal unit for a district": [a_unit(level=UnitLevel.MUNICIPAL)],
    "unit for half a code": [a_unit(level=UnitLevel.ENTERPRISE, area_code="37021")],
    "unit under itself": [a_unit(parent_code="370213.water")],
    "unit under nobody": [a_unit(parent_code="qd.nobody")],
    "area with a code of 7 digits": [an_area(code="3702131")],
    "area under another district": [an_area(), an_area(code="370202001", level=Level.STREET, parent_code="370213")],
    "area off the globe": [an_area(centre_lat=120.0)],
    "area of no generation": [an_area(generation_id=2)],
    "cell with a code of 12 digits": [a_cell(code="370213001001")],
    "cell twice in a generation": [a_cell(), a_cell()],
    "cell without an area": [a_cell(area_m2=0.0)],
    "cell that ends before it begins": [a_cell(valid_until=DAY)],
    "class of an unknown scheme": [EventClass(scheme="CJ/T 214-2007", code="06010", name="暴露垃圾", major="06")],
    "class with four digits": [EventClass(scheme=SCHEME, code="0601", name="暴露垃圾", major="06")],
    "class of another major": [EventClass(scheme=SCHEME, code="06011", name="暴露垃圾", major="07")],
    "condition of an unknown class": [a_condition(class_code="09009")],
    "condition of an unknown category": [a_condition(category_code="nothing")],
    "condition twice": [a_condition(), a_condition(is_default=False)],
    "two defaults in a category": [a_condition(), a_condition(name="别的")],
    "condition without a limit": [a_condition(limit_amount=Decimal(0))],
    "verified and dispatched by rule": [a_condition(needs_verification=True)],
    "a second version row": [CityVersion(id=2, version=1, changed_at=datetime(2026, 11, 20, tzinfo=UTC))],
}


@pytest.mark.parametrize("what", WRONG)
def test_the_database_refuses(database: Database, what: str) -> None:
    with database.transaction() as session:
        prepare(session)
        with pytest.raises(IntegrityError), session.begin_nested():  # noqa: PT012 - one row at a time, in order
            for row in WRONG[what]:
                session.add(type(row).model_validate(row.model_dump()))
                session.flush()


RIGHT: dict[str, list[SQLModel]] = {
    "district unit": [a_unit()],
    "city-wide enterprise": [a_unit(code="ent.telecom", level=UnitLevel.ENTERPRISE, area_code="")],
    "street under its district": [an_area(), an_area(code="370213001", level=Level.STREET, parent_code="370213")],
    "cell with an end": [a_cell(valid_until=date(2027, 1, 1))],
    "default and other condition": [a_condition(), a_condition(name="别的", is_default=False)],
    "make-up day": [CalendarDay(day=DAY, is_working=True, note="", source="test", is_confirmed=True)],
}


@pytest.mark.parametrize("what", RIGHT)
def test_the_database_takes(database: Database, what: str) -> None:
    rows = RIGHT[what]
    with database.transaction() as session:
        prepare(session)
        for row in rows:
            session.add(type(row).model_validate(row.model_dump()))
            session.flush()
        table: type[SQLModel] = type(rows[0])
        assert len(session.exec(select(table)).all()) >= len(rows)


def test_limits_keep_their_fraction(database: Database) -> None:
    with database.transaction() as session:
        prepare(session)
        session.add(a_condition())
        session.flush()
        session.expire_all()
        assert session.exec(select(FilingCondition)).one().limit_amount == Decimal("0.25")
