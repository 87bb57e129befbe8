"""What a camera noted about a photo: hints to compare with the report, never facts.

The values come from Pillow, which hands over whatever the file contains: any type, any nonsense.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from app.domain.working_time import BEIJING

ORIENTATION = 0x0112
DETAIL_IFD = 0x8769
GPS_IFD = 0x8825

# Tag numbers of CIPA DC-008 (Exif 2.32): the time and the offset that belongs to it, best first.
_TIMES = ((0x9003, 0x9011), (0x9004, 0x9012), (0x0132, 0x9010))
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4

_CLOCK = re.compile(r"(\d{4})[:\-/](\d\d)[:\-/](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_CREDIBLE_YEARS = range(1990, 2100)

Tags = Mapping[int, object]


@dataclass(frozen=True, slots=True)
class ExifHints:
    """Time and place as the camera noted them.

    `taken_at` is aware UTC; without an offset in the file it was read as Beijing time and `taken_at_is_assumed`
    is set. `lon` and `lat` are degrees, WGS-84. `notes` names what was there but unusable.
    """

    taken_at: datetime | None = None
    taken_at_is_assumed: bool = False
    lon: float | None = None
    lat: float | None = None
    notes: tuple[str, ...] = ()


def read_hints(base: Tags, detail: Tags, gps: Tags) -> ExifHints:
    """Read the hints out of the three directories of tags; unusable ones become notes, nothing raises."""
    notes: list[str] = []
    taken_at, is_assumed = _taken_at({**base, **detail}, notes)
    lon, lat = _place(gps, notes)
    return ExifHints(taken_at=taken_at, taken_at_is_assumed=is_assumed, lon=lon, lat=lat, notes=tuple(notes))


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", errors="replace")
    return value.strip("\x00 ") if isinstance(value, str) else ""


def _taken_at(tags: Tags, notes: list[str]) -> tuple[datetime | None, bool]:
    for time_tag, offset_tag in _TIMES:
        written = _text(tags.get(time_tag))
        if not written.strip(":0 "):
            continue  # absent, or the zeros and blanks of a camera whose clock was never set
        moment = _moment(written)
        if moment is None:
            notes.append("time_unreadable")
            continue
        offset = _offset(_text(tags.get(offset_tag)))
        return moment.replace(tzinfo=offset or BEIJING).astimezone(UTC), offset is None
    return None, False


def _moment(written: str) -> datetime | None:
    found = _CLOCK.match(written)
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, found.groups())
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the offset is another tag
    except ValueError:
        return None
    return moment if moment.year in _CREDIBLE_YEARS else None


def _offset(written: str) -> timezone | None:
    found = _OFFSET.match(written)
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    if distance >= timedelta(hours=24):
        return None
    return timezone(distance if sign == "+" else -distance)


def _place(gps: Tags, notes: list[str]) -> tuple[float | None, float | None]:
    if _LATITUDE not in gps and _LONGITUDE not in gps:
        return None, None
    lat = _degrees(gps.get(_LATITUDE), _text(gps.get(_LATITUDE_REF)).upper(), positive="N", negative="S", limit=90)
    lon = _degrees(gps.get(_LONGITUDE), _text(gps.get(_LONGITUDE_REF)).upper(), positive="E", negative="W", limit=180)
    if lat is None or lon is None:
        notes.append("gps_unreadable")
        return None, None
    if lat == 0 and lon == 0:
        notes.append("gps_zero")
        return None, None
    return lon, lat


def _degrees(value: object, reference: str, *, positive: str, negative: str, limit: int) -> float | None:
    """Turn degrees, minutes and seconds into signed degrees; None when they are no such thing."""
    if reference[:1] not in (positive, negative) or not isinstance(value, tuple | list):
        return None
    try:
        parts = [float(part) for part in value]
    except (TypeError, ValueError, ArithmeticError):
        return None
    if not 1 <= len(parts) <= 3 or not all(math.isfinite(part) and part >= 0 for part in parts):  # noqa: PLR2004 - degrees, minutes, seconds
        return None
    degrees = math.fsum(part / (1.0, 60.0, 3600.0)[place] for place, part in enumerate(parts))
    if degrees > limit:
        return None
    return round(-degrees if reference[0] == negative else degrees, 7)
