"""What an administrator says about a file of components, and its refusal as a whole."""

from dataclasses import dataclass
from typing import ClassVar

from app.city.importing.wanted import ImportRefused
from app.domain.gcj02 import Datum


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to read a file and what to make of it.

    :param datum: stated by a person; None leaves it to the file
    :param skip_bad: rows with errors are left out instead of stopping the import
    :param end_others: of the counties and classes in the file, components that it does not hold are removed
    """

    datum: Datum | None = None
    skip_bad: bool = False
    end_others: bool = False


class ComponentsRefused(ImportRefused):
    """Nothing of the file can be used; `str()` says why."""

    texts: ClassVar[str] = "component_import.refused"
