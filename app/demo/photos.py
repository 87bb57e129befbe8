"""Draws the demonstration's street photos and takes them through the same pipeline as everybody's."""

import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageDraw
from sqlmodel import Session

from app.domain.working_time import BEIJING
from app.infra.blobs import BlobStore
from app.media.budget import PhotoBudget
from app.media.images import PhotoFacts, inspect_and_render
from app.media.models import PhotoKind
from app.media.store import PhotoFiles, put_files, store_photo

SIZE = (1280, 960)
VIEWS = (PhotoKind.NEAR, PhotoKind.FAR, PhotoKind.AFTER)

_WIDTH, _HEIGHT = SIZE
_KERB = 560
_ORIENTATION, _TAKEN_AT, _OFFSET = 0x0112, 0x9003, 0x9011
_EXIF_DETAIL = 0x8769
_ON_ITS_SIDE = 6

Draw = ImageDraw.ImageDraw
Box = tuple[int, int, int, int]


def picture(category: str, view: PhotoKind, *, seed: int = 0, taken_at: datetime | None = None) -> bytes:
    """Return a JPEG of a street with a problem of the category, or without it after the handling.

    Some lie on their side and say so in their EXIF, as phones do.
    """
    dice = random.Random(f"{category}/{view.value}/{seed}")  # noqa: S311 - a picture, not a secret
    image = _street(random.Random(f"{category}/{seed}"))  # noqa: S311 - the same street before and after
    if view is not PhotoKind.AFTER:
        scale = 2.1 if view is PhotoKind.NEAR else 0.9
        for _ in range(3 if view is PhotoKind.NEAR else 6):
            _SUBJECTS.get(category, _heap)(ImageDraw.Draw(image), _spot(dice, scale), dice)
    grain = Image.effect_noise((_WIDTH // 2, _HEIGHT // 2), 60).resize(SIZE)
    image = Image.blend(image, grain.convert("RGB"), 0.08)
    exif = Image.Exif()
    if dice.random() < 0.34:  # noqa: PLR2004 - a third of the phones were held upright
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[_ORIENTATION] = _ON_ITS_SIDE
    if taken_at is not None:
        local = taken_at.astimezone(BEIJING)
        exif.get_ifd(_EXIF_DETAIL).update({_TAKEN_AT: f"{local:%Y:%m:%d %H:%M:%S}", _OFFSET: "+08:00"})
    output = io.BytesIO()
    image.save(output, "JPEG", quality=80, exif=exif)
    return output.getvalue()


def _street(dice: random.Random) -> Image.Image:
    """Return sky, houses with windows, a pavement and a road."""
    light = dice.randint(-25, 20)
    sky = Image.linear_gradient("L").resize((_WIDTH, _KERB))
    image = Image.new("RGB", SIZE, (92 + light, 94 + light, 98 + light))
    bands = [
        sky.point(lambda v, low=low, slope=slope: low + v // slope) for low, slope in ((150, 4), (185, 5), (222, 9))
    ]
    image.paste(Image.merge("RGB", bands), (0, 0))
    draw = ImageDraw.Draw(image)
    left = -40
    while left < _WIDTH:
        left = _house(draw, left, dice)
    draw.rectangle((0, _KERB, _WIDTH, 690), fill=(168 + light, 162 + light, 150 + light))
    for x in range(0, _WIDTH, 64):
        draw.line((x, _KERB, x - 90, 690), fill=(140 + light, 136 + light, 128 + light), width=2)
    draw.rectangle((0, 690, _WIDTH, 704), fill=(205 + light, 205 + light, 200 + light))
    for x in range(-60, _WIDTH, 260):
        draw.polygon(((x, 860), (x + 120, 860), (x + 100, 884), (x - 26, 884)), fill=(225, 222, 210))
    return image


def _house(draw: Draw, left: int, dice: random.Random) -> int:
    """Draw one house and return where the next begins."""
    width, top = dice.randint(150, 300), dice.randint(90, 330)
    grey = dice.randint(110, 190)
    draw.rectangle((left, top, left + width, _KERB), fill=(grey + 20, grey, grey - dice.randint(5, 40)))
    for x in range(left + 18, left + width - 40, 54):
        for y in range(top + 20, _KERB - 90, 66):
            draw.rectangle((x, y, x + 30, y + 40), fill=(70, 86, 104) if dice.random() < 0.8 else (236, 214, 150))  # noqa: PLR2004 - a share of the dice
    draw.rectangle((left, _KERB - 80, left + width, _KERB - 50), fill=tuple(dice.randint(60, 210) for _ in range(3)))
    return left + width + dice.randint(0, 30)


def _spot(dice: random.Random, scale: float) -> Box:
    width, height = round(dice.randint(120, 190) * scale), round(dice.randint(70, 120) * scale)
    left = dice.randint(0, max(1, _WIDTH - width))
    base = dice.randint(640, 860)
    return left, base - height, left + width, base


def _heap(draw: Draw, box: Box, dice: random.Random) -> None:
    left, top, right, base = box
    for _ in range(26):
        x, y = dice.randint(left, right), dice.randint((top + base) // 2, base)
        size = dice.randint(8, 34)
        colour = dice.choice(((40, 44, 42), (90, 120, 80), (200, 196, 190), (150, 90, 60), (60, 90, 150)))
        draw.ellipse((x, y - size, x + size * 2, y), fill=colour)


def _boxes(draw: Draw, box: Box, dice: random.Random) -> None:
    left, top, right, base = box
    for _ in range(9):
        x, size = dice.randint(left, right), dice.randint(30, 80)
        y = dice.randint((top + base) // 2, base)
        draw.rectangle((x, y - size, x + size, y), fill=(168, 128, 84), outline=(100, 72, 40), width=3)


def _car(draw: Draw, box: Box, dice: random.Random) -> None:
    left, top, right, base = box
    middle, fifth = (top + base) // 2, (right - left) // 5
    colour = dice.choice(((30, 34, 40), (200, 204, 208), (150, 26, 30), (36, 70, 130)))
    draw.rounded_rectangle((left, middle, right, base), radius=18, fill=colour)
    draw.polygon(((left + fifth, middle), (left + 2 * fifth, top), (right - fifth, top), (right, middle)), fill=colour)
    for x in (left + fifth, right - fifth):
        draw.ellipse((x - fifth // 2, base - fifth // 2, x + fifth // 2, base + fifth // 2), fill=(20, 20, 20))


def _hole(draw: Draw, box: Box, dice: random.Random) -> None:
    left, top, right, base = box
    across = sorted(dice.randint(left, right) for _ in range(9))
    rim = [(x, dice.randint((top + 2 * base) // 3, base)) for x in across]
    draw.polygon(rim, fill=(30, 28, 26))
    draw.line(rim, fill=(60, 56, 52), width=6)


def _papers(draw: Draw, box: Box, dice: random.Random) -> None:
    left, top, right, base = box
    draw.rectangle((left, top - 160, left + 26, base), fill=(120, 124, 128))
    for _ in range(8):
        x, y = dice.randint(left - 30, left + 20), dice.randint(top - 150, base - 40)
        draw.rectangle((x, y, x + 44, y + 58), fill=dice.choice(((244, 240, 226), (250, 226, 90), (226, 120, 120))))
        for line in range(3):
            draw.line((x + 6, y + 12 + 14 * line, x + 38, y + 12 + 14 * line), fill=(60, 60, 60), width=3)
    _ = right


def _stall(draw: Draw, box: Box, dice: random.Random) -> None:
    left, top, right, base = box
    colour = dice.choice(((200, 50, 46), (40, 110, 180), (230, 160, 40)))
    draw.polygon(((left - 20, top + 30), (left + 20, top), (right - 20, top), (right + 20, top + 30)), fill=colour)
    for x in (left, right):
        draw.line((x, top + 20, x, base), fill=(70, 70, 70), width=7)
    draw.rectangle((left, (top + base) // 2, right, (top + base) // 2 + 30), fill=(150, 110, 70))
    for x in range(left + 8, right - 24, 32):
        draw.ellipse((x, (top + base) // 2 - 24, x + 26, (top + base) // 2 + 2), fill=(220, dice.randint(60, 200), 50))


def _wires(draw: Draw, box: Box, dice: random.Random) -> None:
    left, _, right, _ = box
    for _ in range(5):
        start = (0, dice.randint(150, 320))
        end = (_WIDTH, dice.randint(150, 320))
        draw.line((start, (dice.randint(left, right), dice.randint(360, 620)), end), fill=(24, 24, 26), width=4)


def _gap_in_green(draw: Draw, box: Box, dice: random.Random) -> None:
    left, top, right, base = box
    draw.rectangle((left - 60, (top + base) // 2, right + 60, base), fill=(106, 84, 58))
    for x in range(left - 60, right + 60, 22):
        if dice.random() < 0.5:  # noqa: PLR2004 - every other plant is missing
            draw.ellipse((x, (top + base) // 2 - 26, x + 34, base - 8), fill=(40, dice.randint(90, 140), 52))


def _board(draw: Draw, box: Box, dice: random.Random) -> None:
    left, top, right, base = box
    draw.rectangle((left, top - 60, right, base - 40), fill=(196, 60, 54), outline=(90, 90, 90), width=8)
    torn = [(left, top), (dice.randint(left, right), top + 30), (right, dice.randint(top, base)), (left, base - 40)]
    draw.polygon(torn, fill=(222, 218, 208))


_SUBJECTS: Mapping[str, Callable[[Draw, Box, random.Random], None]] = {
    "sanitation": _heap,
    "parking": _car,
    "clutter": _boxes,
    "facilities": _hole,
    "illegal_ads": _papers,
    "street_vending": _stall,
    "cables": _wires,
    "greenery": _gap_in_green,
    "public_notices": _board,
    "shop_signs": _board,
    "construction": _boxes,
}


@dataclass(frozen=True, slots=True)
class Album:
    """The pictures as the pipeline left them; every use of one is a row of its own, as if it had been uploaded."""

    pictures: Mapping[tuple[str, PhotoKind], tuple[PhotoFacts, PhotoFiles]]

    def upload(self, session: Session, category: str, kind: PhotoKind, *, owner_id: int, now: datetime) -> str:
        """Keep one more photo of a problem, or of the place without it, and return its id."""
        view = PhotoKind.AFTER if kind is PhotoKind.CHECK else kind
        facts, files = self.pictures[category, view]
        return store_photo(session, facts, files, owner_id=owner_id, kind=kind, client_id=None, now=now).id


def make_album(
    blobs: BlobStore, *, categories: tuple[str, ...], now: datetime, progress: Callable[[int, int], None]
) -> Album:
    """Draw every category in every view, check and render each picture once, and keep its files."""
    wanted = [(category, view) for category in categories for view in VIEWS]
    pictures = {}
    for done, (category, view) in enumerate(wanted, start=1):
        original = picture(category, view, taken_at=now if view is PhotoKind.FAR else None)
        facts, rendering = inspect_and_render(original, budget=PhotoBudget())
        pictures[category, view] = facts, put_files(blobs, original, facts, rendering)
        progress(done, len(wanted))
    return Album(pictures)
