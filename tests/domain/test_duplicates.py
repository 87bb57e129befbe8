"""Which reports are probably one problem: near in place and time, or one picture; the strongest evidence first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.duplicates import LEAST_BITS, SHOWN, Candidate, Duplicate, Reach, Why, is_telling, probable_duplicates
from app.domain.picture_hash import dhash_distance

HOUR = timedelta(hours=1)
REACH = Reach(radius_m=50, window=24 * HOUR, photo_radius_m=300, photo_window=720 * HOUR, photo_bits=5)

PICTURE = "d8c84849d94f3f1f"
ANOTHER = "2a890e5e32f906d1"


def changed(dhash: str, bits: int) -> str:
    return f"{int(dhash, 16) ^ ((1 << bits) - 1):016x}"


def found(*candidates: Candidate, hashes: tuple[str, ...] = (), reach: Reach = REACH) -> list[tuple[int, Why]]:
    return [(each.report_id, each.why) for each in probable_duplicates(candidates, hashes=hashes, reach=reach)]


@pytest.mark.parametrize(
    ("distance_m", "hours", "is_one"), [(0, 0, True), (50, 24, True), (50.1, 24, False), (50, 24.1, False)]
)
def test_near_is_within_the_radius_and_the_window(distance_m: float, hours: float, is_one: bool) -> None:
    assert found(Candidate(1, distance_m, hours * HOUR)) == [(1, Why.NEAR)] * is_one


@pytest.mark.parametrize(
    ("distance_m", "hours", "bits", "is_one"),
    [(300, 720, 5, True), (300.1, 1, 0, False), (60, 720.1, 0, False), (60, 1, 6, False), (60, 1, 0, True)],
)
def test_one_picture_counts_further_away_and_longer(distance_m: float, hours: float, bits: int, is_one: bool) -> None:
    candidate = Candidate(1, distance_m, hours * HOUR, [changed(PICTURE, bits)])
    assert found(candidate, hashes=(PICTURE,)) == [(1, Why.SAME_PHOTO)] * is_one


def test_what_is_near_with_one_picture_is_there_for_the_picture_and_says_how_like_they_are() -> None:
    near = Candidate(1, 3, HOUR, [ANOTHER, changed(PICTURE, 4)])
    other = Candidate(2, 3, HOUR, [ANOTHER])
    assert probable_duplicates([other, near], hashes=[PICTURE], reach=REACH) == [
        Duplicate(1, Why.SAME_PHOTO, 3, 4),
        Duplicate(2, Why.NEAR, 3, dhash_distance(PICTURE, ANOTHER)),
    ]


def test_the_picture_comes_first_then_the_nearest_then_the_latest_then_the_older_id() -> None:
    candidates = [
        Candidate(1, 10, 3 * HOUR),
        Candidate(2, 10, 2 * HOUR),
        Candidate(3, 5, 9 * HOUR),
        Candidate(4, 200, 90 * HOUR, [PICTURE]),
        Candidate(5, 10, 2 * HOUR),
    ]
    assert [number for number, _ in found(*candidates, hashes=(PICTURE,))] == [4, 3, 2, 5, 1]


def test_no_more_than_ten_are_shown() -> None:
    assert len(found(*(Candidate(each, 1, HOUR) for each in range(SHOWN + 5)))) == SHOWN


@pytest.mark.parametrize("changes", [{"radius_m": 0}, {"window": 0 * HOUR}])
def test_nearness_can_be_switched_off_alone(changes: dict[str, Any]) -> None:
    reach = replace(REACH, **changes)
    here, same = Candidate(1, 0, 0 * HOUR), Candidate(2, 0, 0 * HOUR, [PICTURE])
    assert found(here, same, hashes=(PICTURE,), reach=reach) == [(2, Why.SAME_PHOTO)]
    assert reach.circles == [(300, 720 * HOUR)]


@pytest.mark.parametrize("changes", [{"photo_bits": -1}, {"photo_radius_m": 0}, {"photo_window": 0 * HOUR}])
def test_comparing_photos_can_be_switched_off_alone(changes: dict[str, Any]) -> None:
    reach = replace(REACH, **changes)
    far, here = Candidate(1, 60, HOUR, [PICTURE]), Candidate(2, 0, HOUR, [PICTURE])
    assert found(far, here, hashes=(PICTURE,), reach=reach) == [(2, Why.NEAR)]
    assert (reach.circles, reach.furthest_m) == ([(50, 24 * HOUR)], 50)


def test_with_everything_off_nothing_is_looked_for() -> None:
    reach = Reach(0, 24 * HOUR, 300, HOUR, -1)
    assert (reach.circles, reach.furthest_m) == ([], 0)
    assert found(Candidate(1, 0, 0 * HOUR, [PICTURE]), hashes=(PICTURE,), reach=reach) == []
    assert REACH.without_photos().circles == [(50, 24 * HOUR)]


@pytest.mark.parametrize("flat", ["0" * 16, "f" * 16, "0000000000000001", f"{(1 << LEAST_BITS - 1) - 1:016x}"])
def test_flat_pictures_are_like_each_other_and_say_nothing(flat: str) -> None:
    assert not is_telling(flat)
    far = Candidate(1, 60, HOUR, [flat])
    assert found(far, hashes=(flat,)) == []
    (near,) = probable_duplicates([Candidate(1, 5, HOUR, [flat])], hashes=[flat], reach=REACH)
    assert (near.why, near.photo_bits) == (Why.NEAR, None)


@given(
    st.lists(
        st.builds(
            Candidate,
            report_id=st.integers(1, 30),
            distance_m=st.floats(0, 400),
            apart=st.integers(0, 800).map(lambda hours: hours * HOUR),
            hashes=st.lists(st.sampled_from([PICTURE, ANOTHER, changed(PICTURE, 6), "0" * 16]), max_size=2),
        ),
        max_size=20,
        unique_by=lambda each: each.report_id,
    ),
    st.lists(st.sampled_from([PICTURE, ANOTHER, "0" * 16]), max_size=2),
)
def test_it_is_what_a_naive_reading_says(candidates: list[Candidate], hashes: list[str]) -> None:
    alike = {
        each.report_id
        for each in candidates
        if each.distance_m <= 300
        and each.apart <= 720 * HOUR
        and any(one == other != "0" * 16 for one in hashes for other in each.hashes)
    }
    near = {each.report_id for each in candidates if each.distance_m <= 50 and each.apart <= 24 * HOUR}
    judged = probable_duplicates(candidates, hashes=hashes, reach=REACH, most=100)
    assert {each.report_id for each in judged if each.why is Why.SAME_PHOTO} == alike
    assert {each.report_id for each in judged if each.why is Why.NEAR} == near - alike
