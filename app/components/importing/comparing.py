"""Compare delivered positions with the stored ones: a whole file in another datum shows there."""

from collections.abc import Sequence
from statistics import median

from sqlmodel import Session, col, select

from app.components.importing.findings import Fault, Findings
from app.components.importing.judging import Row
from app.components.models import Component
from app.domain.gcj02 import BadCoordinate, Datum, distance_m, to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from app.texts import text

_SAMPLE = 500
_LEAST = 5
_MOVED_M, _AGREES_M = 150.0, 30.0
"""Datums differ by 409 m at least in Qingdao; the same component surveyed twice differs by a few metres."""


def doubt_datum(session: Session, rows: Sequence[Row], *, datum: Datum, findings: Findings) -> None:
    """Say so when components that are known lie where they were only if the file is read in another datum."""
    step = max(len(rows) // _SAMPLE, 1)
    sample = {row["code"]: (row["lon"], row["lat"]) for row in rows[::step][:_SAMPLE]}
    stored = session.exec(
        select(Component.code, Component.lon, Component.lat).where(col(Component.code).in_(sorted(sample)))
    ).all()
    if len(stored) < _LEAST:
        return
    pairs = [(sample[code], (lon, lat)) for code, lon, lat in stored]
    moved_m = _median_m(pairs)
    if moved_m < _MOVED_M:
        return
    for other in (Datum.WGS84, Datum.GCJ02, Datum.BD09):
        read_again = [(_read_as(other, *new, stated=datum), old) for new, old in pairs]
        if _median_m(read_again) <= _AGREES_M:
            stated, likely = text(f"datum.{datum.value}"), text(f"datum.{other.value}")
            findings.add(Fault.DATUM_DOUBTFUL, metres=round(moved_m), stated=stated, likely=likely)


def _median_m(pairs: Sequence[tuple[tuple[float, float], tuple[float, float]]]) -> float:
    return median(distance_m(*new, *old) for new, old in pairs)


def _read_as(other: Datum, lon: float, lat: float, *, stated: Datum) -> tuple[float, float]:
    """Return where a position read in the datum stated would be if it had been read in another."""
    sent = {Datum.GCJ02: wgs84_to_gcj02, Datum.BD09: wgs84_to_bd09}.get(stated)
    try:
        return to_wgs84(*(sent(lon, lat) if sent else (lon, lat)), other)
    except BadCoordinate:  # at the edge of the world, where no city is
        return lon, lat
