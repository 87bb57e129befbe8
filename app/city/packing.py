"""Cells packed into flat arrays: a million of them in half a gigabyte, where objects would take three times that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.plane import Numbers, Shapes

_DIGITS = 15


@dataclass(frozen=True, slots=True)
class PackedCells:
    """Cells by code, the smallest first; a shape is made when it is asked for.

    Cell `i` has `codes[i]` (ASCII), `boxes[i]` (west, south, east, north in degrees) and the WKB
    `wkb[starts[i]:ends[i]]`.
    """

    codes: npt.NDArray[np.bytes_]
    boxes: Numbers
    wkb: memoryview
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.codes)

    def code(self, index: int) -> str:
        return bytes(self.codes[index]).decode("ascii")

    def shapes(self, indices: Iterable[int]) -> Shapes:
        """Make the shapes of some cells, in the order asked for."""
        parts = [bytes(self.wkb[self.starts[index] : self.ends[index]]) for index in indices]
        made: Shapes = shapely.from_wkb(np.array(parts, dtype=object))
        return made


def pack(chunks: Iterable[Sequence[tuple[str, bytes]]]) -> PackedCells:
    """Take (code, WKB in WGS-84 degrees) in chunks; of two cells with one code the one that came first goes first."""
    codes, boxes, sizes, wkb = [], [], [], bytearray()
    for chunk in chunks:
        shapes = np.array([shape for _, shape in chunk], dtype=object)
        codes.append(np.array([code for code, _ in chunk], dtype=f"S{_DIGITS}"))
        boxes.append(shapely.bounds(shapely.from_wkb(shapes)))
        sizes.append(np.array([len(shape) for _, shape in chunk], dtype=np.int64))
        wkb += b"".join(shapes)
    every_code = np.concatenate([np.empty(0, dtype=f"S{_DIGITS}"), *codes])
    ends = np.cumsum(np.concatenate([np.empty(0, dtype=np.int64), *sizes]))
    starts = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1]])[: len(ends)]
    order = np.argsort(every_code, kind="stable")
    return PackedCells(
        codes=every_code[order],
        boxes=np.concatenate([np.empty((0, 4)), *boxes])[order],
        wkb=memoryview(wkb).toreadonly(),
        starts=starts[order],
        ends=ends[order],
    )


def pack_shapes(codes: Sequence[str], shapes: Sequence[BaseGeometry] | Shapes) -> PackedCells:
    """Pack cells whose shapes are in memory."""
    return pack([list(zip(codes, shapely.to_wkb(shapes).tolist(), strict=True))])
