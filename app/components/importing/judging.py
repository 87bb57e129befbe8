"""Judge delivered components one by one against the city: code, position, state and the units they belong to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.city.importing.fields import is_scientific
from app.city.snapshot import CitySnapshot, OutOfArea
from app.components.importing.fields import Column, Record
from app.components.importing.findings import Fault, Findings
from app.components.models import ComponentState
from app.components.squares import square_of
from app.domain.cells import Level
from app.domain.component_codes import class_of, county_of, is_component_class, is_component_code
from app.domain.gcj02 import BadCoordinate, Datum, to_wgs84
from app.domain.plausible_place import Fit, Reading, plausible_readings
from app.texts import text

Row = dict[str, Any]
"""The columns of a component that a delivery fills."""

_LONGEST = 100
_CHAIN = (
    ("maintainer", Column.MAINTAINER, Column.MAINTAINER_CODE),
    ("owner", Column.OWNER, Column.OWNER_CODE),
    ("supervisor", Column.SUPERVISOR, Column.SUPERVISOR_CODE),
)


class _Bad(Exception):
    """The row cannot be used; the finding says why."""

    def __init__(self, fault: Fault, **facts: object) -> None:
        super().__init__(fault.value)
        self.fault, self.facts = fault, facts


@dataclass(slots=True)
class Judge:
    """Goes through the rows of one file; what it finds is in `findings`, summed up by `sum_up`.

    :param schemes: the codes of the schemes in force, the newest last
    """

    city: CitySnapshot
    datum: Datum
    is_table: bool
    schemes: tuple[str, ...]
    findings: Findings = field(default_factory=Findings)
    codes: dict[str, int] = field(default_factory=dict)
    """The row of each code that is well formed, of faulty rows too: their components are not missing."""
    _classes: Mapping[str, tuple[str, str]] = field(init=False)
    _units: Mapping[str, str | None] = field(init=False)
    _states: Mapping[str, ComponentState] = field(init=False)
    _unknown_classes: Counter[str] = field(default_factory=Counter)
    _unknown_units: Counter[str] = field(default_factory=Counter)
    _ambiguous_units: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        by_scheme = {scheme: number for number, scheme in enumerate(self.schemes)}
        known = [each for each in self.city.classes if each.scheme in by_scheme]
        known.sort(key=lambda each: by_scheme[each.scheme])  # the newest scheme goes in last and stays
        self._classes = {each.code: (each.scheme, each.name) for each in known}
        self._units = _units_by_word(self.city)
        names = {text(f"component.state.{state.value}"): state for state in ComponentState}
        self._states = names | {state.value: state for state in ComponentState}

    def row_of(self, record: Record) -> Row | None:
        """Return the row of a component, or None if it has an error."""
        label = self._label(record)
        try:
            return self._judged(record, label)
        except _Bad as bad:
            self.findings.add(bad.fault, label=label, **bad.facts)
            return None

    def sum_up(self) -> None:
        """Add what is only worth one sentence for many rows."""
        for code, count in self._unknown_classes.most_common():
            self.findings.add(Fault.CLASS_UNKNOWN, given=code, count=count)
        for fault, names in (
            (Fault.UNIT_AMBIGUOUS, self._ambiguous_units),
            (Fault.UNIT_UNKNOWN, self._unknown_units),
        ):
            for name, count in names.most_common():
                self.findings.add(fault, name=name, count=count)

    def _judged(self, record: Record, label: str) -> Row:
        code = self._code(record)
        lon, lat = self._position(record, label, county=county_of(code))
        class_code = class_of(code)
        scheme, class_name = self._classes.get(class_code, ("", ""))
        row: Row = {
            "code": code,
            "scheme": scheme or (self.schemes[-1] if self.schemes else ""),
            "class_code": class_code,
            "name": _short(record[Column.NAME]) or class_name or text("component_import.nameless"),
            "lon": lon,
            "lat": lat,
            "bucket": square_of(lon, lat),
            "state": self._state(record, label),
            "is_removed": False,
        }
        for part, name, unit_code in _CHAIN:
            row |= self._unit(part, _short(record[name]), _short(record[unit_code]))
        if not scheme:
            self._unknown_classes[class_code] += 1
        return row

    def _code(self, record: Record) -> str:
        code = record[Column.CODE]
        if not code:
            raise _Bad(Fault.CODE_MISSING)
        if not is_component_code(code):
            hint = text("component_import.scientific") if is_scientific(code) else ""
            raise _Bad(Fault.CODE_MALFORMED, given=code[:40], hint=hint)
        first = self.codes.setdefault(code, record.number)
        if first != record.number:
            raise _Bad(Fault.CODE_TWICE, given=code, first=first)
        area = self.city.areas.get(county_of(code))
        if area is None or area.level is not Level.DISTRICT:
            raise _Bad(Fault.COUNTY_UNKNOWN, given=county_of(code))
        if not is_component_class(class_of(code)):
            raise _Bad(Fault.MAJOR_UNKNOWN, given=class_of(code)[:2])
        return code

    def _position(self, record: Record, label: str, *, county: str) -> tuple[float, float]:
        try:
            sent = float(record[Column.LON]), float(record[Column.LAT])
        except ValueError:
            given = f"{record[Column.LON]}, {record[Column.LAT]}"[:40]
            raise _Bad(Fault.POSITION_BROKEN, given=given) from None
        try:
            lon, lat = to_wgs84(*sent, self.datum)
            place = self.city.locate(lon, lat)
        except (BadCoordinate, OutOfArea):
            raise self._outside(*sent) from None
        if not place.is_certain:
            self.findings.add(Fault.OUTSIDE_CELLS, label=label, metres=round(place.offset_m))
        elif place.district_code != county:
            self.findings.add(Fault.COUNTY_ELSEWHERE, label=label, county=place.district_name)
        return lon, lat

    def _outside(self, lon: float, lat: float) -> _Bad:
        readings = plausible_readings(lon, lat, self.datum, fit=self._fit)
        facts = {"lon": f"{lon:.10g}", "lat": f"{lat:.10g}"}
        if Reading.SWAPPED in readings:
            return _Bad(Fault.AXES_SWAPPED, **facts)
        datums = [text(f"datum.{each.value}") for each in readings]
        hint = text("component_import.other_datum", datum=datums[0]) if datums else ""
        return _Bad(Fault.OUTSIDE, hint=hint, **facts)

    def _fit(self, lon: float, lat: float) -> Fit:
        try:
            return Fit.INSIDE if self.city.locate(lon, lat).is_certain else Fit.NEAR
        except OutOfArea:
            return Fit.OUTSIDE

    def _state(self, record: Record, label: str) -> ComponentState:
        said = record[Column.STATE]
        if not said:
            self.findings.add(Fault.STATE_MISSING, label=label)
            return ComponentState.INTACT
        state = self._states.get(said.lower())
        if state is None:
            states = "、".join(text(f"component.state.{each.value}") for each in ComponentState)
            raise _Bad(Fault.STATE_UNKNOWN, given=said[:40], states=states)
        return state

    def _unit(self, part: str, name: str, code: str) -> Row:
        """Return name and unit of a part of the owner chain: by the code if the city has it, else by the name."""
        unit = code if code in self.city.units else self._units.get(name)
        if name and unit is None:
            (self._ambiguous_units if name in self._units else self._unknown_units)[name] += 1
        named = name or (self.city.units[unit].name if unit is not None else "")
        return {f"{part}_name": named, f"{part}_unit": unit}

    def _label(self, record: Record) -> str:
        key = "component_import.label_row" if self.is_table else "component_import.label_feature"
        code = record[Column.CODE][:40]
        return text(key, number=record.number, said=f"（{code}）" if code else "")


def _units_by_word(city: CitySnapshot) -> dict[str, str | None]:
    """Return the active units by code and by name, None where several have the name."""
    words: dict[str, str | None] = {}
    for unit in city.units.values():
        if unit.is_active:
            words[unit.name] = None if unit.name in words else unit.code
    return words | {unit.code: unit.code for unit in city.units.values()}


def _short(words: str) -> str:
    if len(words) > _LONGEST or not words.isprintable():
        raise _Bad(Fault.NAME_BAD, longest=_LONGEST)
    return words
