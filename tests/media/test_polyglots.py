"""A photo may carry what a camera adds, and nothing else."""

import struct

import pytest

from app.media.budget import PhotoBudget
from app.media.images import inspect_and_render
from app.media.refusals import PhotoPolyglot
from tests.media.pictures import A_HEIC, a_box, a_film, a_jpeg, a_zip, encoded, quarters

PE = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\x00\x00\x64\x86" + bytes(100)
ELF = b"\x7fELF\x02\x01\x01" + bytes(60)
HTML = b"<!DOCTYPE html>\n<html><body onload=alert(1)></body></html>"

STRANGERS = {
    "zip": a_zip(),
    "zip behind padding": bytes(100) + a_zip(),
    "zip with a tail": a_zip() + bytes(range(256)) * 300,
    "html": HTML,
    "html fragment": b"<img src=x onerror=alert(1)>",
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n",
    "php": b"<?php system($_GET['c']); ?>",
    "shell": b"#!/bin/sh\nrm -rf /\n",
    "javascript": b"*/=alert(document.domain);/*",
    "batch file": b"@echo off\r\ndel *.*\r\n",
    "chinese text": "这里藏着一段文字，不是照片的一部分。".encode(),
    "windows program": PE,
    "linux program": ELF,
    "java class": b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(40),
    "rar": b"Rar!\x1a\x07\x01\x00" + bytes(40),
    "7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40),
    "gzip": b"\x1f\x8b\x08\x00" + bytes(40),
    "office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40),
    "zip behind a film": a_film() + a_zip(),
    "html behind a film": a_film() + HTML,
    "html in a film": a_box(b"ftyp", b"mp42") + a_box(b"mdat", HTML),
    "zip behind a second picture": a_jpeg(8, 8) + a_zip(),
    "zip deep inside": b"\x8a\x01\x02\x03\x00\x9f" + a_zip() + bytes(range(256)) * 300,
    "script before a Samsung mark": b"#!/bin/sh\nexit\n" + b"SEFH" + bytes(20) + b"SEFT",
    "text behind a Huawei mark": b"LIVE_3513890 ; rm -rf everything",
    "dozens of pictures": a_jpeg(1, 1) * 40,
    "zip before a Samsung mark": a_zip() + b"SEFH" + bytes(20) + b"SEFT",
}

CAMERA_TRAILERS = {
    "motion photo": a_film(),
    "motion photo cut off": a_film()[:-20],
    "padding": bytes(5000),
    "line end": b"\r\n",
    "second picture": a_jpeg(8, 8),
    "second picture cut off": a_jpeg(8, 8)[:-10],
    "two more pictures and a film": a_jpeg(8, 8) + bytes(16) + a_jpeg(9, 9) + a_film(),
    "Samsung": b"\x00\x00\x01\x0a\x0e\x00\x00\x00Image_UTC_Data1600000000000SEFH\x6b\x00\x00\x00\x01\x00\x00\x00SEFT",
    "Samsung motion photo": b"\x00\x00\x30\x0a\x10\x00\x00\x00MotionPhoto_Data"
    + a_film()
    + b"SEFH"
    + bytes(20)
    + b"SEFT",
    "Huawei live photo": a_film() + b"v3_f31_c      2366:1456    LIVE_3513890    ",
    "vivo": b'vivo{"mediaType":1,"appVersion":"1.2"}',
    "unknown binary": b"\x8a\x01\x02\x03\x00\x9f\xff\x10" * 12,
}


def refuse_or_render(data: bytes) -> None:
    inspect_and_render(data, budget=PhotoBudget())


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_stranger_behind_the_picture_is_refused(file_format: str, stranger: str) -> None:
    picture = A_HEIC if file_format == "HEIF" else encoded(quarters(), file_format)
    with pytest.raises(PhotoPolyglot):
        refuse_or_render(picture + STRANGERS[stranger])


@pytest.mark.parametrize("trailer", CAMERA_TRAILERS)
def test_what_cameras_append_is_accepted(trailer: str) -> None:
    refuse_or_render(a_jpeg() + CAMERA_TRAILERS[trailer])


@pytest.mark.parametrize("word", [b"<?php system('id'); ?>", b"<script>alert(1)</script>", b"<SCRIPT SRC=x>"])
def test_a_script_in_the_comment_is_refused(word: bytes) -> None:
    with pytest.raises(PhotoPolyglot):
        refuse_or_render(a_jpeg(comment=word))


def test_a_jpeg_that_is_also_a_javascript_is_refused() -> None:
    """The length of the first segment reads as the start of a comment."""
    jpeg = a_jpeg()
    length = struct.unpack(">H", jpeg[4:6])[0]
    body = jpeg[6 : 4 + length] + bytes(0x2F2A - length)
    with pytest.raises(PhotoPolyglot):
        refuse_or_render(jpeg[:4] + b"/*" + body + jpeg[4 + length :])


def test_an_archive_hidden_in_a_comment_at_the_end_is_refused() -> None:
    """Readers look for an archive's directory near the end of a file, wherever the picture ends."""
    jpeg = a_jpeg()
    payload = a_zip()
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(payload)) + payload
    with pytest.raises(PhotoPolyglot):
        refuse_or_render(jpeg[:-2] + comment + jpeg[-2:])
