"""Proposals as text that people take over: the words of a rule set file, with the evidence beside each rule."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from app.domain.routing.rules import Rule
from app.routing.words import RuleWords, write_limit
from app.routing.yaml_writing import write_yaml
from app.rulebook.learning.evidence import Evidence
from app.rulebook.learning.schemas import EvidenceRead, SuggestionRead
from app.rulebook.learning.suggest import Suggestion, with_basis
from app.texts import text


def words_of(rule: Rule) -> RuleWords:
    """Return the words of a rule, the opposite of `to_rule`."""
    when = asdict(rule.when)
    when["class"] = when.pop("class_prefix")
    then = asdict(rule.then) | {"limit": write_limit(rule.then.limit) if rule.then.limit else ""}
    return RuleWords.model_validate(
        {
            "key": rule.key,
            "when": when,
            "then": then,
            "basis": rule.basis,
            "powers": rule.powers,
            "valid_from": rule.valid_from,
            "valid_until": rule.valid_until,
        }
    )


def present(suggestion: Suggestion) -> SuggestionRead:
    """Return a proposal as the API shows it."""
    return SuggestionRead(
        losing=suggestion.losing,
        replaces=suggestion.replaces,
        rule=_content(suggestion),
        yaml="".join(_lines(suggestion)),
        found=_evidence(suggestion.found),
        tested=_evidence(suggestion.tested),
    )


def write_suggestions(suggestions: Iterable[Suggestion], *, rule_set: str) -> Iterator[str]:
    """Yield the lines of a file with the section `rules`, to be taken over into a draft."""
    yield _comment(text("learning.file_head", rule_set=rule_set))
    yield "rules:\n"
    for each in suggestions:
        yield from _lines(each)


def _lines(suggestion: Suggestion) -> Iterator[str]:
    """Yield what is pasted below `rules:`: the evidence as comments, then the rule."""
    kind = "replaces" if suggestion.replaces else "beside"
    yield "  " + _comment(text(f"learning.{kind}", losing=suggestion.losing))
    for part, evidence in (("found", suggestion.found), ("tested", suggestion.tested)):
        yield "  " + _comment(_sentence(part, evidence))
    _head, *block = write_yaml({"rules": [_content(suggestion)]})
    yield from block


def _comment(sentence: str) -> str:
    """Return a comment of one line, whatever a name in it holds."""
    return f"# {' '.join(sentence.split())}\n"


def _content(suggestion: Suggestion) -> dict[str, Any]:
    """Return the rule's words with a basis that says what is known and what a person has to add."""
    basis = text("learning.basis", **_figures(suggestion.tested))
    words = words_of(with_basis(suggestion, basis).rule)
    return words.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _sentence(part: str, evidence: Evidence) -> str:
    return text(f"learning.{part}", **_figures(evidence))


def _figures(evidence: Evidence) -> dict[str, object]:
    return {
        "reports": evidence.reports,
        "returned": evidence.returned,
        "before": percent(evidence.accuracy_before),
        "after": percent(evidence.accuracy_after),
        "least": percent(evidence.least_after),
    }


def percent(share: float) -> str:
    return f"{share * 100:.1f}%"


def _evidence(evidence: Evidence) -> EvidenceRead:
    return EvidenceRead(
        reports=evidence.reports,
        returned=evidence.returned,
        accuracy_before=evidence.accuracy_before,
        accuracy_after=evidence.accuracy_after,
        least_after=evidence.least_after,
    )
