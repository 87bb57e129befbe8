"""Sets of reports in few bytes: a block is 4,096 consecutive ids, a set the positions of its members in the block."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK = 4096
"""Reports to a block; changing it means reading every report again."""

_BITMAP_BYTES = BLOCK // 8
_FEWER_THAN = _BITMAP_BYTES // 2
"""From this many members on a bitmap is as short as the list; a list is always shorter than a bitmap."""

Members = NDArray[np.bool_]
"""One truth for each position of a block."""


def place_of(report_id: int) -> tuple[int, int]:
    """Return the block of a report and its position there."""
    return divmod(report_id, BLOCK)


def pack(members: Members) -> bytes:
    """Return the bytes of a set: positions as little-endian 16-bit numbers, or a bitmap where that is no longer."""
    positions = np.flatnonzero(members)
    if len(positions) < _FEWER_THAN:
        return positions.astype("<u2").tobytes()
    return np.packbits(members, bitorder="little").tobytes()


def unpack(ids: bytes) -> Members:
    if len(ids) == _BITMAP_BYTES:
        return np.unpackbits(np.frombuffer(ids, "u1"), bitorder="little").astype(np.bool_)
    members = np.zeros(BLOCK, np.bool_)
    members[np.frombuffer(ids, "<u2")] = True
    return members


def with_more(ids: bytes | None, positions: Iterable[int]) -> bytes:
    """Return a set with more members; without `ids`, a new one."""
    members = np.zeros(BLOCK, np.bool_) if ids is None else unpack(ids)
    members[list(positions)] = True
    return pack(members)


def without(ids: bytes, position: int) -> bytes:
    members = unpack(ids)
    members[position] = False
    return pack(members)


def shared(block: int, sets: Sequence[bytes]) -> list[int]:
    """Return the ids of the reports that are in all sets of a block, newest first."""
    members = unpack(sets[0])
    for other in sets[1:]:
        members &= unpack(other)
    newest_first: list[int] = (np.flatnonzero(members)[::-1] + block * BLOCK).tolist()
    return newest_first
