"""Boxes: what covers leave, and which touch, against looking at every point."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.routing.boxes import Box, Cover, Effort, TooIntricate, bits_of, mask_of, meet, uncovered
from app.domain.routing.overlaps import Overlaps

SIZES = (3, 2, 4, 2)
FULL = [(1 << size) - 1 for size in SIZES]
POINTS = list(product(*(range(size) for size in SIZES)))
boxes = st.dictionaries(st.integers(0, 3), st.integers(1, 15), max_size=4).map(
    lambda box: {dimension: mask & FULL[dimension] or FULL[dimension] for dimension, mask in box.items()}
)
# Covers of nearly everything, so that many together cover all.
large = st.dictionaries(st.integers(0, 3), st.sampled_from([1, 2, 3, 5, 7, 11, 13, 14]), max_size=3).map(
    lambda box: {dimension: mask & FULL[dimension] or FULL[dimension] for dimension, mask in box.items()}
)
PLENTY = 1_000_000


def holds(box: Box, point: tuple[int, ...]) -> bool:
    return all(box.get(dimension, -1) >> value & 1 for dimension, value in enumerate(point))


@settings(max_examples=1500)
@given(boxes, st.lists(large, max_size=14))
def test_what_is_left_is_touched_by_no_cover_and_nothing_is_left_only_if_all_is_covered(
    box: Box, covers: list[Box]
) -> None:
    used: set[int] = set()
    numbered = [Cover(number, cover) for number, cover in enumerate(covers)]
    left = uncovered(box, numbered, full=FULL, effort=Effort(in_all=PLENTY), used=used)
    inside = [point for point in POINTS if holds(box, point)]
    if left is None:
        assert all(any(holds(covers[number], point) for number in used) for point in inside)
        return
    remaining = [point for point in POINTS if holds(left, point)]
    assert remaining
    assert set(remaining) <= set(inside)
    assert not [point for point in remaining if any(holds(cover, point) for cover in covers)]


@given(boxes, boxes)
def test_boxes_meet_where_both_are(one: Box, other: Box) -> None:
    shared = meet(one, other)
    both = [point for point in POINTS if holds(one, point) and holds(other, point)]
    assert ([] if shared is None else [point for point in POINTS if holds(shared, point)]) == both


def test_a_board_of_many_squares_is_covered_only_when_each_of_them_is() -> None:
    squares = [Cover(n, {0: 1 << row, 1: 1 << column}) for n, (row, column) in enumerate(product(range(20), range(20)))]
    full = [(1 << 20) - 1, (1 << 20) - 1]
    assert uncovered({}, squares, full=full, effort=Effort(in_all=PLENTY)) is None
    left = uncovered({}, squares[:137] + squares[138:], full=full, effort=Effort(in_all=PLENTY))
    assert left == {0: 1 << 6, 1: 1 << 17}


@pytest.mark.parametrize("limits", [{"in_all": 15, "for_one": 100}, {"in_all": 100, "for_one": 5}])
def test_a_proof_is_given_up_when_it_takes_too_long(limits: dict[str, int]) -> None:
    covers = [Cover(number, {0: 1 << number, 1: 1}) for number in range(10)]
    effort = Effort(**limits)
    effort.ask()
    with pytest.raises(TooIntricate):
        uncovered({}, covers, full=[1023, 3], effort=effort)


def test_an_effort_is_there_for_each_question_again_until_all_of_it_is_spent() -> None:
    effort = Effort(in_all=50, for_one=15)
    for _ in range(2):
        effort.ask()
        effort.spend(15)
    assert effort.is_spent is False
    effort.ask()
    assert effort.is_spent is True
    with pytest.raises(TooIntricate):
        effort.spend(1)


@given(st.sets(st.integers(0, 300), min_size=1))
def test_a_mask_is_its_bits(numbers: set[int]) -> None:
    ascending = sorted(numbers)
    assert list(bits_of(mask_of(ascending))) == ascending


wide_boxes = st.dictionaries(
    st.integers(0, 2),
    st.one_of(
        st.integers(0, 199).map(lambda bit: 1 << bit),
        st.tuples(st.integers(0, 199), st.integers(1, 150)).map(lambda run: ((1 << run[1]) - 1) << run[0]),
    ),
    max_size=3,
)


@given(st.lists(wide_boxes, max_size=12), st.lists(wide_boxes, min_size=1, max_size=3))
def test_the_index_names_the_boxes_that_touch(those: list[Box], asked: list[Box]) -> None:
    index = Overlaps(those)
    for box in asked + asked:
        touching = [number for number, other in enumerate(those) if meet(box, other) is not None]
        assert list(bits_of(index.touching(box))) == touching


def test_the_index_forgets_rather_than_grow_without_bound() -> None:
    index = Overlaps([{0: 1}, {0: 2}])
    for asked in range(1, 10_000):
        assert index.touching({0: asked}) == asked & 3
    assert len(index._dimensions[0]._known) <= 4096
