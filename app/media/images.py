"""Photos: bytes in, safe bytes out; the only user of Pillow.

Pillow's own size guard warns before it refuses and its `thumbnail` decodes a JPEG in full. So the size is compared
here, before anything is decoded, and a JPEG is decoded at the fraction of its size that is needed.
"""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import pi_heif
from PIL import Image, ImageCms

from app.media.budget import RETRY_AFTER_S, PhotoBudget, is_heavy, refuse_too_many_pixels, turn_in_request
from app.media.exif import DETAIL_IFD, GPS_IFD, ORIENTATION, ExifHints, read_hints
from app.media.formats import Outline, PhotoFormat, outline, sniff
from app.media.polyglots import refuse_polyglot
from app.media.refusals import PhotoFormatUnsupported, PhotoServiceBusy, PhotoTooLarge, PhotoUnreadable

LARGE_SIDE = 1600
SMALL_SIDE = 320
QUALITY = 82


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What is known of a photo without its pixels.

    `width` and `height` are those of the upright original in pixels, `sha256` is of the original bytes. The EXIF hints
    are described in `app.media.exif.ExifHints`. `frame` is the picture as it lies in the file.
    """

    format: PhotoFormat
    width: int
    height: int
    size_bytes: int
    sha256: str
    hints: ExifHints
    frame: Outline

    @property
    def is_heavy(self) -> bool:
        return is_heavy(self.frame, self.format)


@dataclass(frozen=True, slots=True)
class Rendering:
    """What may be shown of a photo.

    `large` and `small` are upright sRGB JPEGs of at most 1600 and 320 pixels a side, without any metadata. `dhash` is
    the difference hash of the picture in 16 hexadecimal digits (`app.domain.picture_hash`).
    """

    large: bytes
    small: bytes
    dhash: str


pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=2)

# Behind our own comparison: a size that only the decoder discovers is refused at twice this.
Image.MAX_IMAGE_PIXELS = PhotoBudget().jpeg_pixels

# What Pillow and its codecs raise on damaged files; its bomb warning counts when warnings are errors.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError,
    EOFError, RuntimeError, struct.error, zlib.error, Image.DecompressionBombError, Warning,
)  # fmt: skip

# How codecs and threads say that the machine is short of something; the photo may be fine.
_SHORTAGES = ("out of memory", "can't start new thread")

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


def inspect(data: bytes, *, budget: PhotoBudget) -> PhotoFacts:
    """Check the bytes of an upload as far as that goes without decoding pixels.

    Only the bytes count, not a name or a declared type. Broken EXIF is noted and ignored.

    :raises PhotoTooLarge: more than `budget.max_bytes`
    :raises PhotoFormatUnsupported: neither JPEG, PNG, WebP nor HEIC
    :raises PhotoTooManyPixels: would need too much memory or time
    :raises PhotoPolyglot: something else hides in the file
    :raises PhotoUnreadable: truncated or damaged
    :raises PhotoServiceBusy: there is not enough memory left
    """
    if len(data) > budget.max_bytes:
        raise PhotoTooLarge(max_mb=budget.max_bytes // 1_000_000)
    photo_format, frame = outline_of(data)
    refuse_too_many_pixels(frame, photo_format, budget)
    refuse_polyglot(data, end=frame.end)
    with _opened(data, photo_format, budget) as image:
        if frame.exif:
            image.info["exif"] = frame.exif
        width, height = image.size
        orientation, hints = _exif(image)
    if orientation in _SIDEWAYS:
        width, height = height, width
    sha256 = hashlib.sha256(data).hexdigest()
    return PhotoFacts(photo_format, width, height, len(data), sha256, hints, frame)


def outline_of(data: bytes) -> tuple[PhotoFormat, Outline]:
    """Tell which format the bytes have, and walk the picture.

    :raises PhotoFormatUnsupported: none of ours
    :raises PhotoUnreadable: it ends before its own end, or there is less of it than such a picture takes
    """
    photo_format = sniff(data)
    if photo_format is None:
        raise PhotoFormatUnsupported
    frame = outline(data, photo_format)
    if frame.end < frame.least_bytes:
        raise PhotoUnreadable(reason="truncated")
    return photo_format, frame


def render(data: bytes, photo_format: PhotoFormat, *, budget: PhotoBudget) -> Rendering:
    """Make what may be shown of bytes that `inspect` let pass. Costs some 80 ms of CPU for a JPEG of 12 megapixels.

    Of an animation the first frame is taken; transparent parts become white. Hold a turn (`app.media.budget`): memory
    and CPU are bounded by how many do this at a time.

    :raises PhotoTooManyPixels: more than the header claimed
    :raises PhotoUnreadable: damaged pixels
    :raises PhotoServiceBusy: there is not enough memory left
    """
    with _opened(data, photo_format, budget) as image:
        upright = _upright(_shown(image), _exif(image)[0])
        small = _shrunk(upright, SMALL_SIDE)
        return Rendering(large=_jpeg(upright), small=_jpeg(small), dhash=_dhash(small))


def inspect_and_render(data: bytes, *, budget: PhotoBudget) -> tuple[PhotoFacts, Rendering]:
    """Do both at once, however heavy the photo is.

    :raises PhotoServiceBusy: too many photos are waiting already, or none of the decoders became free in time
    :raises DomainError: any refusal of `inspect` and `render`
    """
    facts = inspect(data, budget=budget)
    with turn_in_request(facts.frame, budget.wait_s):
        return facts, render(data, facts.format, budget=budget)


@contextmanager
def _opened(data: bytes, photo_format: PhotoFormat, budget: PhotoBudget) -> Iterator[Image.Image]:
    """Open the picture, and take whatever goes wrong with it for damage, but not a lack of memory."""
    try:
        with Image.open(io.BytesIO(data), formats=(photo_format.value,)) as image:
            refuse_too_many_pixels(Outline(end=0, size=image.size), photo_format, budget)  # as the decoder sees it
            yield image
    except (MemoryError, *_BROKEN) as broken:
        if isinstance(broken, MemoryError) or str(broken).startswith(_SHORTAGES):
            raise PhotoServiceBusy(retry_after_s=RETRY_AFTER_S) from broken
        raise PhotoUnreadable(reason="damaged") from broken


def _exif(image: Image.Image) -> tuple[int, ExifHints]:
    """Return the orientation and the hints; a PNG is asked past its own method, which would decode it first."""
    try:
        tags = Image.Image.getexif(image)
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
        return image if image.mode == "RGBA" else image.convert("RGBA")
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


def _dhash(image: Image.Image) -> str:
    """Return 64 bits: is each area of the picture, in eight rows of nine, brighter than its neighbour on the right?"""
    areas = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    rows = [areas[start : start + 9] for start in range(0, len(areas), 9)]
    bits = "".join("01"[left > right] for row in rows for left, right in pairwise(row))
    return f"{int(bits, 2):016x}"
