"""Photos: bytes in, safe bytes out; the only user of Pillow.

Pillow's own size guard warns before it refuses and its `thumbnail` decodes a JPEG in full. So the size is compared
here, before anything is decoded, and a JPEG is decoded at the fraction of its size that is needed.
"""

import hashlib
import io
import math
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

import pi_heif
from PIL import Image, ImageCms

from app.media.exif import DETAIL_IFD, GPS_IFD, ORIENTATION, ExifHints, read_hints
from app.media.formats import Outline, PhotoFormat, outline, sniff
from app.media.polyglots import refuse_polyglot
from app.media.refusals import (
    PhotoFormatUnsupported,
    PhotoServiceBusy,
    PhotoTooLarge,
    PhotoTooManyPixels,
    PhotoUnreadable,
)

LARGE_SIDE = 1600
SMALL_SIDE = 320
QUALITY = 82


@dataclass(frozen=True, slots=True)
class PhotoBudget:
    """What one photo may cost: bytes of the file, pixels to decode (a JPEG decodes at a fraction), decoder passes.

    `wait_s` is how long it may wait for a free decoder, in seconds; a huge photo needs two turns and may wait for each.
    """

    max_bytes: int = 10 * 1024 * 1024
    jpeg_pixels: int = 120_000_000
    other_pixels: int = 60_000_000
    jpeg_pixel_passes: int = 1_500_000_000
    wait_s: float = 8

    def pixels(self, photo_format: PhotoFormat) -> int:
        return self.jpeg_pixels if photo_format is PhotoFormat.JPEG else self.other_pixels


@dataclass(frozen=True, slots=True)
class RenderedPhoto:
    """A photo that may be kept and shown.

    `width` and `height` are those of the upright original in pixels, `sha256` is of the original bytes. `large` and
    `small` are upright sRGB JPEGs of at most 1600 and 320 pixels a side, without any metadata. The EXIF hints are
    described in `app.media.exif.ExifHints`.
    """

    format: PhotoFormat
    width: int
    height: int
    size_bytes: int
    sha256: str
    taken_at: datetime | None
    taken_at_is_assumed: bool
    exif_lon: float | None
    exif_lat: float | None
    exif_notes: tuple[str, ...]
    large: bytes
    small: bytes


pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=2)

# Behind our own comparison: a size that only the decoder discovers is refused at twice this.
Image.MAX_IMAGE_PIXELS = PhotoBudget().jpeg_pixels

# What Pillow and its codecs raise on damaged files; its bomb warning counts when warnings are errors.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError,
    EOFError, RuntimeError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError, Warning,
)  # fmt: skip

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({5, 6, 7, 8})

_SRGB = ImageCms.createProfile("sRGB")
_LARGEST_PROFILE = 4_000_000

# A 12-megapixel photo needs some 100 MB while it is decoded, the worst that is allowed (a WebP of 60) 950:
# two at a time, and only one of the huge ones.
_DECODERS = threading.BoundedSemaphore(2)
_HUGE_DECODER = threading.BoundedSemaphore(1)
_HUGE_PIXELS = 30_000_000

# Decoding and waiting together. Whoever waits holds a thread that answers requests (16 by default): most stay free.
_ROOM = threading.BoundedSemaphore(6)
_RETRY_AFTER_S = 5


