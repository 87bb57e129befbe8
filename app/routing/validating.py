"""Hold a rule set to the city: every name exists, every shape lies there, its units fit in, nothing is there twice."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from app.city.models import UnitLevel
from app.city.snapshot import CitySnapshot
from app.domain.routing.rules import FALLBACK_RULE
from app.routing.file_format import RuleFile, read_rule_file
from app.routing.findings import Findings
from app.routing.known import CHANNELS, Known
from app.routing.shapes import settle_shapes
from app.routing.words import JurisdictionWords, KeywordWords, QuestionWords, RuleSetWords, RuleWords, UnitWords

_DIGITS_OF_LEVEL = {
    UnitLevel.MUNICIPAL: frozenset({0, 4}),
    UnitLevel.DISTRICT: frozenset({6}),
    UnitLevel.STREET: frozenset({9, 12}),
    UnitLevel.ENTERPRISE: frozenset({0, 4, 6, 9, 12}),
}
"""As the table of units demands (`city.models.Unit`)."""


def validate(file: RuleFile, *, city: CitySnapshot, findings: Findings) -> RuleSetWords:
    """Return the words as they are stored, shapes in WGS-84; everything that is wrong is added to the findings."""
    Validator(file, Known(city, file.words), findings).validate()
    return settle_shapes(file, cells=city.cells, findings=findings)


def understand(data: bytes, *, city: CitySnapshot) -> RuleSetWords:
    """Return what a file says, as it is stored.

    :raises RuleFileRefused: with everything that is wrong, its lines and reasons
    """
    file, findings = read_rule_file(data), Findings()
    words = validate(file, city=city, findings=findings)
    findings.refuse()
    return words


class Validator:
    """Looks at one section after the other."""

    def __init__(self, file: RuleFile, known: Known, findings: Findings) -> None:
        self._file = file
        self._known = known
        self._findings = findings

    def validate(self) -> None:
        words = self._file.words
        self._refuse_twins("rules", "key", [each.key for each in words.rules])
        for section in ("areas", "jurisdictions", "units"):
            self._refuse_twins(section, "code", [each.code for each in getattr(words, section)])
        for n, question in enumerate(words.questions):
            self._question(n, question)
        self._refuse_questions_asked_twice(words.questions)
        for n, jurisdiction in enumerate(words.jurisdictions):
            self._powers(n, jurisdiction)
        for n, unit in enumerate(words.units):
            self._unit(n, unit)
        self._refuse_cycles(words.units)
        for n, keyword in enumerate(words.keywords):
            self._keyword(n, keyword)
        for n, rule in enumerate(words.rules):
            self._when(n, rule)
            self._then(n, rule)

    def _add(self, path: Sequence[str | int], item: str, fault: str, **facts: object) -> None:
        self._findings.add(self._file.where(path), item, ".".join(map(str, path[2:])), fault, **facts)

    def _know(self, is_known: bool, path: Sequence[str | int], item: str, what: str, value: str) -> None:  # noqa: FBT001 - what is asked
        if not is_known:
            self._add(path, item, f"{what}_unknown", value=value)

    def _refuse_twins(self, section: str, name: str, codes: Sequence[str]) -> None:
        first: dict[str, int] = {}
        for n, code in enumerate(codes):
            if code in first:
                before = self._file.where((section, first[code], name))
                self._add((section, n, name), code, "twice", value=code, before=str(before) or code)
            first.setdefault(code, n)
            if section == "rules" and code == FALLBACK_RULE:
                self._add((section, n, name), code, "key_reserved", value=code)

    def _question(self, n: int, question: QuestionWords) -> None:
        for i, category in enumerate(question.categories):
            path = ("questions", n, "categories", i)
            self._know(category in self._known.categories, path, question.code, "category", category)
        for code in _twins(choice.code for choice in question.choices):
            self._add(("questions", n, "choices"), question.code, "choice_twice", value=code)

    def _refuse_questions_asked_twice(self, questions: Iterable[QuestionWords]) -> None:
        """Two questions may share a code when they are asked for different categories."""
        asked: set[tuple[str, str]] = set()
        for n, question in enumerate(questions):
            for category in dict.fromkeys(question.categories):
                if (question.code, category) in asked:
                    self._add(("questions", n), question.code, "asked_twice", value=category)
                asked.add((question.code, category))

    def _powers(self, n: int, jurisdiction: JurisdictionWords) -> None:
        for name in ("holds", "withheld"):
            for code in getattr(jurisdiction, name):
                is_known = ("", code) in self._known.prefixes
                self._know(is_known, ("jurisdictions", n, name), jurisdiction.code, "class", code)

    def _keyword(self, n: int, keyword: KeywordWords) -> None:
        path, code = ("keywords", n), keyword.class_code
        self._know(("", code) in self._known.prefixes, (*path, "class"), code, "class", code)
        if keyword.condition:
            is_known = self._known.has_condition(keyword.condition, scheme="", prefix=code)
            self._know(is_known, (*path, "condition"), code, "condition", keyword.condition)

    def _unit(self, n: int, unit: UnitWords) -> None:
        path = ("units", n)
        if len(unit.area) not in _DIGITS_OF_LEVEL[unit.level]:
            self._add((*path, "area"), unit.code, "unit_level", level=unit.level.value, area=unit.area or "—")
        else:
            self._know(self._known.has_area_for_units(unit.area), (*path, "area"), unit.code, "area", unit.area)
        if unit.parent:
            is_known = unit.parent in self._known.units or unit.parent in self._known.new_units
            self._know(is_known, (*path, "parent"), unit.code, "unit", unit.parent)
        there = self._known.units.get(unit.code)
        if there is None:
            return
        mine = (unit.name, unit.kind, unit.level, unit.area, unit.parent)
        if mine != (there.name, there.kind, there.level, there.area_code, there.parent_code or ""):
            self._add((*path, "code"), unit.code, "unit_other", value=unit.code, name=there.name)

    def _refuse_cycles(self, units: Sequence[UnitWords]) -> None:
        parents = {unit.code: unit.parent_code or "" for unit in self._known.units.values()}
        parents |= {unit.code: unit.parent for unit in units}
        told: set[str] = set()
        for n, unit in enumerate(units):
            cycle = _cycle_through(unit.code, parents)
            if cycle and not told.intersection(cycle):
                told.update(cycle)
                self._add(("units", n, "parent"), unit.code, "unit_cycle", cycle=" → ".join(cycle[:20]))

    def _when(self, n: int, rule: RuleWords) -> None:
        when, known = rule.when, self._known
        path = ("rules", n, "when")
        checks = {
            "scheme": not when.scheme or when.scheme in known.schemes,
            "class": (when.scheme, when.class_prefix) in known.prefixes or when.scheme not in {"", *known.schemes},
            "area": known.has_area(when.area),
            "polygon": not when.polygon or when.polygon in known.polygons,
            "jurisdiction": not when.jurisdiction or when.jurisdiction in known.jurisdictions,
            "place_type": not when.place_type or when.place_type in known.place_types,
        }
        for name, is_known in checks.items():
            if not is_known:
                value = when.class_prefix if name == "class" else getattr(when, name)
                self._add((*path, name), rule.key, f"{name}_unknown", value=value)
        if when.condition and checks["class"]:
            is_known = known.has_condition(when.condition, scheme=when.scheme, prefix=when.class_prefix)
            self._know(is_known, (*path, "condition"), rule.key, "condition", when.condition)
        for channel in sorted(when.channels - CHANNELS):
            self._add(
                (*path, "channels"), rule.key, "channel_unknown", value=channel, known="、".join(sorted(CHANNELS))
            )
        self._answers(path, rule)

    def _answers(self, path: tuple[str | int, ...], rule: RuleWords) -> None:
        for question, answer in rule.when.facts.items():
            choices = self._known.answers.get(question)
            if choices is None:
                self._add((*path, "facts", question), rule.key, "question_unknown", value=question)
            elif answer not in choices:
                known = "、".join(sorted(choices))
                self._add((*path, "facts", question), rule.key, "answer_unknown", value=answer, known=known)

    def _then(self, n: int, rule: RuleWords) -> None:
        then, path = rule.then, ("rules", n, "then")
        if then.unit:
            self._unit_at_work(then.unit, (*path, "unit"), rule.key)
        for i, code in enumerate(then.assisting):
            self._unit_at_work(code, (*path, "assisting", i), rule.key)
        if then.role:
            self._know(then.role in self._known.roles, (*path, "role"), rule.key, "role", then.role)
        for i, kind in enumerate(then.assisting_roles):
            self._know(kind in self._known.roles, (*path, "assisting_roles", i), rule.key, "role", kind)

    def _unit_at_work(self, code: str, path: Sequence[str | int], item: str) -> None:
        unit = self._known.units.get(code)
        if code in self._known.new_units or (unit is not None and unit.is_active):
            return
        self._add(path, item, "unit_unknown" if unit is None else "unit_ended", value=code)


def _twins(codes: Iterable[str]) -> list[str]:
    return [code for code, count in Counter(codes).items() if count > 1]


def _cycle_through(code: str, parents: Mapping[str, str]) -> list[str]:
    """Return the way from a unit up to itself, [] if there is none."""
    way = [code]
    seen = {code}
    while (above := parents.get(way[-1], "")) and above not in seen:
        way.append(above)
        seen.add(above)
    return [*way, code] if above == code else []
