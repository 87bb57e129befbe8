"""How Chinese text is searched without an engine: pairs of neighbouring characters, and never anybody's number.

Text and query are brought to one form, numbers of people are taken out, and what is left falls apart into runs of
letters and digits. A run's bigrams say where it may be; whether it stands there is decided by looking at the text.
"""

import re
import unicodedata
from typing import Final

SHORTEST: Final = 2
"""Characters a word needs to be looked up by; Chinese has no shorter one worth a search."""

_BREAK: Final = "\n"
"""Stands where a number was and between two texts: no bigram reaches across it."""

_GAP: Final = r"[ \-‐-―·.]?"
_PERSONAL: Final = re.compile(
    # A landline with its area code.
    rf"(?<!\d)\(?0\d{{2,3}}\)?{_GAP}\d{{3,4}}{_GAP}\d{{4}}(?!\d)"
    # Eleven digits and more, written in any groups: mobile phones, identity and bank cards.
    rf"|(?<!\d)\d(?:{_GAP}\d){{10,}}x?"
)
_RUN: Final = re.compile(r"[^\W_]+")


def searchable(*texts: str) -> str:
    """Return texts in the one form that is searched: half-width, lower case, without numbers of people."""
    return _PERSONAL.sub(_BREAK, _BREAK.join(_normal(text) for text in texts))


def names_a_person(query: str) -> bool:
    """Tell whether a query holds what looks like a phone's, an identity card's or a bank card's number."""
    return _PERSONAL.search(_normal(query)) is not None


def words(query: str) -> tuple[str, ...]:
    """Return the runs of a query, in its order, each once; every one of them must stand in a text that is found."""
    return tuple(dict.fromkeys(_RUN.findall(searchable(query))))


def bigrams(text: str) -> list[str]:
    """Return the pairs of neighbours in the runs of a searchable text or word, in its order, each once."""
    pairs = (run[start : start + 2] for run in _RUN.findall(text) for start in range(len(run) - 1))
    return list(dict.fromkeys(pairs))


def contains(text: str, wanted: tuple[str, ...]) -> bool:
    """Tell whether every word stands somewhere in a searchable text."""
    return all(word in text for word in wanted)


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
