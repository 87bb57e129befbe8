"""Read the city's tables into frozen facts; the queries behind the snapshot, a handful whatever the city's size."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from app.city.facts import AreaFact, CategoryFact, ClassFact, ConditionFact, UnitFact
from app.city.models import Area, CalendarDay, Category, Cell, CodeScheme, EventClass, FilingCondition, Unit
from app.city.packing import PackedCells, pack
from app.domain.duplicates import Reach
from app.domain.limits import Limit
from app.domain.working_time import WorkingCalendar

_CHUNK = 1_000


def calendar(session: Session) -> WorkingCalendar:
    """Return the working calendar; a year is confirmed when it has days and all of them are."""
    days = session.exec(select(CalendarDay)).all()
    provisional = {row.day.year for row in days if not row.is_confirmed}
    confirmed = frozenset(row.day.year for row in days) - provisional
    return WorkingCalendar({row.day: row.is_working for row in days}, confirmed_years=confirmed)


def areas(session: Session) -> dict[str, AreaFact]:
    rows = session.exec(select(Area).order_by(Area.code))
    return {
        row.code: AreaFact(
            code=row.code,
            name=row.name,
            level=row.level,
            parent_code=row.parent_code,
            centre_lon=row.centre_lon,
            centre_lat=row.centre_lat,
            is_approximate=row.is_approximate,
        )
        for row in rows
    }


def cells(session: Session, *, today: date | None) -> PackedCells:
    """Return the cells in force; read in chunks, for all their rows at once would fill the memory twice."""
    wanted = (
        select(Cell.code, Cell.shape)
        .where(_in_force(col(Cell.valid_from), col(Cell.valid_until), today=today))
        .order_by(col(Cell.id))
        .execution_options(yield_per=_CHUNK)
    )
    return pack(session.exec(wanted).partitions())


def units(session: Session, *, today: date | None) -> tuple[UnitFact, ...]:
    """Return all units by code, ended ones too: their old reports still need a name."""
    return tuple(
        UnitFact(
            code=unit.code,
            name=unit.name,
            kind=unit.kind,
            level=unit.level,
            area_code=unit.area_code,
            parent_code=unit.parent_code,
            is_active=_is_in_force(unit.valid_from, unit.valid_until, today=today),
        )
        for unit in session.exec(select(Unit).order_by(Unit.code))
    )


def categories(session: Session) -> tuple[CategoryFact, ...]:
    rows = session.exec(select(Category).order_by(col(Category.position)))
    return tuple(
        CategoryFact(
            code=row.code,
            name=row.name,
            position=row.position,
            is_public=row.is_public,
            hint=row.hint,
            icon=row.icon,
            reach=_reach(row),
        )
        for row in rows
    )


def _reach(row: Category) -> Reach:
    return Reach(
        radius_m=row.duplicate_radius_m,
        window=timedelta(hours=row.duplicate_window_h),
        photo_radius_m=row.duplicate_photo_radius_m,
        photo_window=timedelta(hours=row.duplicate_photo_window_h),
        photo_bits=row.duplicate_photo_bits,
    )


def classes(session: Session) -> tuple[ClassFact, ...]:
    rows = session.exec(select(EventClass).order_by(EventClass.scheme, EventClass.code))
    return tuple(ClassFact(scheme=row.scheme, code=row.code, name=row.name, major=row.major) for row in rows)


def conditions(session: Session) -> tuple[ConditionFact, ...]:
    rows = session.exec(
        select(FilingCondition, EventClass.name)
        .join(
            EventClass,
            and_(
                col(EventClass.scheme) == col(FilingCondition.scheme),
                col(EventClass.code) == col(FilingCondition.class_code),
            ),
        )
        .order_by(col(FilingCondition.id))
    )
    return tuple(_condition(row, class_name) for row, class_name in rows)


def _condition(row: FilingCondition, class_name: str) -> ConditionFact:
    return ConditionFact(
        id=row.id or 0,
        scheme=row.scheme,
        class_code=row.class_code,
        class_name=class_name,
        category_code=row.category_code,
        name=row.name,
        is_default=row.is_default,
        limit=Limit(row.limit_amount, row.limit_unit),
        closing_condition=row.closing_condition,
        needs_verification=row.needs_verification,
        auto_dispatch=row.auto_dispatch,
        basis=row.basis,
    )


def schemes_in_force(session: Session, *, today: date | None) -> tuple[str, ...]:
    """Return the codes of the schemes in force, the newest last."""
    rows = session.exec(
        select(CodeScheme.code)
        .where(_in_force(col(CodeScheme.valid_from), col(CodeScheme.valid_until), today=today))
        .order_by(col(CodeScheme.valid_from), CodeScheme.code)
    )
    return tuple(rows)


def _in_force(since: Mapped[date], until: Mapped[date | None], *, today: date | None) -> ColumnElement[bool]:
    if today is None:
        return until.is_(None)
    return and_(since <= today, or_(until.is_(None), until > today))


def _is_in_force(since: date, until: date | None, *, today: date | None) -> bool:
    if today is None:
        return until is None
    return since <= today and (until is None or today < until)
