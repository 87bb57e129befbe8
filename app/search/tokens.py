"""What is looked up beside words: where a report lies and whose it is or was, so that a scope is searched for, too."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.cells import district_of, street_of
from app.domain.roles import Caller, Rows
from app.reports.access import kinds_at_work
from app.reports.filters import Filters
from app.reports.roads import SCOPE, sees_all

_DISTRICT_DIGITS = 6
_STREET_DIGITS = 9
_UNIT_ROWS = {Rows.UNIT, Rows.ASSISTED}


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that everything has which is looked for; `covers` names the filters that leave out hardly more."""

    grams: list[str]
    covers: frozenset[str]


def tokens_of(*, street_code: str, units: Iterable[str]) -> set[str]:
    """Return the tokens of a report: longer than a bigram, so none is taken for one."""
    return {_area(district_of(street_code)), _area(street_code), *map(_unit, units)}


def tokens_for(filters: Filters, caller: Caller) -> Tokens:
    """Return the tokens of what the filters leave of what the caller sees.

    A unit's token stays on a report that went to another unit: tokens leave out, they do not decide.
    """
    grams = [_unit(filters.unit)] if filters.unit else []
    covers = {"unit"}
    if filters.area:
        grams += _of_area(filters.area)
        covers |= {"area"} if _is_exact(filters.area) else set()
    own, is_exact = _of_scope(caller)
    return Tokens(list(dict.fromkeys(grams + own)), frozenset(covers | {SCOPE} if is_exact else covers))


def _of_scope(caller: Caller) -> tuple[list[str], bool]:
    """Return the tokens of a caller's row scope, and whether they are all there is to it."""
    kinds = kinds_at_work(caller)
    if sees_all(caller):
        return [], True
    if kinds == {Rows.AREA}:
        return _of_area(caller.area_code), _is_exact(caller.area_code)
    if kinds == _UNIT_ROWS and caller.unit_code:
        return [_unit(caller.unit_code)], True
    return [], False


def _of_area(code: str) -> list[str]:
    """Return the token of the street or else the district that an area code lies in."""
    if len(code) >= _STREET_DIGITS:
        return [_area(street_of(code))]
    return [_area(district_of(code))] if len(code) >= _DISTRICT_DIGITS else []


def _is_exact(code: str) -> bool:
    return len(code) in {_DISTRICT_DIGITS, _STREET_DIGITS}


def _area(code: str) -> str:
    return f"area:{code}"


def _unit(code: str) -> str:
    return f"unit:{code}"
