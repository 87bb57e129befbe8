"""The nearest components: in order, of the wanted classes, without the removed ones, at the same cost in any city."""

from itertools import count
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlmodel import Session, select

from app.components.find import component_classes
from app.components.models import Component
from app.components.queries import nearest, nearest_statement
from app.components.squares import square_of
from app.domain.gcj02 import distance_m
from tests.builders_city import IN_LICUN
from tests.components.builders import GAS_COVER, LAMP, TREE, a_code, a_component
from tests.query_recorder import QueryRecorder
from tests.towns import Town

M = 1 / 111_195
"""Degrees of latitude in a metre."""


def north(metres: float) -> tuple[float, float]:
    return IN_LICUN[0], IN_LICUN[1] + metres * M


def found(session: Session, *classes: str, limit: int = 20) -> list[tuple[str, int]]:
    return [
        (each.component.code, round(each.distance_m))
        for each in nearest(session, *IN_LICUN, classes=classes, limit=limit)
    ]


def test_the_nearest_come_first_and_none_is_further_than_100_m(town: Town) -> None:
    with town.database.transaction() as session:
        session.add_all(a_component(a_code(n), at=north(metres)) for n, metres in enumerate([60, -20, 99, 101, 0], 1))
        session.flush()
        assert found(session, GAS_COVER) == [(a_code(5), 0), (a_code(2), 20), (a_code(1), 60), (a_code(3), 99)]
        assert found(session, GAS_COVER, limit=2) == [(a_code(5), 0), (a_code(2), 20)]


def test_east_and_north_count_alike(town: Town) -> None:
    """0.0008 degrees east are 72 m, 0.0007 north 78 m."""
    with town.database.transaction() as session:
        session.add(a_component(a_code(1), at=(IN_LICUN[0], IN_LICUN[1] + 0.0007)))
        session.add(a_component(a_code(2), at=(IN_LICUN[0] + 0.0008, IN_LICUN[1])))
        session.flush()
        assert found(session, GAS_COVER) == [(a_code(2), 72), (a_code(1), 78)]


def test_only_wanted_classes_and_nothing_removed(town: Town) -> None:
    with town.database.transaction() as session:
        lamp, tree = a_code(1, class_code=LAMP), a_code(1, class_code=TREE)
        session.add_all([a_component(a_code(1)), a_component(lamp), a_component(tree)])
        session.add(a_component(a_code(2), is_removed=True))
        session.flush()
        assert found(session, GAS_COVER, LAMP) == [(a_code(1), 0), (lamp, 0)]
        assert found(session, TREE) == [(tree, 0)]
        assert found(session) == []


def test_the_squares_meet_where_the_point_stands(town: Town) -> None:
    """A corner of four squares: nothing beyond the edge is lost."""
    corner = (120.414, 36.160)
    around = [(corner[0] + x, corner[1] + y) for x in (-0.0003, 0.0003) for y in (-0.0003, 0.0003)]
    assert len({square_of(*each) for each in around}) == 4
    with town.database.transaction() as session:
        session.add_all(a_component(a_code(n), at=at) for n, at in enumerate(around))
        session.flush()
        assert len(nearest(session, *corner, classes={GAS_COVER}, limit=20)) == 4


def test_a_category_stands_for_its_component_classes(town: Town) -> None:
    city = town.world.city
    assert {GAS_COVER, LAMP} < component_classes("facilities", city=city)
    assert TREE in component_classes("greenery", city=city)
    assert component_classes("parking", city=city) == frozenset()
    assert all(each < "06" for each in component_classes("facilities", city=city))


def many(session: Session, number: int, *, span: float) -> None:
    """Add components over a square of `span` degrees, in three classes."""
    side = round(number**0.5)
    template = a_component().model_dump()
    serial = count()
    rows: list[dict[str, Any]] = []
    for x in range(side):
        for y in range(side):
            class_code = (GAS_COVER, LAMP, TREE)[(x + y) % 3]
            lon, lat = IN_LICUN[0] + (x / side - 0.5) * span, IN_LICUN[1] + (y / side - 0.5) * span
            code = a_code(next(serial), class_code=class_code)
            rows.append(
                template
                | {"code": code, "class_code": class_code, "lon": lon, "lat": lat, "bucket": square_of(lon, lat)}
            )
    session.execute(insert(Component), rows)


def test_the_index_leads_to_a_few_rows_however_many_there_are(town: Town) -> None:
    with town.database.transaction() as session:
        many(session, 22_500, span=0.3)
        session.execute(text("ANALYZE component"))
        statement = nearest_statement(*IN_LICUN, classes={GAS_COVER, LAMP}, limit=10)
        compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if town.database.dialect == "sqlite" else "EXPLAIN (ANALYZE, TIMING OFF)"
        plan = "\n".join(str(row[-1]) for row in session.execute(text(f"{explain} {compiled}")))
    assert "ix_component_class_code_bucket" in plan, plan
    if town.database.dialect == "sqlite":
        assert "class_code=? AND bucket=?" in plan, plan
    else:
        assert "Seq Scan" not in plan, plan
        assert "Rows Removed by Filter: " not in plan or int(plan.split("Rows Removed by Filter: ")[1].split()[0]) < 200


def test_a_heap_of_components_at_one_point_is_cut_by_the_database(town: Town) -> None:
    with town.database.transaction() as session:
        session.execute(insert(Component), [a_component(a_code(n)).model_dump() for n in range(3_000)])
        with QueryRecorder(town.database) as recorder:
            assert len(nearest(session, *IN_LICUN, classes={GAS_COVER}, limit=20)) == 20
    assert len(recorder.statements) == 1
    assert "LIMIT" in recorder.statements[0]


@pytest.mark.parametrize("seed", range(3))
def test_the_statement_finds_what_a_plain_reading_finds(town: Town, seed: int) -> None:
    with town.database.transaction() as session:
        many(session, 900, span=0.01 + seed * 0.003)
        session.flush()
        rows = session.exec(select(Component)).all()
        expected = sorted(
            (distance_m(*IN_LICUN, row.lon, row.lat), row.code)
            for row in rows
            if row.class_code == LAMP and distance_m(*IN_LICUN, row.lon, row.lat) <= 100
        )
        assert [code for code, _ in found(session, LAMP)] == [code for _, code in expected][:20]
