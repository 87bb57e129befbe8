"""Propose changes of the rules: found in older reports, measured on newer ones, decided on by people."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.questions import PLACE_TYPE
from app.domain.routing.deciding import RuleSet
from app.domain.routing.decision import Decision
from app.domain.routing.matching import matches
from app.domain.routing.rules import BadRule, Facts, Jurisdiction, Rule, UnitFinder
from app.rulebook.learning.candidates import Extra, Finding, find, is_convincing
from app.rulebook.learning.evidence import Evidence, Sample, Samples
from app.rulebook.rehearsals.replay import Candidate

MOST = 20
"""Proposals at a time: more than a person looks at."""

TRIED = 60
"""Findings that are measured; each has the rules of its class compiled once more."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A rule that a person may take over: instead of `losing` (the same key), or beside it.

    `found` is what led to it, `tested` what it would have done on newer reports; only the latter proves something.
    """

    losing: str
    rule: Rule
    replaces: bool
    found: Evidence
    tested: Evidence


def suggest(samples: Samples, candidate: Candidate) -> list[Suggestion]:
    """Return the changes that hold on reports that were not used to find them, the greatest gain first.

    A change that would tie with another rule for any of the reports, or with a change before it, is not proposed.
    """
    base = candidate.rulebook.rules
    findings = find(
        samples.older,
        base.rules,
        jurisdictions=base.jurisdictions,
        units=candidate.units,
        is_known=_known_to(candidate),
    )
    accepted: list[Suggestion] = []
    rules = dict(base.rules)
    for finding in findings[:TRIED]:
        trial = rules | {finding.rule.key: finding.rule}
        taken = {each.rule.key for each in accepted}
        tested = _measure(finding, trial, samples, base.jurisdictions, units=candidate.units, taken=taken)
        if tested is not None and is_convincing(tested):
            accepted.append(Suggestion(finding.losing, finding.rule, finding.replaces, finding.evidence, tested))
            rules = trial
        if len(accepted) == MOST:
            break
    return sorted(accepted, key=lambda each: (each.tested.before - each.tested.after, each.rule.key))


def _known_to(candidate: Candidate) -> Callable[[Extra], bool]:
    """Return what a rule of the version may ask for: history also holds answers and streets that are no more."""
    questions, areas = candidate.rulebook.questions, candidate.city.areas
    answers = {(question.code, choice.code) for question in questions for choice in question.choices}

    def is_known(extra: Extra) -> bool:
        kind, name, value = extra
        if kind in {"street", "district"}:
            return value in areas
        if kind in {"place_type", "facts"}:
            return (name or PLACE_TYPE, value) in answers
        return True

    return is_known


def _measure(
    finding: Finding,
    rules: Mapping[str, Rule],
    samples: Samples,
    jurisdictions: Mapping[str, Jurisdiction],
    *,
    units: UnitFinder,
    taken: Collection[str],
) -> Evidence | None:
    """Return what the changed rules do to the newer reports; None if two rules tie for some report, old or new.

    What a rule decided before it was replaced, and does not any more, counts as well, unless it is for the `taken`
    rules, those proposed before.
    """
    near = _about(rules.values(), finding.rule.when.class_prefix)
    changed = RuleSet(near, version="", jurisdictions=jurisdictions.values())
    if any(_ties(changed, each.facts, units) for each in _reached(finding.rule, samples.older, jurisdictions)):
        return None
    decided = [
        (sample, _decision(changed, sample.facts, units))
        for sample in _reached(finding.rule, samples.newer, jurisdictions)
    ]
    if any(decision is not None and decision.is_tie for _, decision in decided):
        return None
    key = finding.rule.key
    own = [
        (sample, decision.unit if decision else "")
        for sample, decision in decided
        if decision is None or decision.rule == key or (sample.rule == key and decision.rule not in taken)
    ]
    return Evidence(
        reports=len(own),
        before=sum(sample.is_right for sample, _ in own),
        after=sum(unit == sample.final_unit for sample, unit in own),
        returned=sum(sample.was_returned for sample, _ in own),
    )


def _about(rules: Iterable[Rule], prefix: str) -> Iterator[Rule]:
    """Yield the rules that may decide a report of some class: of 10,000 rules few have to be compiled again."""
    for rule in rules:
        other = rule.when.class_prefix
        if other.startswith(prefix) or prefix.startswith(other):
            yield rule


def _reached(rule: Rule, samples: Sequence[Sample], jurisdictions: Mapping[str, Jurisdiction]) -> Iterable[Sample]:
    return (each for each in samples if matches(rule, each.facts, jurisdictions=jurisdictions))


def _ties(rules: RuleSet, facts: Facts, units: UnitFinder) -> bool:
    decision = _decision(rules, facts, units)
    return decision is not None and decision.is_tie


def _decision(rules: RuleSet, facts: Facts, units: UnitFinder) -> Decision | None:
    try:
        return rules.decide(facts, units=units)
    except BadRule:
        return None


def with_basis(suggestion: Suggestion, basis: str) -> Suggestion:
    """Return the proposal with other words for its basis."""
    return replace(suggestion, rule=replace(suggestion.rule, basis=basis))
