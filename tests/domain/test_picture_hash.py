"""Difference hashes are compared bit by bit."""

import pytest

from app.domain.picture_hash import dhash_distance


@pytest.mark.parametrize(
    ("one", "other", "bits"),
    [
        ("0000000000000000", "0000000000000000", 0),
        ("0000000000000000", "ffffffffffffffff", 64),
        ("00000000000000f0", "0000000000000000", 4),
        ("8000000000000001", "0000000000000000", 2),
        ("a5a5a5a5a5a5a5a5", "5a5a5a5a5a5a5a5a", 64),
        ("0123456789abcdef", "0123456789ABCDEF", 0),
    ],
)
def test_the_distance_is_the_number_of_bits_that_differ(one: str, other: str, bits: int) -> None:
    assert dhash_distance(one, other) == dhash_distance(other, one) == bits


@pytest.mark.parametrize("nonsense", ["", "0", "0" * 15, "0" * 17, "x" * 16])
def test_what_is_no_hash_is_no_distance(nonsense: str) -> None:
    with pytest.raises(ValueError):
        dhash_distance(nonsense, "0" * 16)
