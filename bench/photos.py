"""What everything we do to a photo costs, against the tuned Pillow pipeline that does nothing but shrink it."""

import io
import os
import time
from collections.abc import Callable, Iterator

from PIL import Image

from app.media.budget import PhotoBudget
from app.media.images import inspect_and_render
from bench.lines import Line

SIZE = (4032, 3024)
ROUNDS = 9
RATIO_TARGET = 1.3
QUALITY = 82
_ORIENTATION, _GPS_IFD, _ON_ITS_SIDE = 0x0112, 0x8825, 6


def photo_pipeline() -> Iterator[Line]:
    """Take turns on one JPEG of 12 megapixels in one process; the best round of each counts."""
    photo = _photo()
    budget = PhotoBudget()
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(1 + ROUNDS):
        ours.append(_cpu_ms(lambda: inspect_and_render(photo, budget=budget)))
        theirs.append(_cpu_ms(lambda: _tuned(photo)))
    ours, theirs = ours[1:], theirs[1:]  # the first round fills caches
    costs = f"all of ours {min(ours):.1f}, the tuned pipeline {min(theirs):.1f} ms of CPU"
    print(f"photo_pipeline: {len(photo) / 1e6:.2f} MB; {costs}; load {os.getloadavg()[0]:.1f}")
    yield Line("photo_pipeline", min(ours) / min(theirs), "x", RATIO_TARGET)


def _tuned(photo: bytes) -> tuple[bytes, bytes]:
    """Make the two pictures and nothing else: decoded at a half, shrunk, turned, shrunk again, coded."""
    with Image.open(io.BytesIO(photo)) as image:
        assert image.getexif()[_ORIENTATION] == _ON_ITS_SIDE
        image.draft("RGB", (1600, 1200))
        large = image.resize((1600, 1200), Image.Resampling.BICUBIC).transpose(Image.Transpose.ROTATE_270)
    return _jpeg(large), _jpeg(large.reduce(4))


def _jpeg(image: Image.Image) -> bytes:
    output = io.BytesIO()
    image.save(output, "JPEG", quality=QUALITY)
    return output.getvalue()


def _cpu_ms(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000


def _photo() -> bytes:
    """Return a JPEG as a phone writes it: soft shapes and grain, on its side, with a place."""
    channels = [
        Image.effect_noise((4 * part, 3 * part), 90).resize(SIZE, Image.Resampling.BICUBIC) for part in (8, 16, 40)
    ]
    grain = Image.effect_noise(SIZE, 15).convert("RGB")
    picture = Image.blend(Image.merge("RGB", channels), grain, 0.2)
    tags = Image.Exif()
    tags[_ORIENTATION] = _ON_ITS_SIDE
    tags.get_ifd(_GPS_IFD).update({1: "N", 2: (36.0, 4.0, 1.2), 3: "E", 4: (120.0, 22.0, 58.8)})
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=90, exif=tags)
    return output.getvalue()
