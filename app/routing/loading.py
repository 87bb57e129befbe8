"""Read the version in force out of its rows and compile it."""

from datetime import datetime

import shapely
from sqlmodel import Session, col, select

from app.domain.gcj02 import Datum
from app.domain.routing.deciding import RuleSet
from app.routing.models import RoutingRule, RuleSetState, RuleSetVersion
from app.routing.rulebook import Rulebook
from app.routing.territory import Territory
from app.routing.words import (
    AreaWords,
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
        .order_by(col(RuleSetVersion.effective_from).desc(), col(RuleSetVersion.id).desc())
        .limit(1)
    ).first()
    if rule_set_id is None:
        raise LookupError("no routing rule set is published")
    return rule_set_id


def load_rulebook(session: Session, rule_set_id: int) -> Rulebook:
    """Return a version, compiled.

    :raises LookupError: no such version
    :raises BadRule: a rule cannot mean anything; never for a version that was checked
    """
    version = session.get(RuleSetVersion, rule_set_id)
    if version is None:
        raise LookupError("no such rule set")
    rows = session.exec(
        select(RoutingRule).where(RoutingRule.rule_set_id == rule_set_id).order_by(col(RoutingRule.position))
    )
    sections = SectionWords.model_validate(version.sections)
    rules = RuleSet(
        [to_rule(_words(row)) for row in rows],
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
        questions=to_questions(sections.questions),
        keywords=to_keywords(sections.keywords),
        editor=version.editor,
        effective_from=version.effective_from,
    )


def shape_of(area: AreaWords) -> shapely.Geometry:
    """Return the shape in WGS-84 degrees; importing has turned every other datum into it."""
    if area.datum not in {Datum.WGS84, Datum.CGCS2000}:
        raise ValueError(f"{area.code} is not stored in WGS-84")
    return shapely.from_wkt(area.shape)


def _words(row: RoutingRule) -> RuleWords:
    return RuleWords.model_validate(
        {
            "key": row.key,
            "when": row.conditions,
            "then": row.decision,
            "basis": row.basis,
            "powers": row.powers,
            "valid_from": row.valid_from,
            "valid_until": row.valid_until,
        }
    )
