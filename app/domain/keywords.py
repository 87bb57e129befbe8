"""Keyword rules: words of a report that say which class it is, before any model is asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keyword:
    """A class (and perhaps one of its conditions by name) that a text means.

    It must hold one of `any_of` (when there are any), every one of `all_of` and nothing of `none_of`.
    """

    class_code: str
    condition: str = ""
    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
