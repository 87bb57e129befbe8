"""Check a rule set against the city: names, shapes and units first, then ties, gaps and rules that never decide."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, select

from app.city.snapshot import CitySnapshot
from app.domain.routing import checking
from app.domain.routing.universe import Catalogue, Names, Progress
from app.routing.atoms import place_atoms
from app.routing.check_report import CheckReport, faulty, told
from app.routing.file_format import RuleFile, stored
from app.routing.findings import NOWHERE, Findings
from app.routing.known import CHANNELS, Known
from app.routing.loading import shape_of, words_of
from app.routing.models import RuleSetState, RuleSetVersion
from app.routing.recording import record, refuse_frozen, version_to_change
from app.routing.refusals import RuleSetChanged, RuleSetNotFound
from app.routing.units import UnitsWith
from app.routing.validating import validate
from app.routing.words import RuleSetWords, to_jurisdictions, to_rule


@dataclass(frozen=True, slots=True)
class ToCheck:
    """The content of a version at a moment."""

    words: RuleSetWords
    content_sha256: str


def to_check(session: Session, name: str) -> ToCheck:
    """Read what is to be checked, so that the check itself needs no session.

    :raises RuleSetNotFound: no such version
    :raises RuleSetFrozen: the version was published
    """
    version = session.exec(select(RuleSetVersion).where(RuleSetVersion.version == name)).first()
    if version is None:
        raise RuleSetNotFound(rule_set=name)
    refuse_frozen(version)
    return ToCheck(words_of(session, version), version.content_sha256)


def examine(
    file: RuleFile, *, city: CitySnapshot, from_day: date, progress: Progress = checking.silently
) -> CheckReport:
    """Check a file or the content of a version. Takes seconds for thousands of rules: hold no session meanwhile.

    :param from_day: the Beijing day from which it is to decide
    """
    findings = Findings()
    if not len(city.cells) or not city.conditions:
        findings.add(NOWHERE, "", "", "city_empty")
    words = validate(file, city=city, findings=findings)
    if findings.count:
        return faulty(findings, city_version=city.version, from_day=from_day, rules=len(file.words.rules))
    units = UnitsWith(city, words.units)
    report = checking.check(
        [to_rule(each) for each in words.rules],
        jurisdictions=to_jurisdictions(words.jurisdictions),
        catalogue=Catalogue.of((each.scheme, each.class_code, each.name) for each in city.conditions),
        places=place_atoms(
            city.cells,
            areas={each.code: shape_of(each) for each in words.areas},
            jurisdictions={each.code: shape_of(each) for each in words.jurisdictions},
            progress=progress,
        ),
        names=_names(Known(city, words), units),
        units=units,
        is_workday=city.calendar.is_workday,
        from_day=from_day,
        progress=progress,
    )
    return told(report, city_version=city.version, from_day=from_day, rules=len(words.rules))


def examine_version(
    found: ToCheck, *, city: CitySnapshot, from_day: date, progress: Progress = checking.silently
) -> CheckReport:
    """Check the content of a version, as `examine`."""
    return examine(stored(found.words), city=city, from_day=from_day, progress=progress)


def keep_check(
    session: Session, found: ToCheck, report: CheckReport, *, editor: str, reason: str, now: datetime
) -> RuleSetVersion:
    """Store the outcome with the version: one without faults and ties is checked, any other a draft.

    A version that was rehearsed stays so: its content is the same, only the city has changed.

    :raises RuleSetNotFound: the version is gone
    :raises RuleSetFrozen: it was published meanwhile
    :raises RuleSetChanged: it holds other content by now
    """
    version = version_to_change(session, found.words.version)
    refuse_frozen(version)
    if version.content_sha256 != found.content_sha256:
        raise RuleSetChanged(rule_set=version.version)
    version.check_report = report.model_dump(mode="json")
    version.checked_city_version = report.city_version
    state = _state_after(report, before=version.state)
    facts = {**report.counts, "city_version": report.city_version, "content_sha256": version.content_sha256}
    record(session, version, state, editor=editor, reason=reason, now=now, facts=facts)
    return version


def _state_after(report: CheckReport, *, before: RuleSetState) -> RuleSetState:
    if not report.is_publishable:
        return RuleSetState.DRAFT
    return before if before is RuleSetState.REHEARSED else RuleSetState.CHECKED


def _names(known: Known, units: UnitsWith) -> Names:
    return Names(
        polygons=known.polygons,
        units=units.at_work,
        roles=known.roles,
        answers=known.answers,
        channels=CHANNELS,
        areas=frozenset(known.city.areas),
    )
