"""The units that help the responsible one: who the rule names, who a dispatcher names, and since when nobody does."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert
from sqlmodel import Session, col

from app.city.snapshot import CitySnapshot
from app.reports.clocks import id_of
from app.reports.errors import UnitTwice, UnknownUnit
from app.reports.models import AssistingUnit, Report


def named_by_rule(routing: Mapping[str, Any], *, lead: str, city: CitySnapshot) -> list[str]:
    """Return the units that the rule has assist, if its choice leads; who is not at work any more is passed over."""
    if routing.get("unit") != lead:
        return []
    wanted = dict.fromkeys(routing.get("assisting", ()))
    return [code for code in wanted if code != lead and code in city.units and city.units[code].is_active]


def named_by_hand(codes: Sequence[str], *, lead: str, city: CitySnapshot) -> list[str]:
    """Return the units a dispatcher has assist.

    :raises UnknownUnit: no such active unit
    :raises UnitTwice: one is named twice, or leads as well
    """
    for place, code in enumerate(codes):
        if code not in city.units or not city.units[code].is_active:
            raise UnknownUnit(unit=code)
        if code == lead or code in codes[:place]:
            raise UnitTwice(unit=code)
    return list(codes)


def store_assisting(session: Session, report: Report, codes: Sequence[str]) -> None:
    """Let these units see a flushed report that had none; no statement without any."""
    if codes:
        session.execute(insert(AssistingUnit), [{"report_id": id_of(report), "unit_code": code} for code in codes])


def replace_assisting(session: Session, report: Report, codes: Sequence[str] = ()) -> None:
    """Let these units see the report from now on, and none of those that did; best before the report is changed.

    A changed report would be written once for this statement and once more at the end.
    """
    session.execute(delete(AssistingUnit).where(col(AssistingUnit.report_id) == id_of(report)))
    store_assisting(session, report, codes)
