"""Squares of the map, each with the boxes that reach into it: where an index of boxes begins to look."""

import math

import numpy as np
import numpy.typing as npt

from app.city.plane import Numbers

_BUCKETS_PER_BOX = 2.0
_MOST_ENTRIES = 16
"""Per box, on average; long thin boxes that all lie across each other get larger squares instead of more entries."""


class Buckets:
    """Boxes (n, 4: west, south, east, north) by square; immutable, safe to ask from many threads.

    `west` to `north` bound all boxes. The entries of all squares lie in one array, row by row from the south-west.
    """

    __slots__ = ("_columns", "_entries", "_firsts", "_side", "east", "north", "south", "west")

    def __init__(self, boxes: Numbers) -> None:
        numbers = np.flatnonzero(np.isfinite(boxes).all(axis=1)).astype(np.int32)  # what is empty has no box
        boxes = boxes[numbers]
        self.west, self.south = boxes[:, :2].min(axis=0, initial=180.0).tolist()
        self.east, self.north = boxes[:, 2:].max(axis=0, initial=-180.0).tolist()
        wide, high = max(self.east - self.west, 0.0), max(self.north - self.south, 0.0)
        self._side = max(math.sqrt(wide * high / (_BUCKETS_PER_BOX * max(len(boxes), 1))), (wide + high) / 30_000, 1e-9)
        while _entries(self._corners(boxes)).sum() > _MOST_ENTRIES * len(boxes):
            self._side *= 2
        self._columns = int(wide / self._side) + 1
        squares, owners = self._spread(boxes)
        order = np.argsort(squares, kind="stable")  # the smaller number of a square stays first
        self._entries = numbers[owners[order]].data
        count = self._columns * (int(high / self._side) + 1)
        self._firsts = np.searchsorted(squares[order], np.arange(count + 1)).astype(np.int32).data

    def at(self, lon: float, lat: float) -> memoryview:
        """Return the numbers of the boxes that may hold a point, the smallest first."""
        if not (self.west <= lon <= self.east and self.south <= lat <= self.north):
            return self._entries[:0]
        square = int((lat - self.south) / self._side) * self._columns + int((lon - self.west) / self._side)
        return self._entries[self._firsts[square] : self._firsts[square + 1]]

    def within(self, west: float, south: float, east: float, north: float) -> npt.NDArray[np.int32]:
        """Return the numbers of the boxes that may reach into a box, each once, in order."""
        if west > self.east or east < self.west or south > self.north or north < self.south:
            return np.empty(0, dtype=np.int32)
        box = np.array([[west, south, east, north]]).clip([self.west, self.south] * 2, [self.east, self.north] * 2)
        ((left, low, right, high),) = self._corners(box).tolist()
        rows = [row * self._columns for row in range(low, high + 1)]
        parts = [self._entries[self._firsts[row + left] : self._firsts[row + right + 1]] for row in rows]
        return np.unique(np.concatenate([np.asarray(part, dtype=np.int32) for part in parts]))

    def _corners(self, boxes: Numbers) -> npt.NDArray[np.int64]:
        """Return the columns and rows of the corners; rounded down as `at` does, so that they agree on every border."""
        corners: npt.NDArray[np.int64] = np.floor((boxes - [self.west, self.south] * 2) / self._side).astype(np.int64)
        return corners

    def _spread(self, boxes: Numbers) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return the square and the position of the box of every entry."""
        corners = self._corners(boxes)
        entries = _entries(corners)
        owners = np.repeat(np.arange(len(boxes), dtype=np.int32), entries)
        local = np.arange(len(owners), dtype=np.int32) - np.repeat(
            (np.cumsum(entries) - entries).astype(np.int32), entries
        )
        wide = (corners[:, 2] - corners[:, 0] + 1).astype(np.int32)[owners]
        south_west = (corners[:, 1] * self._columns + corners[:, 0]).astype(np.int32)[owners]
        return south_west + local // wide * np.int32(self._columns) + local % wide, owners


def _entries(corners: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many squares each box reaches into."""
    spans: npt.NDArray[np.int64] = (corners[:, 2] - corners[:, 0] + 1) * (corners[:, 3] - corners[:, 1] + 1)
    return spans
