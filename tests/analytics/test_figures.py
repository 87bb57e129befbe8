"""Quantiles by rank, and quantiles that do not forget what is still open."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.figures import quantile, quantile_with_open, share, share_within

SECONDS = st.lists(st.integers(0, 10_000), max_size=60)
QS = st.sampled_from([0.5, 0.75, 0.9, 0.95, 0.99])


@pytest.mark.parametrize(
    ("values", "q", "expected"),
    [
        ([], 0.5, None),
        ([7], 0.5, 7),
        ([1, 2, 3, 4], 0.5, 2),
        ([1, 2, 3, 4, 5], 0.5, 3),
        (list(range(1, 11)), 0.9, 9),
        (list(range(1, 12)), 0.9, 10),
        (list(range(1, 101)), 0.99, 99),
    ],
)
def test_a_quantile_is_a_value_that_occurred(values: list[int], q: float, expected: int | None) -> None:
    assert quantile(values, q) == expected


@given(SECONDS, QS)
def test_the_rank_is_the_smallest_that_reaches_the_share(values: list[int], q: float) -> None:
    ascending = sorted(values)
    exact = Fraction(str(q)) * len(ascending)
    assert quantile(ascending, q) == (ascending[max(1, ceil(exact)) - 1] if ascending else None)


@given(SECONDS, QS)
def test_with_nothing_open_both_quantiles_are_the_same(values: list[int], q: float) -> None:
    ascending = sorted(values)
    assert quantile_with_open(ascending, [], q) == quantile(ascending, q)


@given(SECONDS, SECONDS, QS)
def test_open_reports_never_make_the_figure_look_faster(done: list[int], waiting: list[int], q: float) -> None:
    plain, honest = quantile(sorted(done), q), quantile_with_open(sorted(done), sorted(waiting), q)
    assert honest is None or (plain is not None and honest >= plain)


def test_the_textbook_example() -> None:
    """Done after 1, 3, 5; seen waiting after 2, 4: survival 4/5, then 4/5 * 2/3 = 8/15, then 0."""
    assert quantile_with_open([1, 3, 5], [2, 4], 0.2) == 1
    assert quantile_with_open([1, 3, 5], [2, 4], 0.4) == 3
    assert quantile_with_open([1, 3, 5], [2, 4], 0.5) == 5
    assert quantile_with_open([1], [2, 4], 0.5) is None


def test_done_at_the_second_another_is_last_seen_waiting_counts_as_before() -> None:
    assert quantile_with_open([5], [5], 0.5) == 5


def test_nothing_is_not_zero_per_cent() -> None:
    assert share(0, 0) is None
    assert share_within([], 3600) is None
    assert share(0, 4) == 0.0


def test_a_limit_met_to_the_second_is_met() -> None:
    assert share_within([3599, 3600, 3601], 3600) == 0.6667
