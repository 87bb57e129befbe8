"""From any photo to two upright sRGB JPEGs without metadata, or a refusal with a code."""

import hashlib
import random
import re
import struct
import zlib
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageCms

from app.domain.errors import DomainError
from app.media.budget import PhotoBudget, turn, turn_in_request
from app.media.formats import Outline, PhotoFormat
from app.media.images import PhotoFacts, Rendering, inspect_and_render
from app.media.refusals import (
    PhotoFormatUnsupported,
    PhotoServiceBusy,
    PhotoTooLarge,
    PhotoTooManyPixels,
    PhotoUnreadable,
)
from tests.media.pictures import (
    A_HEIC,
    BLUE,
    GREEN,
    QUARTERS,
    RED,
    WHITE,
    a_jpeg,
    a_png_bomb,
    corners,
    decoded,
    encoded,
    exif,
    is_near,
    quarters,
    stored_turned,
)

BUDGET = PhotoBudget()


def both(data: bytes) -> tuple[PhotoFacts, Rendering]:
    return inspect_and_render(data, budget=BUDGET)


def render(data: bytes, budget: PhotoBudget = BUDGET) -> Rendering:
    return inspect_and_render(data, budget=budget)[1]


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(file_format: str, orientation: int) -> None:
    stored = stored_turned(quarters(2000, 1200), orientation)
    facts, shown = both(encoded(stored, file_format, exif=exif(base={0x0112: orientation})))
    assert (facts.width, facts.height) == (2000, 1200)
    large, small = decoded(shown.large), decoded(shown.small)
    assert (large.size, small.size) == ((1600, 960), (320, 192))
    assert corners(large) == corners(small) == list(QUARTERS)


def test_a_heic_comes_out_upright_with_its_hints() -> None:
    facts, shown = both(A_HEIC)
    assert (facts.format, facts.width, facts.height) == (PhotoFormat.HEIF, 64, 48)
    assert corners(decoded(shown.large)) == corners(decoded(shown.small)) == list(QUARTERS)
    hints = facts.hints
    assert (hints.taken_at, hints.taken_at_is_assumed) == (datetime(2026, 11, 20, 2, 0, tzinfo=UTC), False)
    assert (hints.lon, hints.lat) == (120.383, 36.067)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_changes_nothing(orientation: int) -> None:
    photo = render(a_jpeg(exif=exif(base={0x0112: orientation})))
    assert corners(decoded(photo.large)) == list(QUARTERS)


def test_a_small_photo_is_not_blown_up() -> None:
    photo = render(a_jpeg(64, 48))
    assert decoded(photo.large).size == decoded(photo.small).size == (64, 48)


@pytest.mark.parametrize("size", [(5000, 10), (10, 5000), (1, 1), (321, 320), (1601, 1600), (3, 2000)])
def test_no_shape_breaks_the_scaling(size: tuple[int, int]) -> None:
    photo = render(a_jpeg(*size))
    assert max(decoded(photo.large).size) == min(1600, max(size))
    assert max(decoded(photo.small).size) == min(320, max(size))


def test_the_original_is_named_by_its_hash() -> None:
    original = a_jpeg()
    facts, _ = both(original)
    assert facts.sha256 == hashlib.sha256(original).hexdigest()
    assert (facts.format, facts.size_bytes) == (PhotoFormat.JPEG, len(original))


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [
        ("CMYK", "JPEG"), ("L", "JPEG"), ("RGB", "PNG"), ("P", "PNG"), ("1", "PNG"), ("LA", "PNG"), ("RGBA", "PNG"),
        ("L", "PNG"), ("RGB", "WEBP"), ("RGBA", "WEBP"),
    ],
)  # fmt: skip
def test_every_mode_keeps_its_picture(mode: str, file_format: str) -> None:
    image = quarters().quantize(8) if mode == "P" else quarters(mode=mode)
    expected = image.convert("RGB")
    seen = decoded(render(encoded(image, file_format)).large)
    assert seen.mode == "RGB"
    for place in ((16, 12), (48, 12), (16, 36), (48, 36)):
        wanted = expected.getpixel(place)
        assert isinstance(wanted, tuple)
        if mode != "1":  # dots
            assert is_near(seen.getpixel(place), (int(wanted[0]), int(wanted[1]), int(wanted[2])), within=32)


def test_sixteen_bits_of_grey_are_scaled_and_not_clipped() -> None:
    image = Image.new("I;16", (8, 8), 0x8000)
    seen = decoded(render(encoded(image, "PNG")).large).getpixel((4, 4))
    assert is_near(seen, (128, 128, 128), within=3)


