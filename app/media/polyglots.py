"""Files that are a photo and something else at once: found by what hides in them and by what follows the image.

Phones do append things: the film of a motion photo (an MP4), a second or gain-map JPEG, Samsung's SEF block, the
marks of Huawei and vivo. Those pass. Archives, documents, programs and any kind of text do not.
"""

import io
import re
import zipfile

from app.media.formats import end_of_boxes, outline, sniff
from app.media.refusals import PhotoPolyglot, PhotoUnreadable

# Long enough that pixel data does not contain them by chance (less than one photo in a million).
_FOREIGN_ANYWHERE: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    # Spelt out per letter: with a literal first byte the search is ten times faster than ignoring case.
    (
        "page",
        re.compile(
            rb"<(?:(?:[sS][cC][rR][iI][pP][tT]|[iI][fF][rR][aA][mM][eE]|[hH][tT][mM][lL]|[bB][oO][dD][yY])[\s>]"
            rb"|![dD][oO][cC][tT][yY][pP][eE]\s+[hH][tT][mM][lL]|\?[pP][hH][pP]\s)"
        ),
    ),
    ("document", re.compile(rb"%PDF-[12]\.[0-9]")),
    ("program", re.compile(rb"\x7fELF[\x01\x02][\x01\x02]\x01.\x00{4}", re.DOTALL)),
    ("program", re.compile(rb"PE\x00\x00(?:\x4c\x01|\x64\x86|\x64\xaa)")),  # Windows, by its three processors
    ("archive", re.compile(rb"Rar!\x1a\x07")),
    ("archive", re.compile(rb"7z\xbc\xaf\x27\x1c")),
)

_FOREIGN_BEGINNINGS: tuple[tuple[str, bytes], ...] = (
    ("archive", b"PK"),
    ("archive", b"\x1f\x8b"),
    ("archive", b"BZh"),
    ("archive", b"\xfd7zXZ"),
    ("archive", b"MSCF"),
    ("document", b"\xd0\xcf\x11\xe0"),
    ("program", b"MZ"),
    ("program", b"\x7fELF"),
    ("program", b"\xca\xfe\xba\xbe"),
    ("program", b"\xcf\xfa\xed\xfe"),
    ("script", b"#!"),
)

_PADDING = re.compile(rb"(?:[\x00\s]++|\xff(?!\xd8))*+")
_ZIP_ENTRY = b"PK\x03\x04"

# Text that phones write behind the image or its film: Huawei and Honor live photos, vivo's editor.
_PHONE_MARK = re.compile(rb"[\w.: ]{0,64}LIVE_\d{1,32}[\s\d:]{0,64}\Z|streamdata|vivo\{\"|cameraAlbum")

_MOST_PARTS = 32  # a burst or a pair of eyes has a few pictures, never dozens
_TEXT_SAMPLE = 64
_SHORTEST_TEXT = 8
_LONGEST_CHARACTER = 4
_WHITESPACE = frozenset("\t\n\r\f")


def refuse_polyglot(data: bytes, *, end: int) -> None:
    """Let pass only what a camera writes.

    :param end: offset behind the image itself
    :raises PhotoPolyglot: an archive, a page, a document, a script or a program is in the file
    """
    for kind, pattern in _FOREIGN_ANYWHERE:
        if pattern.search(data):
            raise PhotoPolyglot(kind=kind)
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise PhotoPolyglot(kind="archive")
    if data.startswith(b"\xff\xd8\xff\xe0/*"):  # a JFIF segment whose length opens a JavaScript comment
        raise PhotoPolyglot(kind="script")
    _refuse_trailers(data, end)


def _refuse_trailers(data: bytes, end: int) -> None:
    position = end
    for _ in range(_MOST_PARTS):
        position = _behind_padding(data, position)
        if position >= len(data) or _PHONE_MARK.match(data, position):
            return
        behind = _behind_camera_part(data, position)
        if behind is None:
            _refuse_foreign(data, position)
            return
        position = behind
    raise PhotoPolyglot(kind="archive")


def _behind_padding(data: bytes, position: int) -> int:
    padding = _PADDING.match(data, position)
    return padding.end() if padding else position


def _behind_camera_part(data: bytes, position: int) -> int | None:
    """Return where a film or a further image ends, or None when neither begins here."""
    if data[position + 4 : position + 8] == b"ftyp":
        return end_of_boxes(data, position)
    nested = sniff(data, position)
    if nested is None:
        return None
    try:
        return outline(data, nested, position).end
    except PhotoUnreadable:
        return len(data)  # the second picture is cut off; the first one, the evidence, is whole


def _refuse_foreign(data: bytes, position: int) -> None:
    for kind, beginning in _FOREIGN_BEGINNINGS:
        if data.startswith(beginning, position):
            raise PhotoPolyglot(kind=kind)
    if data.find(_ZIP_ENTRY, position) >= 0:
        raise PhotoPolyglot(kind="archive")
    if _is_text(data[position : position + _TEXT_SAMPLE]):
        raise PhotoPolyglot(kind="script")


def _is_text(sample: bytes) -> bool:
    if len(sample) < _SHORTEST_TEXT:
        return False
    try:
        words = sample.decode()
    except UnicodeDecodeError as broken:
        if broken.start < len(sample) - _LONGEST_CHARACTER:
            return False
        words = sample[: broken.start].decode()
    return all(letter.isprintable() or letter in _WHITESPACE for letter in words)
