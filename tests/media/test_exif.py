"""Hints from EXIF: read when they make sense, noted when they do not."""

from datetime import UTC, datetime, timedelta

import pytest

from app.media.exif import ExifHints, Tags, read_hints

QINGDAO: Tags = {1: "N", 2: (36.0, 4.0, 1.2), 3: "E", 4: (120.0, 22.0, 58.8)}


def place(gps: Tags) -> ExifHints:
    return read_hints({}, {}, gps)


def test_degrees_minutes_seconds_become_degrees() -> None:
    hints = place(QINGDAO)
    assert (hints.lat, hints.lon) == (36.067, 120.383)


@pytest.mark.parametrize(
    ("lat_ref", "lon_ref", "signs"), [("S", "E", (-1, 1)), ("N", "W", (1, -1)), (b"s\x00", b"w\x00", (-1, -1))]
)
def test_references_give_the_sign(lat_ref: object, lon_ref: object, signs: tuple[int, int]) -> None:
    hints = place({**QINGDAO, 1: lat_ref, 3: lon_ref})
    assert (hints.lat, hints.lon) == (36.067 * signs[0], 120.383 * signs[1])


class NoNumber:
    """What Pillow hands over for a fraction such as 0/0 behaves like this."""

    def __float__(self) -> float:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "change",
    [
        {1: "X"}, {1: ""}, {1: None}, {1: 78}, {3: "N"}, {2: None}, {2: 36.0}, {2: ()}, {2: (1.0, 2.0, 3.0, 4.0)},
        {2: (float("nan"), 0.0, 0.0)}, {2: (float("inf"), 0.0, 0.0)}, {2: (NoNumber(), 0.0, 0.0)}, {2: ("a", "b", "c")},
        {2: (-36.0, 0.0, 0.0)}, {2: (90.0, 0.0, 1.0)}, {4: (180.0, 1.0, 0.0)}, {2: b"\x01\x02\x03"},
    ],
)  # fmt: skip
def test_a_place_that_makes_no_sense_is_noted(change: dict[int, object]) -> None:
    assert place({**QINGDAO, **change}) == ExifHints(notes=("gps_unreadable",))


def test_zero_zero_is_no_place() -> None:
    nowhere = (0.0, 0.0, 0.0)
    assert place({1: "N", 2: nowhere, 3: "E", 4: nowhere}) == ExifHints(notes=("gps_zero",))


def test_a_directory_without_a_place_is_nothing_special() -> None:
    assert place({0: b"\x02\x02\x00\x00", 29: "2026:11:20"}) == ExifHints()


BEIJING_TEN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("base", "detail", "taken_at", "is_assumed"),
    [
        ({}, {0x9003: "2026:11:20 10:00:00"}, BEIJING_TEN, True),
        ({}, {0x9003: "2026:11:20 10:00:00", 0x9011: "+08:00"}, BEIJING_TEN, False),
        ({}, {0x9003: "2026:11:20 10:00:00\x00", 0x9011: "-05:30"}, BEIJING_TEN + timedelta(hours=13.5), False),
        ({}, {0x9003: "2026-11-20T10:00:00", 0x9011: "nonsense"}, BEIJING_TEN, True),
        ({}, {0x9003: b"2026:11:20 10:00:00"}, BEIJING_TEN, True),
        ({0x0132: "2026:11:20 10:00:00"}, {}, BEIJING_TEN, True),
        ({0x0132: "2020:01:01 00:00:00"}, {0x9004: "2026:11:20 10:00:00"}, BEIJING_TEN, True),
        ({0x0132: "2026:11:20 10:00:00"}, {0x9003: "0000:00:00 00:00:00"}, BEIJING_TEN, True),
        ({}, {0x9003: "    :  :     :  :  "}, None, False),
        ({}, {0x9003: 20261120}, None, False),
    ],
)
def test_the_best_time_is_taken(base: Tags, detail: Tags, taken_at: datetime | None, is_assumed: bool) -> None:
    hints = read_hints(base, detail, {})
    assert (hints.taken_at, hints.taken_at_is_assumed, hints.notes) == (taken_at, is_assumed, ())


@pytest.mark.parametrize("written", ["yesterday", "2026:13:01 10:00:00", "1904:01:01 00:00:00", "2026:11:20"])
def test_a_time_that_makes_no_sense_is_noted(written: str) -> None:
    assert read_hints({}, {0x9003: written}, {}) == ExifHints(notes=("time_unreadable",))
