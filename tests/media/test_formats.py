"""What the bytes of a file say before anything is decoded: format, size, weight, and that nothing is missing."""

import struct
import zlib
from datetime import UTC, datetime

import pytest
from PIL import Image

from app.media.budget import PhotoBudget, is_heavy
from app.media.formats import (
    MOST_JPEG_FILLER,
    MOST_JPEG_SEGMENTS,
    MOST_PNG_OTHER_CHUNKS,
    MOST_PNG_PIXEL_CHUNKS,
    Outline,
    PhotoFormat,
    outline,
    sniff,
)
from app.media.images import inspect, inspect_and_render
from app.media.refusals import PhotoFormatUnsupported, PhotoTooManyPixels, PhotoUnreadable
from tests.media.pictures import (
    A_HEIC,
    QUARTERS,
    a_box,
    a_film,
    a_jpeg,
    a_png,
    corners,
    decoded,
    encoded,
    exif,
    is_near,
    quarters,
)

BUDGET = PhotoBudget()
MILLION = 1_000_000


def shown(data: bytes) -> Image.Image:
    return decoded(inspect_and_render(data, budget=BUDGET)[1].large)


@pytest.mark.parametrize(
    ("photo_format", "pixels", "scans", "heavy"),
    [
        (PhotoFormat.HEIF, 1, 1, True),
        (PhotoFormat.HEIF, 0, 1, True),  # its boxes do not name a size
        (PhotoFormat.JPEG, 120 * MILLION, 1, False),
        (PhotoFormat.JPEG, 12 * MILLION, 10, False),
        (PhotoFormat.JPEG, 24 * MILLION, 10, True),
        (PhotoFormat.JPEG, 1 * MILLION, 400, True),
        (PhotoFormat.PNG, 8 * MILLION, 1, False),
        (PhotoFormat.PNG, 9 * MILLION, 1, True),
        (PhotoFormat.WEBP, 8 * MILLION, 1, False),
        (PhotoFormat.WEBP, 9 * MILLION, 1, True),
    ],
)
def test_what_costs_more_than_a_quarter_of_a_second_is_heavy(
    photo_format: PhotoFormat, pixels: int, scans: int, *, heavy: bool
) -> None:
    assert is_heavy(Outline(end=0, size=(1, pixels), scans=scans), photo_format) is heavy


def test_a_heavy_photo_is_known_without_its_pixels() -> None:
    facts = inspect(A_HEIC, budget=BUDGET)
    assert (facts.is_heavy, facts.format, facts.width, facts.height) == (True, PhotoFormat.HEIF, 64, 48)
    assert facts.hints.taken_at == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    assert (facts.hints.lon, facts.hints.lat) == (120.383, 36.067)


def test_a_huge_png_is_known_without_its_pixels() -> None:
    """Its pixels are nonsense, so whoever decoded them would fail; its EXIF stands behind them."""
    tags = exif(base={0x0112: 6}, detail={0x9003: "2026:11:20 10:00:00"}).tobytes().removeprefix(b"Exif\x00\x00")
    png = a_png((3000, 2900), zlib.compress(b"nonsense"), behind=((b"eXIf", tags),))
    facts = inspect(png, budget=BUDGET)
    assert (facts.is_heavy, facts.width, facts.height) == (True, 2900, 3000)
    assert facts.hints.taken_at == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def test_a_huge_png_without_exif_is_not_decoded_to_look_for_some() -> None:
    facts = inspect(a_png((3000, 2900), zlib.compress(b"nonsense")), budget=BUDGET)
    assert (facts.width, facts.height, facts.hints.taken_at, facts.hints.notes) == (3000, 2900, None, ())


def test_exif_behind_the_pixels_turns_a_png() -> None:
    tags = exif(base={0x0112: 3}).tobytes().removeprefix(b"Exif\x00\x00")
    row = b"\x00" + bytes((220, 20, 20)) * 8 + bytes((20, 20, 220)) * 8
    png = a_png((16, 1), zlib.compress(row), behind=((b"eXIf", tags),))
    assert is_near(shown(png).getpixel((2, 0)), (20, 20, 220), within=60)


