"""Boxes: sets of reports as one mask per independent dimension, and whether some of them cover another, exactly."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Box = Mapping[int, int]
"""Dimension to the mask of its values, never empty; a dimension that is not there is not restricted."""


_LOOKS_A_QUESTION = 10


class TooIntricate(Exception):
    """The proof would take longer than anybody waits for."""


class Effort:
    """How many looks at a cover a step of the check may take: for one question, and in all. A look takes about 1 us."""

    def __init__(self, *, in_all: int, for_one: int = 1_000_000) -> None:
        self._for_one = for_one
        self._for_this = for_one
        self._in_all = in_all

    def ask(self) -> None:
        """Begin another question, which takes some looks by itself."""
        self._for_this = self._for_one
        self._in_all -= _LOOKS_A_QUESTION

    @property
    def is_spent(self) -> bool:
        return self._in_all < 0

    def spend(self, looks: int) -> None:
        """Count looks.

        :raises TooIntricate: there are none left
        """
        self._for_this -= looks
        self._in_all -= looks
        if self._for_this < 0 or self.is_spent:
            raise TooIntricate


@dataclass(frozen=True, slots=True)
class Cover:
    """A box that belongs to somebody; `owner` is a number."""

    owner: int
    box: Box


def meet(one: Box, other: Box) -> Box | None:
    """Return what two boxes share, None if nothing."""
    shared = dict(one)
    for dimension, mask in other.items():
        both = shared.get(dimension, mask) & mask
        if not both:
            return None
        shared[dimension] = both
    return shared


def bits_of(mask: int) -> Iterator[int]:
    """Give the numbers of the bits that are set, ascending."""
    text = bin(mask)[:1:-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)


def mask_of(numbers: Sequence[int]) -> int:
    """Return the mask with these ascending bits set; by way of bytes, since a bit at a time is slow among very many."""
    octets = bytearray(numbers[-1] // 8 + 1)
    for number in numbers:
        octets[number // 8] |= 1 << number % 8
    return int.from_bytes(octets, "little")


def uncovered(
    box: Box, covers: Sequence[Cover], *, full: Sequence[int], effort: Effort, used: set[int] | None = None
) -> Box | None:
    """Return a part of a box that no cover touches, None if they cover all of it.

    :param full: the mask of all values of each dimension
    :param used: takes the owners of covers that the proof rested on
    :raises TooIntricate: the effort is spent
    """
    left, several = _without_slices(box, covers, full=full, effort=effort, used=used)
    if left is None or not several:
        return left
    dimension = _dividing(several, left)
    for group, touching in _divided(left.get(dimension, full[dimension]), several, dimension, effort=effort):
        found = uncovered({**left, dimension: group}, touching, full=full, effort=effort, used=used)
        if found is not None:
            return found
    return None


def _without_slices(
    box: Box, covers: Sequence[Cover], *, full: Sequence[int], effort: Effort, used: set[int] | None
) -> tuple[Box | None, Sequence[Cover]]:
    """Take away every cover that cuts the box along one dimension only: what is left of it is a box again.

    Return it (None if nothing is left) and the covers that cut it along several.
    """
    while True:
        effort.spend(len(covers) + 1)
        slices: dict[int, int] = {}
        slicing: list[int] = []
        several: list[Cover] = []
        for cover in covers:
            cuts = _cuts(box, cover.box, full)
            if cuts is None:
                continue
            if not cuts:
                _note(used, [cover.owner])
                return None, ()
            if len(cuts) > 1:
                several.append(cover)
                continue
            slices[cuts[0]] = slices.get(cuts[0], 0) | cover.box[cuts[0]]
            slicing.append(cover.owner)
        if not slices:
            return box, several
        _note(used, slicing)
        rest = {dimension: box.get(dimension, full[dimension]) & ~mask for dimension, mask in slices.items()}
        if not all(rest.values()):
            return None, ()
        box, covers = {**box, **rest}, several


def _cuts(box: Box, cover: Box, full: Sequence[int]) -> list[int] | None:
    """Return the dimensions in which a cover leaves something of a box, None if it does not touch it."""
    cuts = []
    for dimension, mask in cover.items():
        mine = box.get(dimension)
        if mine is None:
            mine = full[dimension]
        shared = mine & mask
        if not shared:
            return None
        if shared != mine:
            cuts.append(dimension)
    return cuts


def _note(used: set[int] | None, owners: Iterable[int]) -> None:
    if used is not None:
        used.update(owners)


def _dividing(covers: Sequence[Cover], box: Box) -> int:
    """Return the dimension that most covers restrict within the box; of several the one with the fewest masks."""
    count: dict[int, int] = {}
    masks: dict[int, set[int]] = {}
    for cover in covers:
        for dimension, mask in cover.box.items():
            mine = box.get(dimension)
            if mine is None or mine & ~mask:
                count[dimension] = count.get(dimension, 0) + 1
                masks.setdefault(dimension, set()).add(mask)
    return min(count, key=lambda dimension: (-count[dimension], len(masks[dimension]), dimension))


def _divided(mask: int, covers: Sequence[Cover], dimension: int, *, effort: Effort) -> list[tuple[int, list[Cover]]]:
    """Divide a mask into groups that every cover holds wholly or not at all, those with the fewest covers first."""
    by_mask: dict[int | None, list[Cover]] = {}
    for cover in covers:
        by_mask.setdefault(cover.box.get(dimension), []).append(cover)
    anywhere = by_mask.pop(None, [])
    groups: list[tuple[int, list[Cover]]] = [(mask, anywhere)]
    for cut, cutting in by_mask.items():
        effort.spend(len(groups))
        refined: list[tuple[int, list[Cover]]] = []
        for group, touching in groups:
            inside, outside = group & (cut or 0), group & ~(cut or 0)
            refined += [(inside, touching + cutting)] if inside else []
            refined += [(outside, touching)] if outside else []
        groups = refined
    return sorted(groups, key=lambda group: len(group[1]))
