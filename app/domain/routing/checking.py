"""The check of a rule set: ties, gaps, rules that can never decide, names that nobody knows."""

from collections.abc import Sequence
from datetime import date

from app.domain.routing.boxes import Effort
from app.domain.routing.days import Days
from app.domain.routing.dead import lay_out, shadowed
from app.domain.routing.deciding import RuleSet
from app.domain.routing.findings import Report
from app.domain.routing.gaps import GapSearch
from app.domain.routing.naming import KnownNames
from app.domain.routing.place_classes import PlaceClasses
from app.domain.routing.rules import FALLBACK_ROLE, Jurisdiction, Rule, UnitFinder
from app.domain.routing.space import Space
from app.domain.routing.standing import Standing
from app.domain.routing.ties import TieSearch
from app.domain.routing.universe import Catalogue, IsWorkday, Names, PlaceAtom, Progress

HORIZON_DAYS = 5 * 366
"""How many days from the effective one on are looked at: seasons, weekdays and working days all come round in them."""


LOOKS = 20_000_000
"""How hard each step of the check tries before it gives up on what is left; half a minute or so."""


def silently(_step: str, _done: int, _total: int) -> None:
    """Hear of progress and do nothing."""


def check(
    rules: Sequence[Rule],
    *,
    jurisdictions: Sequence[Jurisdiction],
    catalogue: Catalogue,
    places: Sequence[PlaceAtom],
    names: Names,
    units: UnitFinder,
    is_workday: IsWorkday,
    from_day: date,
    horizon_days: int = HORIZON_DAYS,
    looks: int = LOOKS,
    progress: Progress = silently,
) -> Report:
    """Find every tie, gap, dead rule and unknown name among the reports that the city can have.

    Exact for the given places, catalogue and days: nothing is sampled. Each witness has been decided by the compiled
    rule set.

    :param places: every cell of the city, see `PlaceAtom`
    :param units: active units only, those that the rule set itself brings along included
    :param from_day: the Beijing day from which the version is to decide; what ended before it is dead
    :param horizon_days: a rule that begins later is dead for this check
    :raises BadRule: a rule cannot mean anything by itself, as `RuleSet`
    :raises ValueError: no places, or no filing conditions
    :raises InconsistentUnits: `units` answers otherwise when it is asked again
    """
    if not places or not catalogue.conditions:
        raise ValueError("a city without cells or filing conditions has no reports to check rules for")
    compiled = RuleSet(rules, version="", jurisdictions=jurisdictions)
    known = KnownNames(names, rules=rules, catalogue=catalogue, places=places, jurisdictions=jurisdictions)
    classes = _classes(rules, jurisdictions=jurisdictions, places=places, units=units, progress=progress)
    space = Space(
        rules,
        jurisdictions=compiled.jurisdictions,
        catalogue=catalogue,
        places=classes,
        days=Days(from_day, count=horizon_days, is_workday=is_workday),
        names=names,
        units=units,
    )
    laid_out, dead = lay_out(rules, space)
    standing = Standing(laid_out, full=space.full)
    in_shadow, undecided = shadowed(standing, effort=Effort(in_all=looks), progress=progress)
    ties = TieSearch(standing, space, compiled, units=units)
    ties.run(effort=Effort(in_all=looks), progress=progress)
    gaps = GapSearch(standing, space)
    gaps.run(effort=Effort(in_all=looks), progress=progress)
    return Report(
        ties=tuple(sorted(ties.ties, key=lambda tie: tie.rules)),
        tie_count=ties.count,
        dead=tuple(sorted(dead + in_shadow, key=lambda each: each.rule)),
        gaps=tuple(gaps.gaps),
        unknown=(
            *(unknown for rule in rules for unknown in known.unknown_in_rule(rule)),
            *(unknown for zone in jurisdictions for unknown in known.unknown_in_jurisdiction(zone)),
        ),
        undecided=tuple(sorted(undecided | ties.undecided)),
        undecided_classes=tuple(gaps.undecided),
        streets_without_fallback=_without_fallback(classes),
    )


def _classes(
    rules: Sequence[Rule],
    *,
    jurisdictions: Sequence[Jurisdiction],
    places: Sequence[PlaceAtom],
    units: UnitFinder,
    progress: Progress,
) -> PlaceClasses:
    return PlaceClasses(
        places,
        areas=frozenset(rule.when.area for rule in rules),
        polygons=frozenset(rule.when.polygon for rule in rules),
        zones=frozenset(zone.code for zone in jurisdictions),
        roles=sorted({FALLBACK_ROLE, *(rule.then.role for rule in rules if rule.then.role)}),
        units=units,
        progress=progress,
    )


def _without_fallback(places: PlaceClasses) -> tuple[str, ...]:
    alone = places.all & ~places.with_unit(FALLBACK_ROLE)
    return tuple(street for street in places.streets if places.area(street) & alone)