@pytest.mark.parametrize(
    ("colour_type", "samples", "expected"),
    [
        (0, (0x8000,), (128, 128, 128)),
        (2, (0xFFFF, 0x8000, 0), (255, 128, 0)),
        (4, (0x8000, 0xFFFF), (128, 128, 128)),
        (4, (0x8000, 0), (255, 255, 255)),
        (6, (0xFFFF, 0x8000, 0, 0xFFFF), (255, 128, 0)),
        (6, (0xFFFF, 0x8000, 0, 0), (255, 255, 255)),
    ],
)
def test_sixteen_bits_are_scaled_in_every_kind_of_png(
    colour_type: int, samples: tuple[int, ...], expected: tuple[int, int, int]
) -> None:
    row = b"\x00" + struct.pack(f">{len(samples)}H", *samples)
    png = a_png((1, 1), zlib.compress(row), depth=16, colour_type=colour_type)
    assert is_near(shown(png).getpixel((0, 0)), expected, within=6)


FLAT = {
    "colour": encoded(Image.new("RGB", (1600, 1200), (90, 90, 90)), quality=1, optimize=True, subsampling=2),
    "grey": encoded(Image.new("L", (1600, 1200), 90), quality=1, optimize=True),
    "progressive": encoded(Image.new("L", (1600, 1200), 90), quality=1, progressive=True),
    "CMYK": encoded(Image.new("CMYK", (1600, 1200)), quality=1, optimize=True),
    "one pixel": encoded(Image.new("L", (1, 1))),
}


@pytest.mark.parametrize("name", FLAT)
def test_a_jpeg_of_nothing_is_small_but_not_too_small(name: str) -> None:
    facts, _ = inspect_and_render(FLAT[name], budget=BUDGET)
    assert facts.frame.least_bytes <= facts.frame.end


@pytest.mark.parametrize("kind", [0xC0, 0xC1, 0xC2])
def test_a_jpeg_too_small_for_its_size_is_refused(kind: int) -> None:
    """Whole by its marks, but a bit per block would take more: decoders paint the rest grey without a word."""
    jpeg = a_jpeg(64, 48)
    frame = jpeg.index(b"\xff\xc0")
    taller = jpeg[:frame] + bytes((0xFF, kind)) + jpeg[frame + 2 : frame + 5] + struct.pack(">H", 31_000)
    with pytest.raises(PhotoUnreadable) as refused:
        inspect(taller + jpeg[frame + 7 :], budget=BUDGET)
    assert refused.value.facts == {"reason": "truncated"}


@pytest.mark.parametrize("components", [b"\x00", b"\x01\x01\x00\x00", b"\x03\x01\x20\x00\x02\x11\x00\x03\x11\x00"])
def test_a_nonsensical_frame_is_no_crash(components: bytes) -> None:
    body = b"\x08\x00\x10\x00\x10" + components
    frame = b"\xff\xc0" + struct.pack(">H", 2 + len(body)) + body
    jpeg = b"\xff\xd8\xff\xfe\x00\x02" + frame + b"\xff\xd9"
    assert outline(jpeg, PhotoFormat.JPEG).size == (16, 16)
    with pytest.raises(PhotoUnreadable):
        inspect_and_render(jpeg, budget=BUDGET)


def _with_segments(marker: int, count: int) -> bytes:
    jpeg = a_jpeg()
    return jpeg[:2] + bytes((0xFF, marker, 0, 2)) * count + jpeg[2:]


def _own_segments(jpeg: bytes) -> int:
    """Count the segments up to the scan by their lengths, the scan and the end mark."""
    position, count = 2, 2
    while jpeg[position + 1] != 0xDA:
        position += 2 + struct.unpack(">H", jpeg[position + 2 : position + 4])[0]
        count += 1
    return count


