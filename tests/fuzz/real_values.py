"""Puts what really exists into a made-up request: left alone, it would hardly get past the first 404."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation

from tests.builders_city import IN_LICUN
from tests.fuzz.playground import Playground
from tests.media.pictures import a_jpeg

_OFTEN = 8
"""Out of ten times."""

_POINT = {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": "wgs84"}
_widths = count(64)


def put_real_values(case: Case[Any], data: st.DataObject, playground: Playground, *, role: str) -> None:
    """Change the parts of a case that are as they should be; a part that is wrong on purpose stays so."""
    known = playground.known | {"photo_ids": playground.spare_photos.get(role, [])}
    action = case.path.removeprefix("/api/v1/reports/{number}/")
    if action != case.path:
        known["number"] = playground.numbers_open_to(role, action) or known["number"]
    real = _Draw(data, known)
    if _may_change(case, ParameterLocation.PATH):
        case.path_parameters = real.members(case.path_parameters)
    if _may_change(case, ParameterLocation.QUERY):
        case.query = real.members(case.query)
        if real.is_wanted():
            case.query.pop("cursor", None)  # as If-Match: only the service can make one up
        if case.path.startswith("/media/") and _may_change(case, ParameterLocation.PATH):
            link = dict(data.draw(st.sampled_from(playground.links)))
            case.path_parameters = {name: link.pop(name) for name in ("photo_id", "size")}
            case.query = dict(link)
    if _may_change(case, ParameterLocation.HEADER) and real.is_wanted():
        case.headers.pop("If-Match", None)  # a version made up is never the right one
    if _may_change(case, ParameterLocation.BODY) and isinstance(case.body, Mapping):
        case.body = real.members(case.body)


def _may_change(case: Case[Any], location: ParameterLocation) -> bool:
    if case.meta is None:
        return True
    part = case.meta.components.get(location)
    return part is None or part.mode is GenerationMode.POSITIVE


class _Draw:
    def __init__(self, data: st.DataObject, known: Mapping[str, list[Any]]) -> None:
        self._data = data
        self._known = known

    def is_wanted(self) -> bool:
        return self._data.draw(st.integers(1, 10)) <= _OFTEN

    def members(self, made_up: Mapping[str, Any]) -> dict[str, Any]:
        is_point = {"lon", "lat", "datum"} <= made_up.keys() and self.is_wanted()
        return {name: self._value(name, value) for name, value in made_up.items()} | (_POINT if is_point else {})

    def _value(self, name: str, made_up: Any) -> Any:
        if isinstance(made_up, NotSet) or not self.is_wanted():
            return made_up
        if name == "file":
            return a_jpeg(next(_widths), 48)
        if isinstance(made_up, Mapping) and name not in self._known:
            return self.members(made_up)
        if isinstance(made_up, list):
            return self._list(name, made_up)
        values = self._known.get(name) or self._known.get(f"{name}_id")
        return self._data.draw(st.sampled_from(values)) if values else made_up

    def _list(self, name: str, made_up: list[Any]) -> list[Any]:
        values = self._known.get(name) or self._known.get(name.removesuffix("s"))
        if values:
            return self._data.draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))
        return [self.members(each) if isinstance(each, Mapping) else each for each in made_up]
