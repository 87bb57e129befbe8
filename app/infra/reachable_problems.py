"""Which problems an endpoint can answer with: found by following what its code names, not by a list kept by hand."""

import sys
import typing
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Protocol

from app.domain.errors import DomainError

_CALLED_UNNAMED = frozenset({"__init__", "__post_init__", "__call__", "__enter__", "__exit__"})

_OPENED: tuple[tuple[Any, Callable[[Any], Iterable[object]]], ...] = (
    ((list, tuple, set, frozenset), tuple),
    (dict, lambda mapping: mapping.values()),
    ((staticmethod, classmethod, MethodType), lambda method: (method.__func__,)),
    (property, lambda attribute: (attribute.fget,)),
    (partial, lambda call: (call.func,)),
)
"""What stands for other things, and how to get at those."""


def reachable_problems(
    calls: Iterable[Callable[..., Any]], *, outside: Collection[str] = ()
) -> frozenset[type[DomainError]]:
    """Return the errors that code reachable from `calls` names: a superset of what it can raise.

    A method counts as reachable when its class is named, or annotates a parameter, and some reachable function names an
    attribute like it.

    :param outside: qualified names, of modules, classes or functions, that are not followed
    """
    search = _Search(frozenset(outside))
    for call in calls:
        search.meet(_ours(call))
    return search.finish()


class _Search:
    def __init__(self, outside: frozenset[str]) -> None:
        self._outside = outside
        self._errors: set[type[DomainError]] = set()
        self._attributes: set[str] = set(_CALLED_UNNAMED)
        self._classes: set[type] = set()
        self._functions: set[FunctionType] = set()
        self._waiting: deque[FunctionType] = deque()

    def finish(self) -> frozenset[type[DomainError]]:
        """Follow functions and methods until nothing new is met."""
        while True:
            while self._waiting:
                function = self._waiting.popleft()
                self._attributes |= _names(function)
                self.meet(_named_by(function))
            for kind in tuple(self._classes):
                for name in vars(kind).keys() & self._attributes:
                    self.meet(_member(kind, name))
            if not self._waiting:
                return frozenset(self._errors)

    def meet(self, parts: Iterable[type | FunctionType]) -> None:
        for found in parts:
            if self._is_outside(found):
                continue
            if isinstance(found, FunctionType):
                self._meet_function(found)
            else:
                self._meet_class(found)

    def _is_outside(self, found: type | FunctionType) -> bool:
        return not self._outside.isdisjoint((found.__module__, f"{found.__module__}.{found.__qualname__}"))

    def _meet_function(self, function: FunctionType) -> None:
        if function not in self._functions:
            self._functions.add(function)
            self._waiting.append(function)

    def _meet_class(self, kind: type) -> None:
        if issubclass(kind, DomainError):
            self._errors.add(kind)
        elif kind not in self._classes:
            self._classes.add(kind)
            self.meet(_ours((*kind.__mro__[1:], *_implementations(kind))))


def _ours(thing: object) -> tuple[type | FunctionType, ...]:
    """Return the functions and classes of the application that something stands for."""
    return tuple({part: None for part in _parts(thing) if str(getattr(part, "__module__", "")).startswith("app.")})


def _parts(thing: object) -> Iterator[Any]:
    """Yield the functions and classes in something, wherever they are defined."""
    inside = next((open_it(thing) for kinds, open_it in _OPENED if isinstance(thing, kinds)), typing.get_args(thing))
    if inside:
        for each in inside:
            yield from _parts(each)
    elif callable(thing) and hasattr(thing, "__wrapped__"):
        yield from _parts(thing.__wrapped__)
    else:
        yield thing if isinstance(thing, type | FunctionType) else type(thing)


def _implementations(kind: type) -> list[type]:
    """Return the classes beside a protocol that have its methods."""
    if not getattr(kind, "_is_protocol", False) or kind is Protocol:
        return []
    wanted = {name for name in vars(kind) if not name.startswith("_")}
    beside = vars(sys.modules[kind.__module__]).values()
    return [each for each in beside if isinstance(each, type) and wanted <= vars(each).keys()]


@cache
def _names(function: FunctionType) -> frozenset[str]:
    return frozenset(name for code in _codes(function.__code__) for name in code.co_names)


@cache
def _named_by(function: FunctionType) -> tuple[type | FunctionType, ...]:
    """Return what a function names: globals of its module, members of modules among them, annotations, its closure."""
    names, known = _names(function), function.__globals__
    named = [known[name] for name in names if name in known]
    members = [
        getattr(module, name)
        for module in named
        if isinstance(module, ModuleType)
        for name in names & vars(module).keys()
    ]
    return _ours((*named, *members, *function.__annotations__.values(), *_closure(function)))


@cache
def _member(kind: type, name: str) -> tuple[type | FunctionType, ...]:
    return _ours(vars(kind)[name])


def _closure(function: FunctionType) -> list[Any]:
    return [cell.cell_contents for cell in function.__closure__ or ()]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
