"""Judge the codes and names of features against each other and against the city as it is."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.city.importing.fields import Words, is_scientific
from app.city.importing.findings import Fault, Findings
from app.city.importing.known import KnownCity, office_code
from app.city.importing.wanted import DIGITS, GridLevel, Wanted
from app.domain.cells import Level, district_of, street_of
from app.texts import text

_NAME_LONGEST = 100
_SHOWN = 8


@dataclass(slots=True)
class _Judge:
    labels: Sequence[str]
    wanted: Wanted
    known: KnownCity
    findings: Findings

    @property
    def level(self) -> GridLevel:
        return self.wanted.level

    def add(self, fault: Fault, index: int, **facts: object) -> None:
        self.findings.add(fault, index, label=self.labels[index], **facts)


def settle_words(
    words: Sequence[Words], labels: Sequence[str], *, wanted: Wanted, known: KnownCity, findings: Findings
) -> list[Words]:
    """Return the words of each feature with a code that can be used, '' where there is none.

    A street without a code gets the one of the only known street with its name, in its district if it names one.
    """
    judge = _Judge(labels, wanted, known, findings)
    for index, each in enumerate(words):
        _check_names(judge, index, each)
    settled = [_with_code(judge, index, each) for index, each in enumerate(words)]
    _refuse_twins(judge, settled)
    _check_districts(judge, settled)
    if judge.level is GridLevel.STREET:
        settled = [_with_name(judge, index, each) for index, each in enumerate(settled)]
    _compare_names(judge, settled)
    _look_for_new(judge, settled)
    _look_for_missing(judge, settled)
    return settled


def _with_code(judge: _Judge, index: int, words: Words) -> Words:
    digits = DIGITS[judge.level]
    if not words.code:
        return _with_code_by_name(judge, index, words)
    if not (words.code.isascii() and words.code.isdigit()):
        hint = text("city_import.scientific") if is_scientific(words.code) else ""
        judge.add(Fault.CODE_MALFORMED, index, given=words.code[:40], hint=hint)
    elif len(words.code) != digits:
        judge.add(Fault.CODE_LENGTH, index, given=words.code[:40], digits=digits, found=len(words.code))
    else:
        return words
    return replace(words, code="")


def _with_code_by_name(judge: _Judge, index: int, words: Words) -> Words:
    candidates = _namesakes(judge.known, words) if judge.level is GridLevel.STREET and words.name else []
    if len(candidates) == 1:
        judge.add(Fault.CODE_BY_NAME, index, given=candidates[0])
        return replace(words, code=candidates[0])
    hint = text("city_import.namesakes", codes="、".join(candidates)) if candidates else ""
    judge.add(Fault.CODE_MISSING, index, hint=hint)
    return words


def _namesakes(known: KnownCity, words: Words) -> list[str]:
    """Return the codes of the known streets of that name; in the district, where the feature names one."""
    districts = {code for code, name in known.named(Level.DISTRICT).items() if words.district in {name, ""}}
    return sorted(
        code
        for code, name in known.named(Level.STREET).items()
        if name == words.name and district_of(code) in districts and code.startswith(words.district_code)
    )


def _refuse_twins(judge: _Judge, words: Sequence[Words]) -> None:
    places: dict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(words):
        if each.code:
            places[each.code].append(index)
    for code, twins in places.items():
        if len(twins) > 1:
            others = "、".join(judge.labels[index] for index in twins[:_SHOWN])
            judge.findings.add(Fault.CODE_TWICE, *twins, given=code, count=len(twins), others=others)


def _check_districts(judge: _Judge, words: Sequence[Words]) -> None:
    """Hold each district of the file against the known ones: a typing error in a code must not found a district."""
    names = judge.known.named(Level.DISTRICT)
    codes = {name: code for code, name in names.items()}
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, each in enumerate(words):
        if each.code:
            places[district_of(each.code), each.district].append(index)
    new = {code for code, name in places if name and code not in names and name not in codes}
    for (code, name), features in places.items():
        facts = {"label": judge.labels[features[0]], "count": len(features), "given": code, "district": name}
        if name in codes and codes[name] != code:
            judge.findings.add(Fault.DISTRICT_MISMATCH, *features, expected=codes[name], **facts)
        elif code in new and name:
            judge.findings.add(Fault.DISTRICT_NEW, *features, **facts)
        elif code not in new and code not in names:
            judge.findings.add(Fault.DISTRICT_UNKNOWN, *features, known=_listed(names), **facts)


def _check_names(judge: _Judge, index: int, words: Words) -> None:
    for name in (words.name, words.district, words.street, words.community):
        if len(name) > _NAME_LONGEST or not name.isprintable():
            judge.add(Fault.NAME_BAD, index, longest=_NAME_LONGEST)


def _with_name(judge: _Judge, index: int, words: Words) -> Words:
    if words.name or not words.code:
        return words
    if words.code in judge.known.areas:
        return replace(words, name=judge.known.name_of(words.code))
    judge.add(Fault.NAME_MISSING, index)
    return words


def _compare_names(judge: _Judge, words: Sequence[Words]) -> None:
    """Tell which streets are called otherwise than before, and which share their name with another."""
    before = judge.known.named(Level.STREET)
    said = {street_of(each.code): (_street_name(judge, each), index) for index, each in enumerate(words) if each.code}
    counts = Counter((district_of(code), name) for code, (name, _) in said.items() if name)
    for code, (name, index) in said.items():
        if name and before.get(code, name) != name:
            judge.add(Fault.NAME_CHANGED, index, before=before[code], after=name)
        if counts[district_of(code), name] > 1:
            judge.add(Fault.NAME_TWICE, index)


def _street_name(judge: _Judge, words: Words) -> str:
    return words.name if judge.level is GridLevel.STREET else words.street


def _look_for_new(judge: _Judge, words: Sequence[Words]) -> None:
    """Tell the streets that are new, and refuse those where nobody would take what no rule decides."""
    before = judge.known.named(Level.STREET)
    first = {street_of(each.code): index for index, each in reversed(list(enumerate(words))) if each.code}
    for code in sorted(first.keys() - before.keys()) if before else []:
        judge.add(Fault.STREET_NEW, first[code], given=code)
    for code in sorted(filter(judge.known.lacks_office, first)):
        if office_code(code) in judge.known.unit_codes:
            judge.add(Fault.OFFICE_ENDED, first[code], given=code, unit=office_code(code))
        else:
            fault = Fault.OFFICE_ADDED if judge.wanted.add_offices else Fault.OFFICE_MISSING
            judge.add(fault, first[code], given=code)


def _look_for_missing(judge: _Judge, words: Sequence[Words]) -> None:
    """Tell what has cells today and would lose them."""
    known = judge.known
    districts, streets = {district_of(each.code) for each in words}, {street_of(each.code) for each in words}
    gone = {code: known.name_of(code) for code in sorted(known.districts_in_force - districts)}
    if gone:
        fault = Fault.DISTRICT_ENDS if judge.wanted.end_others else Fault.DISTRICT_GONE
        judge.findings.add(fault, count=len(gone), names=_listed(gone))
    rest = sorted(code for code in known.streets_in_force - streets if district_of(code) not in gone)
    if rest:
        named = {code: known.name_of(code) for code in rest}
        judge.findings.add(Fault.STREET_GONE, count=len(rest), names=_listed(named))


def _listed(names: Mapping[str, str]) -> str:
    shown = "、".join(f"{name}（{code}）" if name != code else code for code, name in list(names.items())[:_SHOWN])
    return shown + ("……" if len(names) > _SHOWN else "") if shown else "—"
