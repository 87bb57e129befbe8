"""Take a file from the disk, find out what it is, and hand over its features as they stand, whatever the format."""

import codecs
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from app.city.importing.polygons import BadGeometry
from app.city.importing.wanted import ImportRefused
from app.domain.gcj02 import Datum

MAX_BYTES = 1024 * 1024 * 1024
MAX_FEATURES = 1_200_000
"""A city of a million cells with 20 vertices each is a file of 620 MB, and takes 5 GB of memory while it is judged."""

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_CHUNK = 4 * 1024 * 1024
_SUFFIXES = {".geojson": "geojson", ".json": "geojson", ".csv": "csv", ".txt": "csv", ".xlsx": "xlsx"}


@dataclass(frozen=True, slots=True)
class RawFeature:
    """One feature as delivered; `number` is the feature's position from 1, or the row of its table.

    Its geometry is a polygon already, or what is wrong with it: as text a million of them would fill the memory twice.
    """

    number: int
    properties: Mapping[str, object]
    geometry: BaseGeometry | BadGeometry


@dataclass(frozen=True, slots=True)
class RawFile:
    """Everything a file holds. `crs` is the name it gives its coordinates, `datum` what that means, if known."""

    format: str
    features: Sequence[RawFeature]
    crs: str | None = None
    datum: Datum | None = None

    @property
    def is_table(self) -> bool:
        return self.format != "GeoJSON"


@dataclass(frozen=True, slots=True)
class Content:
    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def take(path: Path) -> Content:
    """Read the file whole.

    :raises ImportRefused: it cannot be read, is empty or longer than `MAX_BYTES`
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # not the size the directory gives: a pipe has none
    except OSError as failed:
        raise ImportRefused("unreadable", path=path, detail=failed.strerror or type(failed).__name__) from None
    if len(data) > MAX_BYTES:
        raise ImportRefused("too_long", limit_mb=MAX_BYTES // 1024 // 1024)
    if not data.strip():
        raise ImportRefused("empty")
    return Content(path.name, data)


def format_of(content: Content) -> str:
    """Return geojson, csv or xlsx: by what the bytes are, then by the name, then by the first sign.

    :raises ImportRefused: a format that is not read
    """
    if content.data.startswith(_ZIP):
        return "xlsx"
    if content.data.startswith(_OLD_OFFICE):
        raise ImportRefused("old_excel")
    named = _SUFFIXES.get(Path(content.name).suffix.lower())
    if named == "xlsx":
        raise ImportRefused("no_workbook", detail="ZIP")
    if named:
        return named
    return "geojson" if content.data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["} else "csv"


def encoding_of(data: bytes) -> str:
    """Return how a text is written: UTF-8 (with or without a mark), GB 18030 (so GBK and GB 2312 too) or UTF-16.

    :raises ImportRefused: none of them fits, it is no text at all, or the text ends inside a sign
    """
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            if _is_text(data, encoding):
                return encoding
        except UnicodeDecodeError as failed:
            left = len(failed.object) - failed.start
            if failed.reason == "unexpected end of data" and not data[: len(data) - left].isascii():
                raise ImportRefused("cut_off") from None  # good up to half a sign: it would make nonsense as GBK
    raise ImportRefused("encoding")


def _is_text(data: bytes, encoding: str) -> bool:
    """Decode piece by piece, for a long text as a whole takes several times its bytes, and look for NUL."""
    decoder = codecs.getincrementaldecoder(encoding)()
    pieces = (
        decoder.decode(data[start : start + _CHUNK], start + _CHUNK >= len(data))
        for start in range(0, len(data), _CHUNK)
    )
    return not any("\0" in piece for piece in pieces)
