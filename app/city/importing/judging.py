"""Judge a file as a whole: every feature, all of them together, and against the city as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely.geometry.base import BaseGeometry

from app.city.importing import position
from app.city.importing.fields import Words, words_of
from app.city.importing.findings import Fault, Findings
from app.city.importing.known import KnownCity
from app.city.importing.naming import settle_words
from app.city.importing.polygons import BadGeometry
from app.city.importing.shape_judging import judge_shapes
from app.city.importing.source_file import RawFile
from app.city.importing.wanted import GridLevel, ImportRefused, Wanted
from app.city.loading import Progress
from app.city.plane import Plane, Shapes
from app.domain.gcj02 import Datum
from app.texts import text


@dataclass(frozen=True, slots=True)
class Judged:
    """A file with what was found in it.

    `words`, `labels` and `shapes` (WGS-84, None where there is none) are parallel, one per feature.
    """

    datum: Datum
    words: Sequence[Words]
    labels: Sequence[str]
    shapes: Sequence[BaseGeometry | None]
    plane: Plane
    findings: Findings


def judge(raw: RawFile, *, wanted: Wanted, known: KnownCity, progress: Progress) -> Judged:
    """Look at everything, however much is wrong.

    :raises ImportRefused: the datum is not known, or the fields of codes are not there
    """
    findings = Findings()
    datum = _datum(raw, wanted, findings)
    words = words_of(raw.features, wanted)
    labels = [_label(raw, feature.number, each) for feature, each in zip(raw.features, words, strict=True)]
    words = settle_words(words, labels, wanted=wanted, known=known, findings=findings)
    shapes = _shapes(raw, labels, findings)
    there = np.array([index for index, shape in enumerate(shapes) if shape is not None], dtype=np.int64)
    plane = Plane(0, 0)
    if there.size:
        moved = position.in_wgs84(_array([shapes[index] for index in there]), datum, progress=progress)
        lon, lat = position.middle_of(moved)
        plane = Plane(round(lon), round(lat))  # rounded, or the corners of cut cells would move with every delivery
        for index, shape in zip(there.tolist(), moved, strict=True):
            shapes[index] = shape
        judge_shapes(
            moved,
            there,
            labels,
            plane=plane,
            allows_gaps=wanted.is_approximate or wanted.level is GridLevel.STREET,
            findings=findings,
            progress=progress,
        )
        if wanted.level is GridLevel.STREET:
            streets = {words[index].code: shapes[index] for index in there.tolist()}
            position.compare_with_before(streets, known.areas, datum=datum, findings=findings)
    return Judged(datum, words, labels, shapes, plane, findings)


def _datum(raw: RawFile, wanted: Wanted, findings: Findings) -> Datum:
    """Return what a person stated, else what the file states."""
    if wanted.datum is None:
        if raw.datum is not None:
            return raw.datum
        raise ImportRefused("unknown_crs", crs=raw.crs) if raw.crs else ImportRefused("no_datum")
    same = {Datum.WGS84, Datum.CGCS2000}
    if raw.crs is not None and raw.datum is not wanted.datum and not {raw.datum, wanted.datum} <= same:
        findings.add(Fault.CRS_OVERRULED, crs=raw.crs, stated=text(f"datum.{wanted.datum.value}"))
    return wanted.datum


def _label(raw: RawFile, number: int, words: Words) -> str:
    said = " ".join(each for each in (words.code[:40], words.name[:40]) if each)
    key = "city_import.label_row" if raw.is_table else "city_import.label_feature"
    return text(key, number=number, said=f"（{said}）" if said else "")


def _shapes(raw: RawFile, labels: Sequence[str], findings: Findings) -> list[BaseGeometry | None]:
    shapes: list[BaseGeometry | None] = []
    for index, feature in enumerate(raw.features):
        if isinstance(feature.geometry, BadGeometry):
            shapes.append(None)
            findings.add(feature.geometry.fault, index, label=labels[index], **feature.geometry.facts)
        else:
            shapes.append(feature.geometry)
    return shapes


def _array(shapes: Sequence[BaseGeometry | None]) -> Shapes:
    return np.array(shapes, dtype=object)
