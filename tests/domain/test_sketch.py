"""The log-bucket histogram against exact answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.sketch import LARGEST, SMALLEST, ZERO_BUCKET, Sketch, bucket_of, rank, value_of

values = st.just(0) | st.floats(SMALLEST, 1e12) | st.integers(1, 10**7)
samples = st.lists(values, min_size=1, max_size=200)
shares = st.floats(0, 1)


def sketch_of(sample: list[float], *, gamma: float = 1.02) -> Sketch:
    sketch = Sketch(gamma)
    for value in sample:
        sketch.add(value)
    return sketch


@pytest.mark.parametrize(
    ("q", "n", "expected"),
    [(0, 5, 1), (1, 5, 5), (0.5, 4, 2), (0.5, 5, 3), (0.9, 10, 9), (0.91, 10, 10), (0.07, 100, 7), (0.5, 1, 1)],
)
def test_the_rank_of_a_quantile(q: float, n: int, expected: int) -> None:
    assert rank(q, n) == expected


@pytest.mark.parametrize(("q", "n"), [(-0.1, 5), (1.1, 5), (float("nan"), 5), (0.5, 0)])
def test_there_is_no_rank_outside_the_values(q: float, n: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        rank(q, n)


@given(sample=samples, q=shares, gamma=st.sampled_from([1.005, 1.02, 1.1]))
def test_a_quantile_is_within_the_promised_error_of_the_exact_one(sample: list[float], q: float, gamma: float) -> None:
    sketch = sketch_of(sample, gamma=gamma)
    exact = sorted(sample)[rank(q, len(sample)) - 1]
    assert sketch.quantile(q) == pytest.approx(exact, rel=sketch.relative_error + 1e-9, abs=0)


def test_the_promise_is_below_one_percent() -> None:
    assert Sketch().relative_error < 0.01


@given(value=st.floats(SMALLEST, LARGEST))
def test_a_bucket_is_represented_within_the_error(value: float) -> None:
    assert value_of(bucket_of(value)) == pytest.approx(value, rel=0.02 / 2.02 + 1e-9, abs=0)


@given(one=samples, other=samples)
def test_merging_is_the_same_as_adding_all_to_one(one: list[float], other: list[float]) -> None:
    merged = sketch_of(one)
    merged.merge(sketch_of(other))
    together = sketch_of(one + other)
    assert (merged.buckets, merged.count, merged.min, merged.max) == (
        together.buckets,
        together.count,
        together.min,
        together.max,
    )
    assert merged.sum == pytest.approx(together.sum)


def test_merging_an_empty_sketch_changes_nothing() -> None:
    sketch = sketch_of([42.0])
    sketch.merge(Sketch())
    assert sketch == sketch_of([42.0])


@given(sample=samples)
def test_count_sum_and_extremes_are_exact(sample: list[float]) -> None:
    sketch = sketch_of(sample)
    assert (sketch.count, sketch.min, sketch.max) == (len(sample), min(sample), max(sample))
    assert sketch.sum == sum(sample)
    assert sketch.mean == pytest.approx(sum(sample) / len(sample))
    assert (sketch.quantile(0), sketch.quantile(1)) == pytest.approx((min(sample), max(sample)), rel=0.01)


def test_an_empty_sketch_has_no_figures() -> None:
    sketch = Sketch()
    assert (sketch.count, sketch.mean, sketch.min, sketch.max, sketch.quantile(0.5)) == (0, None, None, None, None)


def test_one_value_is_its_own_quantile() -> None:
    assert sketch_of([2520]).quantile(0.5) == 2520


def test_a_value_can_be_counted_many_times() -> None:
    sketch = Sketch()
    sketch.add(60, n=9)
    sketch.add(0)
    assert (sketch.count, sketch.sum, sketch.quantile(0.1)) == (10, 540, 0)
    assert sketch.quantile(0.5) == pytest.approx(60, rel=sketch.relative_error)
    assert sketch.buckets[ZERO_BUCKET] == 1


def test_zero_and_the_tiny_share_the_first_bucket() -> None:
    assert bucket_of(0) == bucket_of(SMALLEST / 2) == ZERO_BUCKET < bucket_of(SMALLEST)
    assert value_of(ZERO_BUCKET) == 0


@given(sample=samples)
def test_a_sketch_survives_json(sample: list[float]) -> None:
    sketch = sketch_of(sample)
    assert Sketch.from_dict(sketch.to_dict()) == sketch
    assert Sketch.from_dict(json.loads(json.dumps(sketch.to_dict()))) == sketch


def test_what_is_written_down_is_a_copy() -> None:
    sketch = sketch_of([1.0])
    written = sketch.to_dict()
    sketch.add(1.0)
    assert written["buckets"] == {0: 1}


def test_counts_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="count"):
        Sketch.from_dict({**sketch_of([1.0]).to_dict(), "count": 2})


@pytest.mark.parametrize("value", [-1, -1e-12, float("nan"), float("inf"), LARGEST * 2])
def test_what_is_no_duration_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="from 0"):
        Sketch().add(value)


def test_counting_a_value_no_times_is_refused() -> None:
    with pytest.raises(ValueError, match="below 1"):
        Sketch().add(1, n=0)


@pytest.mark.parametrize("gamma", [1.0, 1.0001, 2.5, float("nan")])
def test_gamma_has_a_range(gamma: float) -> None:
    with pytest.raises(ValueError, match="gamma"):
        Sketch(gamma)


def test_sketches_of_different_gamma_do_not_merge() -> None:
    with pytest.raises(ValueError, match="gamma"):
        Sketch(1.02).merge(Sketch(1.04))
