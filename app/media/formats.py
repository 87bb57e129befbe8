"""Where an image begins and ends and how large it claims to be, read from its bytes without decoding them."""

import math
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from app.media.refusals import PhotoUnreadable


class PhotoFormat(str, Enum):
    """What citizens' phones send; the values are Pillow's names of the formats."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIF = "HEIF"

    @property
    def mime(self) -> str:
        return "image/heic" if self is PhotoFormat.HEIF else f"image/{self.value.lower()}"

    @property
    def suffix(self) -> str:
        return {"JPEG": "jpg", "HEIF": "heic"}.get(self.value, self.value.lower())


@dataclass(frozen=True, slots=True)
class Outline:
    """The frame of one image in a file.

    `end` is the offset behind its last byte. `size` is (width, height) in pixels as the header claims; of several
    pictures in one HEIF it is the largest. `scans` counts the passes a JPEG decoder has to make, `least_bytes` is what
    its picture cannot be coded in less than. `exif` is a PNG's chunk of EXIF, which may stand behind the pixels.
    """

    end: int
    size: tuple[int, int]
    scans: int = 1
    least_bytes: int = 0
    exif: bytes = b""


# Pillow keeps and walks every part in Python: millions of empty ones cost seconds and hundreds of megabytes. A JPEG of
# 10 MB has some 160 segments of full length and hundreds of scans at most; encoders cut PNG's pixels at 8 kB or more.
MOST_JPEG_SEGMENTS = 4_000
MOST_JPEG_FILLER = 65_536
MOST_PNG_PIXEL_CHUNKS = 20_000
MOST_PNG_OTHER_CHUNKS = 1_000

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# The brands of images coded with HEVC (ISO/IEC 23008-12, annex B). HEIF's own do not say which codec; files of other
# codecs that begin with them name it further on.
_HEVC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF_BRANDS = frozenset({b"mif1", b"msf1"})
_OTHER_CODECS = frozenset({b"avif", b"avis", b"jpeg", b"jpgs", b"avci", b"avcs", b"j2ki", b"j2is", b"vvic", b"vvis"})

_LONGEST_FTYP = 256

# Boxes that may stand at the top level of an ISO base media file (ISO/IEC 14496-12), and those phones add there.
_TOP_BOXES = frozenset(
    b"ftyp meta mdat moov free skip wide uuid moof mfra styp sidx ssix prft pdin idat udta pnot mpvd sefd thmb".split()
)


def sniff(data: bytes, start: int = 0) -> PhotoFormat | None:
    """Return the format that the bytes at `start` announce, or None."""
    head = data[start : start + 16]
    if head.startswith(b"\xff\xd8\xff"):
        return PhotoFormat.JPEG
    if head.startswith(PNG_SIGNATURE):
        return PhotoFormat.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if head[4:8] == b"ftyp" and _is_hevc(data, start, major=head[8:12]):
        return PhotoFormat.HEIF
    return None


def _is_hevc(data: bytes, start: int, *, major: bytes) -> bool:
    if major not in _HEIF_BRANDS:
        return major in _HEVC_BRANDS
    end = start + int.from_bytes(data[start : start + 4], "big")
    named = {data[place : place + 4] for place in range(start + 16, min(end, start + _LONGEST_FTYP), 4)}
    return bool(named & _HEVC_BRANDS) or not named & _OTHER_CODECS


def outline(data: bytes, photo_format: PhotoFormat, start: int = 0) -> Outline:
    """Walk the image that begins at `start`.

    :raises PhotoUnreadable: it ends before its own end mark, or its structure is broken or of absurdly many parts
    """
    try:
        return _WALKS[photo_format](data, start)
    except IndexError:
        raise PhotoUnreadable(reason="truncated") from None


def _number(data: bytes, start: int, length: int) -> int:
    """Read a big-endian number; IndexError where the bytes end."""
    end = start + length
    if end > len(data):
        raise IndexError
    return int.from_bytes(data[start:end], "big")


def _little(data: bytes, start: int, length: int) -> int:
    end = start + length
    if end > len(data):
        raise IndexError
    return int.from_bytes(data[start:end], "little")


# JPEG (ITU-T T.81, B.1.1): FF00 is data, FFD0 to FFD7 are restarts inside a scan, FFFF is padding.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN, _TEMPORARY = 0xD8, 0xD9, 0xDA, 0x01
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

# Frames coded with Huffman codes, of which none is shorter than a bit; arithmetic ones may spend less.
_HUFFMAN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})


def _walk_jpeg(data: bytes, start: int) -> Outline:
    position, frame, scans, filler = start + 2, 0, 0, 0
    for _ in range(MOST_JPEG_SEGMENTS):
        found = _JPEG_MARKER.search(data, position)
        if found is None:
            raise IndexError
        filler += 0 if scans else found.start() - position
        if filler > MOST_JPEG_FILLER:
            break
        position = found.end()
        marker = data[position - 1]
        if marker == _END_OF_IMAGE:
            size, least = _jpeg_frame(data, frame) if frame else ((0, 0), 0)
            return Outline(end=position, size=size, scans=scans, least_bytes=least)
        if marker in (_START_OF_IMAGE, _TEMPORARY):
            continue
        if marker in _FRAME_MARKERS and not frame:
            frame = position
        scans += marker == _START_OF_SCAN
        position += max(_number(data, position, 2), 2)
    raise PhotoUnreadable(reason="damaged")


def _jpeg_frame(data: bytes, start: int) -> tuple[tuple[int, int], int]:
    """Return the size that a frame header claims, and the bytes it takes to code one bit for each block of 8 x 8."""
    height, width = _number(data, start + 3, 2), _number(data, start + 5, 2)
    components = _number(data, start + 7, 1)
    factors = [divmod(_number(data, start + 9 + 3 * each, 1), 16) for each in range(components)]
    if data[start - 1] not in _HUFFMAN_FRAMES or not factors or not all(h and v for h, v in factors):
        return (width, height), 0
    across, down = (8 * max(each) for each in zip(*factors, strict=True))
    blocks = sum((width * h // across) * (height * v // down) for h, v in factors)
    return (width, height), blocks // 8


def _walk_png(data: bytes, start: int) -> Outline:
    """Follow the chunks to IEND, comparing the checksum of each that matters (PNG 3rd edition, 5.3 and 5.4)."""
    position, exif = start + len(PNG_SIGNATURE), b""
    size = (_number(data, position + 8, 4), _number(data, position + 12, 4))
    pixel_chunks = other_chunks = 0
    while pixel_chunks <= MOST_PNG_PIXEL_CHUNKS and other_chunks < MOST_PNG_OTHER_CHUNKS:
        length, kind = _number(data, position, 4), data[position + 4 : position + 8]
        pixel_chunks += kind == b"IDAT"
        other_chunks += kind != b"IDAT"
        checksum = _number(data, position + 8 + length, 4)
        if kind[:1].isupper() and zlib.crc32(memoryview(data)[position + 4 : position + 8 + length]) != checksum:
            raise PhotoUnreadable(reason="damaged")  # Pillow would show whatever the damage left
        if kind == b"eXIf":
            exif = data[position + 8 : position + 8 + length]
        position += 12 + length
        if kind == b"IEND":
            return Outline(end=position, size=size, exif=exif)
    raise PhotoUnreadable(reason="damaged")


def _walk_webp(data: bytes, start: int) -> Outline:
    """Trust the RIFF header for the length and the first chunk for the canvas (RFC 9649, 2.4 to 2.7)."""
    end = start + 8 + _little(data, start + 4, 4)
    if end > len(data):
        raise IndexError
    body = start + 20
    kind = data[start + 12 : start + 16]
    if kind == b"VP8X":
        size = (_little(data, body + 4, 3) + 1, _little(data, body + 7, 3) + 1)
    elif kind == b"VP8L":
        bits = _little(data, body + 1, 4)
        size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    else:
        size = (_little(data, body + 6, 2) & 0x3FFF, _little(data, body + 8, 2) & 0x3FFF)
    return Outline(end=end, size=size)


# The extents of an image item (ISO/IEC 23008-12, 6.5.3): version and flags are 0, then width and height.
_HEIF_EXTENTS = re.compile(rb"\x00\x00\x00\x14ispe\x00{4}(.{4})(.{4})", re.DOTALL)


def _walk_heif(data: bytes, start: int) -> Outline:
    end = end_of_boxes(data, start)
    if end > len(data):
        raise IndexError
    sizes = [
        (int.from_bytes(width, "big"), int.from_bytes(height, "big"))
        for width, height in _HEIF_EXTENTS.findall(data, start, end)
    ]
    return Outline(end=end, size=max(sizes, key=math.prod, default=(0, 0)))


def end_of_boxes(data: bytes, start: int) -> int:
    """Return where a chain of ISO base media boxes ends; beyond the file when its last box is cut off."""
    position = start
    while position + 8 <= len(data) and data[position + 4 : position + 8] in _TOP_BOXES:
        length = _number(data, position, 4)
        if length == 0:  # "extends to the end of the file"
            return len(data)
        if length == 1 and position + 16 <= len(data):
            length = _number(data, position + 8, 8)
        position += max(length, 8)
    return position


_WALKS: dict[PhotoFormat, Callable[[bytes, int], Outline]] = {
    PhotoFormat.JPEG: _walk_jpeg,
    PhotoFormat.PNG: _walk_png,
    PhotoFormat.WEBP: _walk_webp,
    PhotoFormat.HEIF: _walk_heif,
}
