"""Which of very many boxes touch a box, without looking at each of them."""

from collections.abc import Sequence

from app.domain.routing.boxes import Box, bits_of, mask_of

_NARROW = 64
"""Values; a mask of no more is kept by value, a wider one is looked at whole."""

_MOST_KNOWN = 4096
"""Answers remembered for each dimension; each may take kilobytes."""


class Overlaps:
    """An index over boxes by number. An answer is a mask again: bit n stands for the n-th box."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self.everything = (1 << len(boxes)) - 1
        by_mask: dict[int, dict[int, list[int]]] = {}
        for number, box in enumerate(boxes):
            for dimension, mask in box.items():
                by_mask.setdefault(dimension, {}).setdefault(mask, []).append(number)
        self._dimensions = {dimension: _Dimension(masks, self.everything) for dimension, masks in by_mask.items()}

    def touching(self, box: Box) -> int:
        """Return which boxes share something with a box."""
        found = self.everything
        for dimension, mask in box.items():
            index = self._dimensions.get(dimension)
            if index is not None:
                found &= index.touching(mask)
        return found


class _Dimension:
    def __init__(self, numbers_by_mask: dict[int, list[int]], everything: int) -> None:
        self._wide: list[tuple[int, int]] = []
        self._narrow: dict[int, int] = {}
        self._known: dict[int, int] = {}
        self._free = everything
        for mask, numbers in numbers_by_mask.items():
            boxes = mask_of(numbers)
            self._free &= ~boxes
            if mask.bit_count() > _NARROW:
                self._wide.append((mask, boxes))
                continue
            for bit in bits_of(mask):
                self._narrow[bit] = self._narrow.get(bit, 0) | boxes

    def touching(self, mask: int) -> int:
        known = self._known.get(mask)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[mask] = self._look(mask)
        return known

    def _look(self, mask: int) -> int:
        found = self._free
        for wide, boxes in self._wide:
            if wide & mask:
                found |= boxes
        for bit in bits_of(mask):
            found |= self._narrow.get(bit, 0)
        return found
