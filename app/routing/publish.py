"""Let a rehearsed version decide from a moment on, and bring its units into the city."""

from datetime import datetime

from sqlmodel import Session, select

from app.city.models import Unit
from app.city.version import bump_version, locked_version
from app.domain.working_time import beijing_day
from app.infra.wire import beijing_text
from app.routing.models import RuleSetState, RuleSetVersion
from app.routing.recording import record, version_to_change
from app.routing.refusals import RuleSetCheckedBefore, RuleSetIntoThePast, RuleSetNotReady, RuleSetUnitTaken
from app.routing.words import SectionWords, UnitWords


def publish(
    session: Session, name: str, *, effective_from: datetime | None, editor: str, reason: str, now: datetime
) -> RuleSetVersion:
    """Publish a version; every process decides by it from `effective_from` (now unless said) on.

    :raises RuleSetNotFound: no such version
    :raises RuleSetNotReady: its content was not checked and replayed over past reports
    :raises RuleSetCheckedBefore: the city has changed since the check
    :raises RuleSetIntoThePast: the moment is over
    :raises RuleSetUnitTaken: a unit it brings is there by now, and differs or has ended
    """
    city_version = locked_version(session)  # first: of a publication and an import of the grid one waits
    version = version_to_change(session, name)
    if version.state is not RuleSetState.REHEARSED:
        raise RuleSetNotReady.of(version, RuleSetState.REHEARSED)
    since = effective_from or now
    if since < now:
        raise RuleSetIntoThePast(effective_from=beijing_text(since))
    if version.checked_city_version != city_version:
        raise RuleSetCheckedBefore(rule_set=name)
    units = SectionWords.model_validate(version.sections).units
    founded = found_units(session, units, rule_set=name, since=since, now=now)
    version.effective_from = since
    facts = {"effective_from": beijing_text(since), "content_sha256": version.content_sha256, "units": founded}
    record(session, version, RuleSetState.PUBLISHED, editor=editor, reason=reason, now=now, facts=facts)
    return version


def found_units(
    session: Session, units: tuple[UnitWords, ...], *, rule_set: str, since: datetime, now: datetime
) -> list[str]:
    """Add the units that the city does not have; one that was to begin later begins with the version.

    :return: the codes of those that were added or begin earlier
    :raises RuleSetUnitTaken: a unit is there, and differs or has ended
    """
    day, founded = beijing_day(since), []
    for words in _parents_first(units):
        unit = session.exec(select(Unit).where(Unit.code == words.code)).first()
        if unit is None:
            session.add(_unit(words, valid_from=since))
            session.flush()  # whoever is below points at it
        elif unit.valid_until is not None or not _is_same(unit, words):
            raise RuleSetUnitTaken(rule_set=rule_set, unit=words.code)
        elif unit.valid_from > day:
            unit.valid_from = day
            session.add(unit)
        else:
            continue
        founded.append(words.code)
    if founded:
        bump_version(session, now=now)
    return founded


def _unit(words: UnitWords, *, valid_from: datetime) -> Unit:
    return Unit(
        code=words.code,
        name=words.name,
        kind=words.kind,
        level=words.level,
        area_code=words.area,
        parent_code=words.parent or None,
        valid_from=beijing_day(valid_from),
    )


def _is_same(unit: Unit, words: UnitWords) -> bool:
    mine = (words.name, words.kind, words.level, words.area, words.parent or None)
    return mine == (unit.name, unit.kind, unit.level, unit.area_code, unit.parent_code)


def _parents_first(units: tuple[UnitWords, ...]) -> list[UnitWords]:
    """Return the units in an order in which each comes after its parent; there is no cycle, that was checked."""
    by_code = {each.code: each for each in units}

    def depth(unit: UnitWords) -> int:
        steps = 0
        while unit.parent in by_code:
            unit, steps = by_code[unit.parent], steps + 1
        return steps

    return sorted(units, key=depth)
