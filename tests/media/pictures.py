"""Small pictures made on the spot: a red, a green, a blue and a white quarter, in any format and state."""

import base64
import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (250, 250, 250)
QUARTERS = (RED, GREEN, BLUE, WHITE)
"""The colours of the upright picture: top left, top right, bottom left, bottom right."""


def quarters(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (width, height))
    middle, centre = width // 2, height // 2
    boxes = ((0, 0, middle, centre), (middle, 0, width, centre), (0, centre, middle, height))
    for box, colour in zip((*boxes, (middle, centre, width, height)), QUARTERS, strict=True):
        image.paste(colour, box)
    return image.convert(mode)


def encoded(image: Image.Image, file_format: str = "JPEG", **options: Any) -> bytes:
    output = io.BytesIO()
    if file_format == "JPEG":
        options = {"quality": 95, "subsampling": 0} | options
    image.save(output, file_format, **options)
    return output.getvalue()


def a_jpeg(width: int = 64, height: int = 48, **options: Any) -> bytes:
    return encoded(quarters(width, height), **options)


def exif(*, base: dict[int, Any] | None = None, detail: dict[int, Any] | None = None, gps: Any = None) -> Image.Exif:
    tags = Image.Exif()
    tags.update(base or {})
    tags.get_ifd(0x8769).update(detail or {})
    tags.get_ifd(0x8825).update(gps or {})
    return tags


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def is_near(seen: object, wanted: tuple[int, int, int], *, within: int = 24) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(one - other) <= within for one, other in zip(seen, wanted, strict=True))


def corners(image: Image.Image) -> list[tuple[int, int, int]]:
    """Return the named colours nearest to the centres of the four quarters."""
    width, height = image.size
    places = ((x * width // 4, y * height // 4) for y in (1, 3) for x in (1, 3))
    seen = [image.getpixel(place) for place in places]
    return [next((colour for colour in QUARTERS if is_near(pixel, colour)), (0, 0, 0)) for pixel in seen]


def stored_turned(image: Image.Image, orientation: int) -> Image.Image:
    """Return the pixels as a camera stores them so that `orientation` makes them upright (Exif 2.32, 4.6.4)."""
    turns: dict[int, tuple[Image.Transpose, ...]] = {
        1: (),
        2: (Image.Transpose.FLIP_LEFT_RIGHT,),
        3: (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM),
        4: (Image.Transpose.FLIP_TOP_BOTTOM,),
        5: (Image.Transpose.TRANSPOSE,),
        6: (Image.Transpose.TRANSPOSE, Image.Transpose.FLIP_TOP_BOTTOM),
        7: (Image.Transpose.TRANSPOSE, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_LEFT_RIGHT),
        8: (Image.Transpose.TRANSPOSE, Image.Transpose.FLIP_LEFT_RIGHT),
    }
    for turn in turns[orientation]:
        image = image.transpose(turn)
    return image


def a_zip(name: str = "payload.txt") -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr(name, "anything")
    return output.getvalue()


def a_box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def a_film() -> bytes:
    """Return a tiny MP4 as phones append it to a motion photo."""
    return (
        a_box(b"ftyp", b"mp42\x00\x00\x00\x00isommp42")
        + a_box(b"mdat", bytes(range(256)) * 4)
        + a_box(b"moov", b"\0" * 40)
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def a_png_bomb(side: int) -> bytes:
    """Return a small valid PNG of `side` x `side` pixels of one colour."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    row = b"\x00" * (1 + (side + 7) // 8)
    pixels = b"".join(rows.compress(row * 100) for _ in range(side // 100)) + rows.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def a_png(
    size: tuple[int, int],
    pixels: bytes,
    *,
    depth: int = 8,
    colour_type: int = 2,
    behind: tuple[tuple[bytes, bytes], ...] = (),
) -> bytes:
    """Return a PNG by hand, of compressed `pixels` that may be anything, with chunks behind them."""
    header = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), *behind, (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


# The library that reads HEIC cannot write it: `quarters()` turned by 90 degrees, with a time and a place.
A_HEIC = base64.b85decode(
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<0005VZDn*}000000000XXk=`10000000000aA{+700000000000000000000G-"
    "+&aV*mgE07O6l0ssL300001>;M4(00000001}u0ssI200JZc0RR9100000+yDRoIB98aW&i*H00062000$fZf0cy000000RRAKc4"
    "ILB0000LX>Mj^0ssI300IC2MR;ju000004sdC7Z2$lO00031009SSaB^?}008D`aAR)(004Gqc4I>U18@KU0FVFx0000U@BsY%`1"
    "k+-4+CHT0RR|40Sp2E{{wIU00RJ!0009300RIXx&lC90096hLID8-"
    "Z~y=U0FVFx0{{R603M(qfd!W8<fgf}2xu@M00096AOHXZ03l)k0RRR>0l{;?i2wiq6Ju{|a&BX6cmM$a4FCp!0000KX>)L800000"
    "0000$0000$0000eV{Bn?0000m000010000$00001|NsB+0000200000000020000GaA|mH000000|*ER00009X>xCL0{{R38EJ5B"
    "VE_OC000000RRC8fdT^sgoXeB02*m>Wo7^X0000001jhhb7KGk009620003TZDe6|0000qC;_h-fcJ$BKR(O1;K8r6#;XnjU4_C~"
    "fr`~;-}eS7DxRO5CaK@%K@j=K8bARsIna-"
    "M00006MR;ju002!*04e|g00;mB0TKWM0000100sa6hiL!=000010000oh$R37000010001N0000000NK$00IC202BZK08o$-"
    "00IC200#g70Av6F001&DGB!FfF*-"
    "6ZATcmHFfckWFaRqsI65#e000040096300002P5=M^00IC7000030001@00RI500002MF0Q*00aO9000030002G000000000a000"
    "01000040000100006000050001Z000010000M000010003d00005"
)

_PIXELS = A_HEIC.index(b"mdat") + 4
A_DAMAGED_HEIC = A_HEIC[:_PIXELS] + bytes(8) + A_HEIC[_PIXELS + 8 :]
"""Sound by its boxes, with the beginning of the pixels gone: only a decoder notices."""