def _with_filler(length: int, filler: bytes) -> bytes:
    jpeg = a_jpeg()
    return jpeg[:2] + filler * (length // len(filler)) + jpeg[2:]


def _with_chunks(kind: bytes, count: int) -> bytes:
    row = zlib.compress(b"\x00" + bytes(3))
    return a_png((1, 1), row, behind=((kind, b""),) * count)


_FREE_SEGMENTS = MOST_JPEG_SEGMENTS - _own_segments(a_jpeg())

PARTS = {
    "empty segments": (_with_segments(0xE5, _FREE_SEGMENTS), _with_segments(0xE5, _FREE_SEGMENTS + 1)),
    "comments": (_with_segments(0xFE, _FREE_SEGMENTS), _with_segments(0xFE, _FREE_SEGMENTS + 1)),
    "padding": (_with_filler(MOST_JPEG_FILLER, b"\xff"), _with_filler(MOST_JPEG_FILLER + 1, b"\xff")),
    "restarts": (_with_filler(1000, b"\xff\xd0"), _with_filler(MOST_JPEG_FILLER + 2, b"\xff\xd0")),
    "pixel chunks": (_with_chunks(b"IDAT", MOST_PNG_PIXEL_CHUNKS - 1), _with_chunks(b"IDAT", MOST_PNG_PIXEL_CHUNKS)),
    "other chunks": (
        _with_chunks(b"prVt", MOST_PNG_OTHER_CHUNKS - 2),  # beside IHDR and IEND
        _with_chunks(b"prVt", MOST_PNG_OTHER_CHUNKS - 1),
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_photo_of_too_many_parts_is_refused_and_one_of_nearly_as_many_is_fine(name: str) -> None:
    many, too_many = PARTS[name]
    assert inspect_and_render(many, budget=BUDGET)[1].large
    with pytest.raises(PhotoUnreadable) as refused:
        inspect(too_many, budget=BUDGET)
    assert refused.value.facts == {"reason": "damaged"}
    assert refused.value.__cause__ is None, "Pillow has seen it"


@pytest.mark.parametrize("name", PARTS)
def test_a_walk_over_too_many_parts_ends_early(name: str) -> None:
    """It says damaged, not truncated: it never came to where the end is missing."""
    with pytest.raises(PhotoUnreadable) as refused:
        outline(PARTS[name][1][:-12], PhotoFormat.PNG if "chunks" in name else PhotoFormat.JPEG)
    assert refused.value.facts == {"reason": "damaged"}


@pytest.mark.parametrize(
    ("brands", "expected"),
    [
        (b"heic\0\0\0\0mif1heic", PhotoFormat.HEIF),
        (b"mif1\0\0\0\0mif1heic", PhotoFormat.HEIF),
        (b"mif1\0\0\0\0mif1miaf", PhotoFormat.HEIF),
        (b"msf1\0\0\0\0hevcavis", PhotoFormat.HEIF),
        (b"mif1\0\0\0\0mif1avif", None),
        (b"mif1\0\0\0\0jpeg", None),
        (b"msf1\0\0\0\0avis", None),
        (b"avif\0\0\0\0mif1heic", None),
        (b"mp42\0\0\0\0isom", None),
    ],
)
def test_only_heif_that_may_be_hevc_is_taken_for_heic(brands: bytes, expected: PhotoFormat | None) -> None:
    assert sniff(a_box(b"ftyp", brands)) is expected


def test_a_live_photo_in_a_heic_is_fine() -> None:
    assert corners(shown(A_HEIC + a_box(b"mpvd", a_film()))) == list(QUARTERS)
    assert corners(shown(A_HEIC + a_box(b"free", bytes(64)))) == list(QUARTERS)


def test_what_is_no_photo_and_what_is_too_large_costs_no_decoding() -> None:
    with pytest.raises(PhotoFormatUnsupported):
        inspect(b"GIF89a" + bytes(100), budget=BUDGET)
    with pytest.raises(PhotoTooManyPixels):
        inspect(encoded(quarters(80, 50), "WEBP"), budget=PhotoBudget(other_pixels=3999))


TURNED: dict[str, tuple[bytes, int, Image.Transpose | None]] = {
    "not turned": (b"irot\x00", 90, None),
    "a quarter": (b"irot\x01", 180, None),
    "a half": (b"irot\x02", 270, None),
    "three quarters": (b"irot\x03", 0, None),
    "mirrored left to right": (b"imir\x01", 90, Image.Transpose.FLIP_LEFT_RIGHT),
    "mirrored top to bottom": (b"imir\x00", 90, Image.Transpose.FLIP_TOP_BOTTOM),
}


@pytest.mark.parametrize("name", TURNED)
def test_a_heic_is_turned_by_its_boxes(name: str) -> None:
    """Stored on its side; three quarter turns make it upright (ISO/IEC 23008-12, 6.5.10 and 6.5.12)."""
    box, degrees, mirror = TURNED[name]
    assert A_HEIC.count(b"irot\x03") == 1
    heic = A_HEIC.replace(b"irot\x03", box)
    expected = quarters().rotate(degrees, expand=True)
    expected = expected if mirror is None else expected.transpose(mirror)
    facts, rendering = inspect_and_render(heic, budget=BUDGET)
    assert (facts.width, facts.height) == decoded(rendering.large).size == expected.size
    assert corners(decoded(rendering.large)) == corners(expected)
