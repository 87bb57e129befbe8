"""How alike two pictures are, by the difference hashes that `app.media.images` makes of them."""

HASH_BITS = 64


def dhash_distance(one: str, other: str) -> int:
    """Return in how many of 64 bits two hashes of 16 hexadecimal digits differ; 0 to 10 is most likely one picture.

    Two pictures that have nothing to do with each other differ in about half of the bits.

    :raises ValueError: not a hash of 16 hexadecimal digits
    """
    return (_bits(one) ^ _bits(other)).bit_count()


def _bits(digits: str) -> int:
    if len(digits) * 4 != HASH_BITS:
        raise ValueError(f"a difference hash has 16 digits: {digits!r}")
    return int(digits, 16)
