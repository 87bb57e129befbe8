"""Codes of components (部件): 17 digits, 6 for the county, 5 for the class (2 major, 3 minor), 6 in sequence.

So GB/T 47678.5 builds them; components have the majors 01 to 05, what happens in the street has others.
"""

from typing import Final

COMPONENT_DIGITS: Final = 17
MAJORS: Final = ("01", "02", "03", "04", "05")
"""公用设施, 交通设施, 市容环境, 园林绿化 and 其他部件."""

_COUNTY: Final = slice(0, 6)
_CLASS: Final = slice(6, 11)


def is_component_code(code: str) -> bool:
    """Tell whether a text is 17 ASCII digits; whether county and class exist is for the city to say."""
    return len(code) == COMPONENT_DIGITS and code.isascii() and code.isdigit()


def county_of(code: str) -> str:
    return code[_COUNTY]


def class_of(code: str) -> str:
    """Return the class of a component code: five digits, as in a code scheme."""
    return code[_CLASS]


def is_component_class(class_code: str) -> bool:
    """Tell whether a class of a scheme is one of components."""
    return class_code.startswith(MAJORS)
