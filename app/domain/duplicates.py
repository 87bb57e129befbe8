"""Which open reports are probably the same problem as another one: near it in place and time, or with one picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from app.domain.picture_hash import HASH_BITS, dhash_distance

SHOWN = 10
"""The most that are shown: whoever sees ten need not see more."""

LEAST_BITS = 10
"""How many of the 64 bits must be set, and how many not, before a hash says anything about its picture.

A wall, a night sky or a picture of one colour has hardly any; ordinary photos have 20 to 45.
"""


class Why(str, Enum):
    """What speaks for one problem; the picture is the stronger evidence."""

    SAME_PHOTO = "same_photo"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far reports of one category may lie apart and still be one problem; each category has its own.

    Near are those within `radius_m` and `window`; either being nothing switches that off. Photos are compared within
    `photo_radius_m` and `photo_window` and are near-identical with at most `photo_bits` of 64 bits apart; fewer than
    no bits switches that off.
    """

    radius_m: int
    window: timedelta
    photo_radius_m: int
    photo_window: timedelta
    photo_bits: int

    @property
    def looks_near(self) -> bool:
        return self.radius_m > 0 and self.window > timedelta(0)

    @property
    def compares_photos(self) -> bool:
        return self.photo_bits >= 0 and self.photo_radius_m > 0 and self.photo_window > timedelta(0)

    @property
    def circles(self) -> list[tuple[int, timedelta]]:
        """Return (metres, time) within which there may be a duplicate: none, one or both of the two ways."""
        near = [(self.radius_m, self.window)] if self.looks_near else []
        return near + ([(self.photo_radius_m, self.photo_window)] if self.compares_photos else [])

    @property
    def furthest_m(self) -> int:
        return max((radius_m for radius_m, _ in self.circles), default=0)

    def without_photos(self) -> "Reach":
        """Return the same reach for somebody who has no photo yet."""
        return Reach(self.radius_m, self.window, 0, timedelta(0), -1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open report of the same category: metres and time away (never negative), and the hashes of its photos."""

    report_id: int
    distance_m: float
    apart: timedelta
    hashes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A report that is probably the same problem; `photo_bits`: how far the likest of their pictures are apart."""

    report_id: int
    why: Why
    distance_m: float
    photo_bits: int | None


def is_telling(dhash: str) -> bool:
    """Tell whether a hash of 16 hexadecimal digits says anything: a flat picture's is like any other flat one's."""
    return LEAST_BITS <= int(dhash, 16).bit_count() <= HASH_BITS - LEAST_BITS


def probable_duplicates(
    candidates: Iterable[Candidate], *, hashes: Iterable[str], reach: Reach, most: int = SHOWN
) -> list[Duplicate]:
    """Return what is probably the same problem: one picture before mere nearness, then the nearest, then the latest.

    :param hashes: those of the photos that came with the report in question
    """
    own = [each for each in hashes if is_telling(each)]
    found = [
        (duplicate, each.apart) for each in candidates if (duplicate := _judged(each, own=own, reach=reach)) is not None
    ]
    found.sort(key=lambda pair: (pair[0].why is not Why.SAME_PHOTO, pair[0].distance_m, pair[1], pair[0].report_id))
    return [duplicate for duplicate, _ in found[:most]]


def _judged(candidate: Candidate, *, own: Sequence[str], reach: Reach) -> Duplicate | None:
    bits = _bits_apart(own, candidate.hashes) if _may_share_photo(candidate, reach) else None
    if bits is not None and bits <= reach.photo_bits:
        return Duplicate(candidate.report_id, Why.SAME_PHOTO, candidate.distance_m, bits)
    if _is_near(candidate, reach):
        return Duplicate(candidate.report_id, Why.NEAR, candidate.distance_m, bits)
    return None


def _is_near(candidate: Candidate, reach: Reach) -> bool:
    return reach.looks_near and candidate.distance_m <= reach.radius_m and candidate.apart <= reach.window


def _may_share_photo(candidate: Candidate, reach: Reach) -> bool:
    is_within = candidate.distance_m <= reach.photo_radius_m and candidate.apart <= reach.photo_window
    return reach.compares_photos and is_within


def _bits_apart(own: Iterable[str], others: Iterable[str]) -> int | None:
    """Return the least difference of any two pictures, None when there are none to compare."""
    telling = [each for each in others if is_telling(each)]
    return min((dhash_distance(one, other) for one in own for other in telling), default=None)