def inspect_and_render(data: bytes, *, budget: PhotoBudget) -> RenderedPhoto:
    """Check the bytes of an upload and make what may be shown of it. Costs some 80 ms of CPU for 12 megapixels.

    Only the bytes count, not a name or a declared type. Of an animation the first frame is taken; transparent parts
    become white. Broken EXIF is noted and ignored.

    :raises PhotoTooLarge: more than `budget.max_bytes`
    :raises PhotoFormatUnsupported: neither JPEG, PNG, WebP nor HEIC
    :raises PhotoTooManyPixels: would need too much memory or time, judged before decoding
    :raises PhotoPolyglot: something else hides in the file
    :raises PhotoUnreadable: truncated or damaged
    :raises PhotoServiceBusy: too many photos are waiting already, or none of the decoders became free in time
    """
    if len(data) > budget.max_bytes:
        raise PhotoTooLarge(max_mb=budget.max_bytes // 1_000_000)
    photo_format = sniff(data)
    if photo_format is None:
        raise PhotoFormatUnsupported
    frame = outline(data, photo_format)
    _refuse_too_many_pixels(frame, photo_format, budget)
    refuse_polyglot(data, end=frame.end)
    with _turn(frame, budget.wait_s):
        try:
            return _render(data, photo_format, budget)
        except _BROKEN as broken:
            raise PhotoUnreadable(reason="damaged") from broken


def _refuse_too_many_pixels(frame: Outline, photo_format: PhotoFormat, budget: PhotoBudget) -> None:
    pixels = math.prod(frame.size)
    if pixels > budget.pixels(photo_format):
        raise PhotoTooManyPixels(max_megapixels=budget.pixels(photo_format) // 1_000_000)
    # A progressive JPEG may ask for thousands of passes over a huge picture ("scan bomb").
    if pixels * frame.scans > budget.jpeg_pixel_passes:
        raise PhotoTooManyPixels(max_megapixels=budget.jpeg_pixel_passes // frame.scans // 1_000_000)


@contextmanager
def _turn(frame: Outline, wait_s: float) -> Iterator[None]:
    with ExitStack() as held:
        _take(_ROOM, held, wait_s=0)
        if math.prod(frame.size) > _HUGE_PIXELS:
            _take(_HUGE_DECODER, held, wait_s=wait_s)
        _take(_DECODERS, held, wait_s=wait_s)
        yield


def _take(turns: threading.BoundedSemaphore, held: ExitStack, *, wait_s: float) -> None:
    if not turns.acquire(timeout=wait_s):
        raise PhotoServiceBusy(retry_after_s=_RETRY_AFTER_S)
    held.callback(turns.release)


def _render(data: bytes, photo_format: PhotoFormat, budget: PhotoBudget) -> RenderedPhoto:
    with Image.open(io.BytesIO(data), formats=(photo_format.value,)) as image:
        width, height = image.size
        _refuse_too_many_pixels(Outline(end=0, size=image.size), photo_format, budget)  # as the decoder sees it
        orientation, hints = _exif(image)
        large = _upright(_shown(image), orientation)
    if orientation in _SIDEWAYS:
        width, height = height, width
    return RenderedPhoto(
        format=photo_format,
        width=width,
        height=height,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        taken_at=hints.taken_at,
        taken_at_is_assumed=hints.taken_at_is_assumed,
        exif_lon=hints.lon,
        exif_lat=hints.lat,
        exif_notes=hints.notes,
        large=_jpeg(large),
        small=_jpeg(_shrunk(large, SMALL_SIDE)),
    )


def _exif(image: Image.Image) -> tuple[int, ExifHints]:
    try:
        tags = image.getexif()
        orientation = tags.get(ORIENTATION, 1)
        hints = read_hints(dict(tags), tags.get_ifd(DETAIL_IFD), tags.get_ifd(GPS_IFD))
    except _BROKEN:
        return 1, ExifHints(notes=("exif_unreadable",))
    return (orientation if isinstance(orientation, int) else 1), hints


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _shown(image: Image.Image) -> Image.Image:
    """Return the picture as RGB in sRGB, at most `LARGE_SIDE` a side: shrunk first, everything else is then cheap."""
    profile = image.info.get("icc_profile")
    image.draft("RGB", _fitted(image.size, LARGE_SIDE))
    shrunk = _shrunk(_plain(image), LARGE_SIDE)
    if shrunk.mode == "RGBA":
        white = Image.new("RGB", shrunk.size, "white")
        white.paste(shrunk, mask=shrunk)
        shrunk = white
    return _in_srgb(shrunk, profile)


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be shrunk without loss: L, RGB, RGBA or CMYK."""
    image.load()
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow's own conversion to L clips instead of scaling
        return image.point(lambda value: value * (1 / 257)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    target = _fitted(image.size, side)
    if target == image.size:
        return image
    whole = min(image.size[0] // target[0], image.size[1] // target[1])
    if whole > 1:
        image = image.reduce(whole)
    return image if image.size == target else image.resize(target, Image.Resampling.BICUBIC)


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    if isinstance(profile, bytes) and 0 < len(profile) <= _LARGEST_PROFILE:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(source) or image.mode != "RGB":
                converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
                return converted or image.convert("RGB")
        except (*_BROKEN, ImageCms.PyCMSError):
            pass  # a profile that cannot be used is as good as none
    return image.convert("RGB")


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    method = _UPRIGHT.get(orientation)
    return image if method is None else image.transpose(method)


def _jpeg(image: Image.Image) -> bytes:
    image.info = {}  # Pillow would copy a comment along
    output = io.BytesIO()
    image.save(output, "JPEG", quality=QUALITY)
    return output.getvalue()
