"""Read a GeoJSON FeatureCollection, and what its `crs` member says about the datum."""

import codecs
import re
from collections.abc import Mapping
from typing import Any

import orjson

from app.city.importing.polygons import polygon_or_fault
from app.city.importing.source_file import MAX_FEATURES, RawFeature, RawFile, encoding_of
from app.city.importing.wanted import ImportRefused
from app.city.loading import Progress
from app.domain.gcj02 import Datum

_STEP = 2_000
_CRS = re.compile(r"(?:urn:ogc:def:crs:)?(?P<authority>OGC|EPSG):(?:[\d.]*:)?(?P<code>\w+)", re.IGNORECASE)
_MOST_SIGNS = {b"{": 10_000_000, b"[": 40_000_000, b",": 80_000_000}
"""Each of them becomes an object of 30 to 200 bytes: a gigabyte of `{},` would take 30. The largest city has fewer."""

_DATUMS = {("OGC", "CRS84"): Datum.WGS84, ("EPSG", "4326"): Datum.WGS84, ("EPSG", "4490"): Datum.CGCS2000}


def read_geojson(data: bytes, *, progress: Progress) -> RawFile:
    """Take the features apart, each geometry into a polygon.

    :raises ImportRefused: not JSON, nested too deeply, not a FeatureCollection, no feature or too many
    """
    features, crs = features_of(data)
    if len(features) > MAX_FEATURES:
        raise ImportRefused("too_many", count=len(features), limit=MAX_FEATURES)
    raw = []
    for number in range(1, len(features) + 1):
        if number % _STEP == 1:
            progress("import_read", number - 1, len(features))
        raw.append(_feature(number, features[number - 1]))
        features[number - 1] = None  # its lists of numbers take ten times the memory of the polygon
    return RawFile("GeoJSON", raw, crs=crs, datum=datum_of(crs))


def features_of(data: bytes) -> tuple[list[Any], str | None]:
    """Return the features as they stand, whatever they are, and the name of the reference system, if there is one.

    :raises ImportRefused: not JSON, nested too deeply or too much in it, not a FeatureCollection, no feature
    """
    _refuse_dense(data)
    document = _parsed(data)
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise ImportRefused("not_a_collection")
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise ImportRefused("no_features")
    return features, _crs_name(document.get("crs"))


def _refuse_dense(data: bytes) -> None:
    for sign, limit in _MOST_SIGNS.items():
        count = data.count(sign)
        if count > limit:
            raise ImportRefused("too_dense", sign=sign.decode(), count=count, limit=limit)


def _parsed(data: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        encoding = encoding_of(data)
        # UTF-8 is parsed as it stands: as text it would be in memory once more.
        return orjson.loads(data.removeprefix(codecs.BOM_UTF8) if encoding == "utf-8-sig" else data.decode(encoding))
    except orjson.JSONDecodeError as broken:
        raise ImportRefused("not_json", line=broken.lineno, column=broken.colno, detail=broken.msg) from None


def _feature(number: int, feature: object) -> RawFeature:
    if not isinstance(feature, dict):
        return RawFeature(number, {}, polygon_or_fault(None))
    properties = feature.get("properties")
    return RawFeature(
        number, properties if isinstance(properties, dict) else {}, polygon_or_fault(feature.get("geometry"))
    )


def _crs_name(crs: object) -> str | None:
    """Return the name in a `crs` member of GeoJSON 2008; RFC 7946 has none, but files in use do."""
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    return name[:100] if isinstance(name, str) else "?"


def datum_of(crs: str | None) -> Datum | None:
    """Return the datum behind the name of a reference system, or None if it is not one of degrees that we know."""
    found = _CRS.fullmatch(crs.strip()) if crs else None
    return _DATUMS.get((found["authority"].upper(), found["code"].upper())) if found else None
