"""The difference hash stays with a picture through everything messengers do to it, and tells pictures apart."""

import io
import random
from itertools import combinations

import pytest
from PIL import Image, ImageEnhance

from app.domain.picture_hash import dhash_distance
from app.media.budget import PhotoBudget
from app.media.images import inspect_and_render
from tests.media.pictures import encoded, exif, stored_turned

SIZE = (1200, 900)


def a_view(seed: int) -> Image.Image:
    """Return soft shapes and grain, different for each seed, the same each time."""
    dice = random.Random(seed)
    coarse = Image.frombytes("RGB", (8, 6), dice.randbytes(8 * 6 * 3)).resize(SIZE, Image.Resampling.BICUBIC)
    grain = Image.frombytes("RGB", (300, 225), dice.randbytes(300 * 225 * 3)).resize(SIZE)
    return Image.blend(coarse, grain, 0.12)


def dhash(data: bytes) -> str:
    return inspect_and_render(data, budget=PhotoBudget())[1].dhash


CHANGES = {
    "poor quality": lambda image: encoded(image, quality=35),
    "half the size": lambda image: encoded(image.resize((600, 450), Image.Resampling.BICUBIC)),
    "a third of the size": lambda image: encoded(image.resize((400, 300), Image.Resampling.LANCZOS), quality=60),
    "brighter": lambda image: encoded(ImageEnhance.Brightness(image).enhance(1.1)),
    "darker": lambda image: encoded(ImageEnhance.Brightness(image).enhance(0.85)),
    "another format": lambda image: encoded(image, "WEBP", quality=60),
    "on its side": lambda image: encoded(stored_turned(image, 6), exif=exif(base={0x0112: 6})),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(4))
def test_a_picture_stays_the_same_when_it_is_sent_on(seed: int, change: str) -> None:
    image = a_view(seed)
    assert dhash_distance(dhash(encoded(image)), dhash(CHANGES[change](image))) <= 10


def test_different_pictures_are_far_apart() -> None:
    hashes = [dhash(encoded(a_view(seed).resize((400, 300)))) for seed in range(8)]
    distances = sorted(dhash_distance(one, other) for one, other in combinations(hashes, 2))
    assert distances[0] > 10
    assert distances[len(distances) // 2] > 20


def test_a_hash_has_sixteen_digits_whatever_the_picture() -> None:
    for image in (Image.new("RGB", (1, 1)), Image.new("L", (3, 2000), 77), Image.new("RGB", SIZE, "white")):
        assert dhash(encoded(image)) == "0" * 16


def test_the_left_half_brighter_gives_the_bit_of_the_middle() -> None:
    """Nine areas in a row, the fifth half bright: brighter than the sixth, as the fourth is brighter than it."""
    image = Image.new("L", (900, 80), 0)
    image.paste(255, (0, 0, 450, 80))
    output = io.BytesIO()
    image.save(output, "PNG")
    assert dhash(output.getvalue()) == "18" * 8
