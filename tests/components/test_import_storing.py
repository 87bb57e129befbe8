"""Storing a file: new, changed, the same, gone and back; a second time changes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.components.importing import storing
from app.components.importing.storing import Change, chunks, missing, prefixes, remove, store
from app.components.models import Component, ComponentState
from tests.builders import NOW, SQUAD
from tests.builders_city import IN_LICUN, SHINAN
from tests.components.builders import LAMP, a_code, a_component
from tests.towns import Town

LATER = NOW + timedelta(days=30)


def a_row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return what judging makes of a good row."""
    row = a_component(a_code(number)).model_dump(exclude={"source", "changed_at"})
    return row | changes


def one(session: Session, number: int = 1) -> Component:
    session.expire_all()
    return session.exec(select(Component).where(col(Component.code) == a_code(number))).one()


def test_new_changed_and_same_are_told_apart(town: Town) -> None:
    with town.database.transaction() as session:
        assert store(session, [a_row(1), a_row(2)], source="一普", now=NOW) == Change(new=2)
        second = [a_row(1), a_row(2, state=ComponentState.LOST), a_row(3)]
        assert store(session, second, source="二普", now=LATER) == Change(new=1, changed=1, same=1)
        assert [(one(session, n).source, one(session, n).changed_at) for n in (1, 2, 3)] == [
            ("一普", NOW),
            ("二普", LATER),
            ("二普", LATER),
        ]
        assert one(session, 2).state is ComponentState.LOST
        assert store(session, second, source="三普", now=LATER) == Change(same=3)
        assert one(session, 2).source == "二普"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "另一个"},
        {"lon": IN_LICUN[0] + 0.0001},
        {"owner_name": "燃气公司"},
        {"maintainer_unit": SQUAD},
        {"scheme": "GB/T 47678.5-2030"},
    ],
)
def test_every_column_can_change(town: Town, change: dict[str, Any]) -> None:
    with town.database.transaction() as session:
        store(session, [a_row()], source="一普", now=NOW)
        assert store(session, [a_row(**change)], source="二普", now=LATER) == Change(changed=1)
        ((name, value),) = change.items()
        assert getattr(one(session), name) == value


def test_what_a_file_no_longer_names_is_removed_and_may_come_back(town: Town) -> None:
    with town.database.transaction() as session:
        store(session, [a_row(1), a_row(2)], source="一普", now=NOW)
        (prefix,) = prefixes([a_code(1)])
        gone = missing(session, prefix, codes={a_code(1)})
        assert gone == [a_code(2)]
        remove(session, gone, now=LATER)
        assert (one(session, 1).is_removed, one(session, 2).is_removed) == (False, True)
        assert missing(session, prefix, codes={a_code(1)}) == []
        assert store(session, [a_row(2)], source="二普", now=LATER) == Change(changed=1)
        assert not one(session, 2).is_removed


def test_other_counties_and_classes_are_not_missing(town: Town) -> None:
    with town.database.transaction() as session:
        session.add_all([a_component(a_code(2, class_code=LAMP)), a_component(a_code(3, county=SHINAN))])
        session.flush()
        assert [missing(session, prefix, codes={a_code(1)}) for prefix in prefixes([a_code(1)])] == [[]]


def test_prefixes_are_county_and_class() -> None:
    codes = [a_code(1), a_code(2), a_code(1, class_code=LAMP), a_code(9, county=SHINAN)]
    assert prefixes(codes) == ["37020201011", "37021301011", "37021301037"]


def test_rows_are_stored_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "CHUNK", 2)
    assert [len(chunk) for chunk in chunks([a_row(n) for n in range(5)])] == [2, 2, 1]