def test_sixteen_bits_of_colour_are_read() -> None:
    """Pillow cannot write such a PNG: one red pixel by hand."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    row = b"\x00" + struct.pack(">HHH", 0xFFFF, 0x8000, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(row))
        + chunk(b"IEND", b"")
    )
    assert is_near(decoded(render(png).large).getpixel((0, 0)), (255, 128, 0), within=6)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_transparent_parts_become_white(file_format: str) -> None:
    image = quarters(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 32, 24))
    assert corners(decoded(render(encoded(image, file_format)).large)) == [WHITE, GREEN, BLUE, WHITE]


def test_a_transparent_palette_becomes_white() -> None:
    image = quarters().quantize(4)
    transparent = image.getpixel((1, 1))
    seen = decoded(render(encoded(image, "PNG", transparency=transparent)).large)
    assert corners(seen) == [WHITE, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_counts(file_format: str) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in (RED, GREEN, BLUE)]
    animated = encoded(frames[0], file_format, save_all=True, append_images=frames[1:], lossless=True)
    assert is_near(decoded(render(animated).large).getpixel((30, 20)), RED)


def test_a_camera_file_with_two_pictures_is_a_jpeg() -> None:
    other = Image.new("RGB", (64, 48), "black")
    facts, shown = both(encoded(quarters(), "MPO", save_all=True, append_images=[other], quality=95))
    assert facts.format is PhotoFormat.JPEG
    assert corners(decoded(shown.large)) == list(QUARTERS)


def test_colours_of_another_space_are_converted() -> None:
    """A Lab profile cannot describe RGB pixels and is ignored; a real one of another gamma changes the values."""
    nonsense = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert corners(decoded(render(a_jpeg(icc_profile=nonsense)).large)) == list(QUARTERS)
    assert corners(decoded(render(a_jpeg(icc_profile=b"no profile at all")).large)) == list(QUARTERS)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_pixels_is_shown(file_format: str) -> None:
    gps = {1: "N", 2: (36.0, 4.0, 0.0), 3: "E", 4: (120.0, 23.0, 0.0)}
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = exif(base={0x010F: "SECRETMAKER", 0x0112: 6}, gps=gps)
    options = {"comment": b"SECRETWORD"} if file_format == "JPEG" else {}
    facts, rendering = both(encoded(quarters(), file_format, exif=tags, icc_profile=srgb, **options))
    assert (facts.hints.lon, facts.hints.lat) == (120.3833333, 36.0666667)
    for shown in (rendering.large, rendering.small):
        assert not any(word in shown for word in (b"SECRET", b"Exif", b"ICC_PROFILE", b"http", b"Photoshop"))
        assert set(decoded(shown).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_time_without_an_offset_is_read_as_beijing_time() -> None:
    facts, _ = both(a_jpeg(exif=exif(detail={0x9003: "2026:11:20 10:00:00"})))
    assert facts.hints.taken_at == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    assert facts.hints.taken_at_is_assumed


@pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning")
def test_broken_exif_is_noted_and_not_held_against_the_photo() -> None:
    facts, _ = both(a_jpeg(exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff"))
    assert (facts.hints.taken_at, facts.hints.lon) == (None, None)
    broken_place = exif(gps={1: "N", 2: (200.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)})
    assert both(a_jpeg(exif=broken_place))[0].hints.notes == ("gps_unreadable",)


def test_a_file_over_the_limit_is_refused() -> None:
    original = a_jpeg()
    render(original, PhotoBudget(max_bytes=len(original)))
    with pytest.raises(PhotoTooLarge):
        render(original, PhotoBudget(max_bytes=len(original) - 1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        bytes(range(256)) * 2 + bytes(188),
        "只是一段文字，改名为照片。".encode() * 20,
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
        b"GIF89a" + bytes(100),
        b"BM" + bytes(200),
        b"II*\x00" + bytes(100),
        b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        b"PK\x03\x04" + bytes(60) + a_jpeg(),
        b"<html>" + a_jpeg(),
        b"#!/bin/sh\n" + a_jpeg(),
    ],
)
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(PhotoFormatUnsupported):
        render(data)


@pytest.mark.parametrize("options", [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {})])
@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_truncated_photo_is_refused(options: tuple[str, dict[str, bool]], tenth: int) -> None:
    whole = encoded(quarters(400, 300), options[0], **options[1])
    with pytest.raises(PhotoUnreadable):
        render(whole[: len(whole) * tenth // 10])


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_truncated_heic_is_refused(tenth: int) -> None:
    with pytest.raises(PhotoUnreadable):
        render(A_HEIC[: len(A_HEIC) * tenth // 10])


def test_a_jpeg_without_its_last_byte_is_refused() -> None:
    with pytest.raises(PhotoUnreadable):
        render(a_jpeg()[:-1])


@pytest.mark.parametrize(
    "header", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypheic"]
)
def test_a_header_alone_is_refused(header: bytes) -> None:
    for length in (0, 10, 690):
        with pytest.raises(PhotoUnreadable):
            render(header + bytes(length))


def test_damaged_pixels_are_refused() -> None:
    png = bytearray(encoded(quarters(400, 300), "PNG"))
    middle = len(png) // 2
    png[middle : middle + 8] = b"\x00" * 8
    with pytest.raises(PhotoUnreadable):
        render(bytes(png))


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = a_png_bomb(30_000)
    assert len(bomb) < 200_000
    with pytest.raises(PhotoTooManyPixels):
        render(bomb)


def test_a_heic_claiming_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    claim = re.sub(rb"(ispe\x00{4}).{8}", rb"\1" + struct.pack(">II", 30_000, 30_000), A_HEIC, flags=re.DOTALL)
    assert claim != A_HEIC
    with pytest.raises(PhotoTooManyPixels):
        render(claim)


def test_a_jpeg_may_have_more_pixels_than_others() -> None:
    budget = PhotoBudget(jpeg_pixels=4000, other_pixels=3000)
    render(a_jpeg(80, 50), budget)
    with pytest.raises(PhotoTooManyPixels):
        render(a_jpeg(81, 50), budget)
    with pytest.raises(PhotoTooManyPixels):
        render(encoded(quarters(80, 50), "WEBP"), budget)
    with pytest.raises(PhotoTooManyPixels):
        render(encoded(quarters(80, 50), "WEBP", lossless=True), budget)


def test_a_huge_photo_within_the_budget_is_accepted() -> None:
    """108 megapixels are an ordinary phone; Pillow on its own would warn above 89."""
    facts, shown = both(encoded(Image.new("L", (12_000, 9_000), 128)))
    assert (facts.width, decoded(shown.large).size) == (12_000, (1600, 1200))


def test_a_jpeg_with_too_many_passes_is_refused() -> None:
    progressive = encoded(quarters(400, 300), progressive=True)
    with pytest.raises(PhotoTooManyPixels):
        render(progressive, PhotoBudget(jpeg_pixel_passes=400 * 300 * 3))


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damage_anywhere_ends_in_a_picture_or_a_refusal(seed: int) -> None:
    chance = random.Random(seed)
    tags = exif(base={0x0112: 6}, detail={0x9003: "2026:11:20 10:00:00"}, gps={1: "N", 2: (1.0, 2.0, 3.0)})
    whole = (A_HEIC, *(encoded(quarters(), file_format, exif=tags) for file_format in ("JPEG", "PNG", "WEBP")))
    data = bytearray(chance.choice(whole))
    for _ in range(chance.randint(1, 30)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        render(bytes(data))
    except DomainError as refusal:
        code = refusal.code
    else:
        code = "PHOTO_FINE"
    assert code.startswith("PHOTO_")


def take_turns(held: ExitStack, *sizes: tuple[int, int]) -> None:
    for size in sizes:
        held.enter_context(turn_in_request(Outline(end=0, size=size), 0))


def test_nobody_waits_for_a_decoder_without_limit() -> None:
    impatient = PhotoBudget(wait_s=0)
    with ExitStack() as held:
        take_turns(held, (64, 48), (64, 48))
        for _ in range(20):  # a refused one gives back what it took
            with pytest.raises(PhotoServiceBusy) as refused:
                render(a_jpeg(), impatient)
        assert refused.value.facts == {"retry_after_s": 5}
        assert refused.value.retryable
    assert render(a_jpeg(), impatient).large


def test_a_huge_photo_leaves_a_decoder_to_the_others() -> None:
    with ExitStack() as held:
        take_turns(held, (8000, 6000))
        with pytest.raises(PhotoServiceBusy), turn(Outline(end=0, size=(8000, 6000)), 0):
            pass
        assert render(a_jpeg(), PhotoBudget(wait_s=0)).large


def test_only_a_few_may_wait() -> None:
    patient = PhotoBudget(wait_s=60)
    with ThreadPoolExecutor(5) as threads:
        with ExitStack() as held:
            take_turns(held, (64, 48), (64, 48))
            uploads = [threads.submit(render, a_jpeg(), patient) for _ in range(5)]
            refused, waiting = wait(uploads, return_when=FIRST_COMPLETED)
            assert [type(upload.exception()) for upload in refused] == [PhotoServiceBusy]
            assert not any(upload.done() for upload in waiting)
        assert [len(upload.result().large) > 0 for upload in waiting] == [True] * 4
