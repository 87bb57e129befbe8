"""Where a report is: a position in any datum to its cell, and the doubts about what the client sent."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.city.snapshot import CitySnapshot, OutOfArea, Place
from app.domain.gcj02 import BadCoordinate, Datum, to_wgs84
from app.domain.plausible_place import Fit, Reading, plausible_readings, reading_of_camera
from app.media.queries import PhotoRef
from app.reports.actions.schemas import Point
from app.reports.models import Report
from app.texts import text


@dataclass(frozen=True, slots=True)
class Spot:
    """A WGS-84 position, its place, and the other readings that would have led into a cell, the likeliest first."""

    lon: float
    lat: float
    place: Place
    plausible: tuple[Reading, ...] = ()

    @property
    def hint(self) -> str | None:
        """The code of the doubt; `hint_text` has the sentence."""
        return f"maybe_{self.plausible[0].value}" if self.plausible else None


def find_spot(point: Point, *, city: CitySnapshot) -> Spot:
    """Return where a point is; only a place that is uncertain or refused costs a look at its other readings.

    :raises BadCoordinate: not a position on Earth, and not one with the axes exchanged either
    :raises OutOfArea: not in this city; says which other reading would be
    """
    try:
        lon, lat = to_wgs84(point.lon, point.lat, point.datum)
        place = city.locate(lon, lat)
    except (BadCoordinate, OutOfArea) as refusal:
        plausible = _plausible(point, city)
        if not plausible:
            raise
        raise OutOfArea(plausible=plausible, hint=hint_text(f"maybe_{plausible[0].value}")) from refusal
    return Spot(lon, lat, place, () if place.is_certain else _plausible(point, city))


def doubt_of(report: Report, photos: Iterable[PhotoRef]) -> str | None:
    """Return the code of what speaks against the place of a report: its own position, else a camera's."""
    if report.place_hint is not None:
        return report.place_hint
    for photo in photos:
        if photo.owner_id == report.reporter_id and photo.exif_lon is not None and photo.exif_lat is not None:
            camera = photo.exif_lon, photo.exif_lat
            reading = reading_of_camera(report.sent_lon, report.sent_lat, report.datum, camera=camera)
            if reading is not None:
                return f"camera_{reading.value}"
    return None


def hint_text(hint: str) -> str:
    """Return the sentence behind the code of a doubt: `maybe_<reading>` or `camera_<reading>`."""
    kind, _, reading = hint.partition("_")
    if reading == Reading.SWAPPED.value:
        return text("place_hint.swapped")
    return text(f"place_hint.{kind}", datum=text(f"datum.{Datum(reading).value}"))


def _plausible(point: Point, city: CitySnapshot) -> tuple[Reading, ...]:
    def fit(lon: float, lat: float) -> Fit:
        try:
            return Fit.INSIDE if city.locate(lon, lat).is_certain else Fit.NEAR
        except OutOfArea:
            return Fit.OUTSIDE

    return plausible_readings(point.lon, point.lat, point.datum, fit=fit)
