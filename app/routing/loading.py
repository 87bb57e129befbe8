"""Read the version in force out of its rows and compile it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.gcj02 import Datum
from app.domain.routing.deciding import RuleSet
from app.routing.models import RoutingRule, RuleSetEvent, RuleSetState, RuleSetVersion
from app.routing.rulebook import Rulebook
from app.routing.territory import Territory
from app.routing.words import (
    AreaWords,
    RuleSetWords,
    RuleWords,
    SectionWords,
    to_jurisdictions,
    to_keywords,
    to_questions,
    to_rule,
)


def version_in_force(session: Session, *, now: datetime) -> int:
    """Return the id of the version that decides at an instant.

    :raises LookupError: no version is published
    """
    rule_set_id = session.exec(
        select(RuleSetVersion.id)
        .where(RuleSetVersion.state == RuleSetState.PUBLISHED, col(RuleSetVersion.effective_from) <= now)
        .order_by(col(RuleSetVersion.effective_from).desc(), _published_last(), col(RuleSetVersion.id).desc())
        .limit(1)
    ).first()
    if rule_set_id is None:
        raise LookupError("no routing rule set is published")
    return rule_set_id


def _published_last() -> Any:  # noqa: ANN401 - an expression of SQLAlchemy
    """Put the version first that was published last: of two from the same moment on its publisher means the newer."""
    step = select(func.max(RuleSetEvent.id)).where(
        RuleSetEvent.rule_set_id == RuleSetVersion.id, RuleSetEvent.state == RuleSetState.PUBLISHED
    )
    return func.coalesce(step.correlate(RuleSetVersion).scalar_subquery(), 0).desc()


def load_rulebook(session: Session, rule_set_id: int) -> Rulebook:
    """Return a version, compiled.

    :raises LookupError: no such version
    :raises BadRule: a rule cannot mean anything; never for a version that was checked
    """
    version = session.get(RuleSetVersion, rule_set_id)
    if version is None:
        raise LookupError("no such rule set")
    sections = SectionWords.model_validate(version.sections)
    rules = RuleSet(
        map(to_rule, rules_of(session, rule_set_id)),
        version=version.version,
        jurisdictions=to_jurisdictions(sections.jurisdictions),
    )
    territory = Territory(
        areas={each.code: shape_of(each) for each in sections.areas},
        jurisdictions={each.code: shape_of(each) for each in sections.jurisdictions},
    )
    return Rulebook(
        rule_set_id=rule_set_id,
        rules=rules,
        territory=territory,
        area_names={each.code: each.name for each in sections.areas},
        questions=to_questions(sections.questions),
        keywords=to_keywords(sections.keywords),
        editor=version.editor,
        effective_from=version.effective_from,
    )


def words_of(session: Session, version: RuleSetVersion) -> RuleSetWords:
    """Return what a version says, as its file would."""
    sections = SectionWords.model_validate(version.sections)
    return RuleSetWords.model_construct(
        version=version.version,
        note=version.note,
        rules=tuple(rules_of(session, version.id or 0)),
        **{name: getattr(sections, name) for name in SectionWords.model_fields},
    )


def rules_of(session: Session, rule_set_id: int) -> Iterator[RuleWords]:
    """Give the rules of a version in their order."""
    row: Any = RoutingRule
    columns = (row.key, row.conditions, row.decision, row.basis, row.powers, row.valid_from, row.valid_until)
    wanted = select_columns(*columns).where(row.rule_set_id == rule_set_id).order_by(col(RoutingRule.position))
    names = ("key", "when", "then", "basis", "powers", "valid_from", "valid_until")
    for values in session.execute(wanted):
        yield RuleWords.model_validate(dict(zip(names, values, strict=True)))


def shape_of(area: AreaWords) -> shapely.Geometry:
    """Return the shape in WGS-84 degrees; importing has turned every other datum into it."""
    if area.datum not in {Datum.WGS84, Datum.CGCS2000}:
        raise ValueError(f"{area.code} is not stored in WGS-84")
    return shapely.from_wkt(area.shape)
